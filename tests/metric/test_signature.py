"""Signatures: one line, read back without loss, and honest about differences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from express_metric import MetricError, Signature
from express_metric.signature import safe_value

LINE = (
    "EXPRESS|data:express@fa554ce|split:test|n:26|protocol:paper|lex:express-16019@c1d86ec2|"
    "prompt:zero-shot@9f3c|decode:free|v:0.1.0"
)
SIGNATURE = Signature(
    data="express@fa554ce",
    split="test",
    n=26,
    protocol="paper",
    lexicon="express-16019@c1d86ec2",
    prompt="zero-shot@9f3c",
    decode="free",
    version="0.1.0",
)


def test_the_line_is_the_documented_one() -> None:
    assert str(SIGNATURE) == LINE
    assert Signature.parse(LINE) == SIGNATURE


def test_what_is_not_known_is_said() -> None:
    assert "prompt:unknown|decode:unknown" in str(Signature("a", "b", 1, "paper", "c"))


@given(st.lists(st.text(), min_size=6, max_size=6), st.integers(0, 10**12))
def test_any_name_made_safe_survives_the_line(names: list[str], n: int) -> None:
    data, split, lexicon, prompt, decode, version = map(safe_value, names)
    signature = Signature(data, split, n, "revised", lexicon, prompt, decode, version)
    assert Signature.parse(str(signature)) == signature


@pytest.mark.parametrize("bad", ["", "a|b", "a:b", "a b", "a\nb", None, 3])
@pytest.mark.parametrize("field", ["data", "split", "protocol", "lexicon", "prompt", "version"])
def test_a_value_that_would_break_the_line_is_refused(field: str, bad: object) -> None:
    values = {"data": "a", "split": "b", "n": 1, "protocol": "paper", "lexicon": "c"}
    with pytest.raises(MetricError, match=f"signature: {field} is "):
        Signature(**{**values, field: bad})  # type: ignore[arg-type]


@pytest.mark.parametrize("n", [-1, 1.5, "1", True])
def test_n_is_a_number_of_examples(n: object) -> None:
    with pytest.raises(MetricError, match="n is"):
        Signature("a", "b", n, "paper", "c")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "line",
    [
        "",
        "BLEU|nrefs:1",
        LINE.replace("|split:test", ""),
        LINE.replace("n:26", "n:many"),
        LINE.replace("n:26", "n:-1"),
        LINE + "|extra:1",
        LINE + "|v:0.1.0",
        LINE.replace("data:express@fa554ce|split:test", "split:test|data:express@fa554ce"),
        LINE.replace("test", ""),
    ],
)
def test_what_is_no_signature_is_refused(line: str) -> None:
    with pytest.raises(MetricError):
        Signature.parse(line)


def test_differences_name_both_values() -> None:
    other = Signature.parse(LINE.replace("paper", "revised").replace("26", "10"))
    assert SIGNATURE.differences(other) == {"n": ("26", "10"), "protocol": ("paper", "revised")}
    assert SIGNATURE.differences(SIGNATURE) == {}
