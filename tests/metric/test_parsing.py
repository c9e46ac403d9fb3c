"""Reading completions: both protocols, every form, every reason, and hostile text."""

from __future__ import annotations

import ast
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from express_metric import PROTOCOLS, MetricError, Protocol, Reading, Reason, read, read_terms
from express_metric.parsing import plain_list

SAD_ANGRY = ("sad", "angry")


@pytest.mark.parametrize(
    ("completion", "terms"),
    [
        ("['sad', 'angry']", SAD_ANGRY),
        ('["Sad", " ANGRY "]', ("sad", " angry ")),
        ("['sad ', 'angry']", ("sad ", "angry")),
        ("['a'], ['b', 'c']", ("a", "b, c")),
        ("  ['sad']\n", ("sad",)),
        ("[sad, angry]", SAD_ANGRY),
        ("[sad,, angry,]", SAD_ANGRY),
        ("['it\\'s']", ("it's",)),
        ("['sad' 'angry']", ("sadangry",)),
        ("[a], [b]", ("a]", "[b")),
        ("sad", ("sad",)),
        ("Sad, angry", ("sad, angry",)),
        ("I feel very sad today.\nYes.", ("i feel very sad today.\nyes.",)),
        ("1. sad", ("1. sad",)),
    ],
)
def test_paper_reads_as_the_authors_do(completion: str, terms: tuple[str, ...]) -> None:
    assert read(completion, "paper") == Reading(terms)


@pytest.mark.parametrize(
    ("completion", "reason"),
    [
        (None, Reason.EMPTY),
        ("", Reason.EMPTY),
        (" \n", Reason.EMPTY),
        ("[]", Reason.EMPTY),
        ("[[]]", Reason.EMPTY),
        ("Answer: ['sad']", Reason.NO_LIST),
        ("['sad'].", Reason.NO_LIST),
        ("['sad', 'ang", Reason.NO_LIST),
        ("['sad' angry]", Reason.NO_LIST),
        ("['a'] + ['b']", Reason.NO_LIST),
        ("INVALID OUTPUT", Reason.NO_LIST),
        *((text, Reason.EMPTY) for text in ("None", "N/A", "null", "nan", "NA", "NULL", "n/a")),
        ("['sad', 1]", Reason.NOT_A_TERM),
        ("[['sad']]", Reason.NOT_A_TERM),
        ("[" * 9999 + "'a'" + "]" * 9999, Reason.NO_LIST),
        ("[" + "-" * 99_999 + "1, 'a']", Reason.NO_LIST),
        ("['a'" + "+1" * 99_999 + "]", Reason.NO_LIST),
    ],
)
def test_paper_calls_all_else_invalid(completion: str | None, reason: Reason) -> None:
    assert read(completion, "paper") == Reading(None, reason)


@pytest.mark.parametrize(
    "completion",
    [
        "['sad', 'angry']",
        '["Sad", "Angry"]',
        "[sad, angry]",
        "[ 'sad' , 'angry' , ]",
        "\u201csad\u201d, \u2018angry\u2019",
        "[\u201csad\u201d, \u201cangry\u201d]",
        "['sad' 'angry']",
        "['sad'\n 'angry']",
        "sad, angry",
        "Sad; Angry.",
        "sad and angry",
        "sad, and angry",
        "sad & angry",
        "sad\nangry",
        "sad\n\nangry\n",
        "**sad**, *angry*",
        '```json\n["sad", "angry"]\n```',
        "```python\n['sad', 'angry']\n```\nThese fit the text.",
        "```\nsad, angry\n```",
        "1. sad\n2. angry",
        "1) Sad\n2) Angry",
        "(1) sad\n(2) angry",
        "**1.** sad\n**2.** angry",
        "1. sad 2. angry",
        "1: sad, 2: angry",
        "- sad\n- angry",
        "* **sad**\n* **angry**",
        "\u2022 sad\n\u2022 angry",
        "1. **Sad** - she lost her dog\n2. **Angry** (at the vet)",
        "mask 1: sad\nmask 2: angry",
        "<mask> 1: sad\n<mask> 2: angry",
        "<mask1>: sad\n<mask2>: angry",
        "[MASK] 1: sad\n[MASK] 2: angry",
        "Mask #1 -> sad\nMask #2 -> angry",
        "Emotion 1: sad\nEmotion 2: angry",
        "mask1=sad, mask2=angry",
        "The first mask is sad.\nThe second mask is angry.",
        "Answer: sad, angry",
        "**Answer:** ['sad', 'angry']",
        "Answer:\nsad\nangry",
        "The emotions are: sad, angry.",
        "The emotions are sad and angry.",
        "The most likely emotion words are 'sad' and 'angry'.",
        "Sure! Here they are:\n\nsad, angry",
        "Sure!\nsad, angry",
        "sad, angry\n\nThe author lost a dog and blames the vet.",
        "The author lost a dog and blames the vet.\n\nsad, angry",
        "The dog died, so 'grief' is near. The vet lied.\nFinal answer: ['sad', 'angry']",
        "First ['happy', 'glad'] seemed right. No: ['sad', 'angry']",
        "For example: ['word1', 'word2']\n['sad', 'angry']",
        "['sad', 'angry']\n\nI chose them [see the text] with care.",
        "<think>Is it ['happy']? No [</think>\n['sad', 'angry']",
        "He lost his dog.</think>sad, angry",
        "<answer>sad, angry</answer>",
        "['sad', 'angry']<|im_end|>",
        '{"answer": ["sad", "angry"]}',
        '{"emotions": "sad, angry", "confidence": 0.9}',
        '{"1": "sad", "2": "angry"}',
        "{'mask_1': 'sad', 'mask_2': 'angry'}",
        '{"1": ["sad"], "2": ["angry"]}',
        '[{"mask": 1, "emotion": "sad"}, {"mask": 2, "emotion": "angry"}]',
        '[["sad"], ["angry"]]',
        '[["sad", "angry"]]',
        "sad,\u200b angry\x00",
        "sad\u00a0, \u3000angry",
        "sad\uff0c angry",
    ],
)
def test_revised_reads_any_clear_form(completion: str) -> None:
    assert read(completion, "revised") == Reading(SAD_ANGRY)


@pytest.mark.parametrize(
    ("completion", "term"),
    [
        ("sad", "sad"),
        ("Sad.", "sad"),
        ("fed up", "fed up"),
        ("['out of control']", "out of control"),
        ("self-conscious", "self-conscious"),
        ("d\u00e9sol\u00e9", "d\u00e9sol\u00e9"),
        ("not happy", "not happy"),
        ("unhappy", "unhappy"),
        ("A: sad", "sad"),
        ("The answer is sad", "sad"),
        ("\\boxed{sad}", "sad"),
        ("[mask]: sad", "sad"),
        ("sure", "sure"),
        ("sorry", "sorry"),
        ("I feel sad", "sad"),
        ("She was sad because her dog had died.", "sad"),
        ("sad\U0001f622", "sad"),
    ],
)
def test_revised_reads_single_terms(completion: str, term: str) -> None:
    assert read(completion, "revised") == Reading((term,))


@pytest.mark.parametrize(
    ("completion", "reason"),
    [
        (None, Reason.EMPTY),
        ("\u200b \n", Reason.EMPTY),
        ("[]", Reason.EMPTY),
        ("```json\n[]\n```", Reason.EMPTY),
        ("<think>hm</think>", Reason.EMPTY),
        ("...", Reason.EMPTY),
        ("<think>It may be ['sad']", Reason.TRUNCATED),
        ("['sad', 'ang", Reason.TRUNCATED),
        ("['happy'] or rather ['sad', 'ang", Reason.TRUNCATED),
        ('{"answer": ["sad"', Reason.TRUNCATED),
        ("None", Reason.REFUSAL),
        ("n/a", Reason.REFUSAL),
        ("['unknown']", Reason.REFUSAL),
        ("['sad', 'unknown']", Reason.REFUSAL),
        ("INVALID OUTPUT", Reason.REFUSAL),
        ("I don't know.", Reason.REFUSAL),
        ("I\u2019m sorry, but I can\u2019t help with that.", Reason.REFUSAL),
        ("It is not possible to determine what was felt.", Reason.REFUSAL),
        ("['the author is sad']", Reason.SENTENCE),
        ("['he died']", Reason.SENTENCE),
        ("sad or angry", Reason.AMBIGUOUS),
        ("deeply sad hurt lonely", Reason.SENTENCE),
        ("['sad and angry']", Reason.SENTENCE),
        ("1. Read the text.\n2. It tells of a loss.", Reason.SENTENCE),
        ("sad " * 2500, Reason.SENTENCE),
        ("42", Reason.NOT_A_TERM),
        ("['sad', 7]", Reason.NOT_A_TERM),
        ("['sad', , 'angry']", Reason.NOT_A_TERM),
        ("sad/angry", Reason.AMBIGUOUS),
        ("['<mask>']", Reason.NOT_A_TERM),
        ("['sad', '<mask>']", Reason.NOT_A_TERM),
        ("['emotion 1', 'emotion 2']", Reason.NOT_A_TERM),
        ("x" * 100, Reason.NOT_A_TERM),
        ('{"text": "sad", "why": "loss"}', Reason.NO_LIST),
        ("[" * 500 + "sad" + "]" * 500, Reason.NO_LIST),
    ],
)
def test_revised_names_why_there_are_no_terms(completion: str | None, reason: Reason) -> None:
    assert read(completion, "revised") == Reading(None, reason)


@pytest.mark.parametrize(
    "piece",
    [
        *("[", "[a", "{a", "]", "[]", "'", '"', ",", "1. ", "sad, ", "mask ", "answer: ", " is "),
        *(
            "the answer:\n",
            "answer:\n",
            "<think>",
            "</think>",
            "```",
            "*\n",
            "{'a':'b'}",
            "i cannot ",
            "  ",
            "\n",
        ),
        *("sad\n", "- x\n", "a and ", "\\", "\u200b", "(", "{'a':", "the first "),
    ],
)
@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.timeout(60)
def test_hostile_text_is_read_in_time(piece: str, protocol: Protocol) -> None:
    # The limit ends a reading whose time grows with the square of the length.
    reading = read(piece * (200_000 // len(piece)), protocol)
    assert (reading.terms is None) == (reading.reason is not None)


@pytest.mark.timeout(60)
def test_a_long_gap_is_read_in_time() -> None:
    assert read("sad" + " " * 400_000 + "angry", "revised").terms == ("sad angry",)


@given(st.one_of(st.none(), st.text(), st.text(alphabet="[]{}'\",:\n abcmask<>1.*-")))
def test_any_text_gives_terms_or_a_reason(completion: str | None) -> None:
    for protocol in PROTOCOLS:
        reading = read(completion, protocol)
        assert (reading.terms is None) == isinstance(reading.reason, Reason)
        assert reading.reason is not Reason.WRONG_COUNT
        assert reading.terms is None or len(reading.terms) > 0


@given(st.text(alphabet="[]{}'\",:\n abcmask<>1.*-&;()", max_size=200))
def test_revised_terms_are_always_terms(completion: str) -> None:
    for word in read(completion, "revised").terms or ():
        assert word == word.strip().lower()
        assert 1 <= len(word.split()) <= 3
        assert all(char.isalpha() or char in " '-" for char in word)
        assert read_terms([word], "revised").terms == (word,)


WORDS = st.lists(
    st.from_regex(r"[bcdfg]{2,8}(-[bcdfg]{2,5})?", fullmatch=True), min_size=1, max_size=6
)


@given(WORDS, st.sampled_from(["{!r}", "Answer: {!r}", "Well, hm.\n{!r}\nThat fits the text."]))
def test_a_list_is_read_wherever_it_stands(words: list[str], frame: str) -> None:
    assert read(frame.format(words), "revised").terms == tuple(words)
    if frame == "{!r}":
        assert read(frame.format(words), "paper").terms == tuple(words)


@given(
    st.lists(st.text(alphabet="ab'\", \\\n\r\0\x0c\xa0é\ud83d"), max_size=4),
    st.sampled_from("'\""),
)
def test_the_quick_way_to_read_a_list_agrees_with_python(words: list[str], quote: str) -> None:
    raw = f"{quote}, {quote}".join(words)
    for one in (repr(words), json.dumps(words), f"[{quote}{raw}{quote}]"):
        try:
            literal = ast.literal_eval(one)
        except (ValueError, SyntaxError):
            literal = None
        assert plain_list(one) in (None, literal)


def test_the_commonest_lists_are_read_the_quick_way() -> None:
    assert plain_list("['sad', 'let down']") == plain_list('["sad", "let down"]')
    assert plain_list('["it\'s"]') == ["it's"]
    for other in ("[']", '["]', "[", "", "['a', \"b\"]", "['a\x00']", "['a\rb']"):
        assert plain_list(other) is None


@pytest.mark.parametrize(
    ("terms", "protocol", "reading"),
    [
        (["Sad "], "paper", Reading(("sad",))),
        (["I feel sad"], "paper", Reading(("i feel sad",))),
        (["I feel sad"], "revised", Reading(None, Reason.SENTENCE)),
        (["1. Sad."], "revised", Reading(("sad",))),
        (["- (1) **Sad**"], "revised", Reading(("sad",))),
        (["sad", ""], "revised", Reading(None, Reason.NOT_A_TERM)),
        ([], "paper", Reading(None, Reason.EMPTY)),
        (None, "revised", Reading(None, Reason.EMPTY)),
    ],
)
def test_lists_of_terms_are_held_to_the_protocol(
    terms: list[str] | None, protocol: Protocol, reading: Reading
) -> None:
    assert read_terms(terms, protocol) == reading


def test_an_unknown_protocol_is_refused() -> None:
    with pytest.raises(MetricError, match="choose paper or revised"):
        read("sad", "PAPER")  # type: ignore[arg-type]
    with pytest.raises(MetricError, match="choose paper or revised"):
        read_terms(["sad"], "PAPER")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "completion",
    [
        '["happy",\n "sad"\n]',
        '```json\n[\n  "happy",\n  "sad"\n]\n```',
        'Answer: [\n"happy",\n"sad"\n]',
        "### Answer\nhappy, sad",
        "**Answer**\n\nhappy, sad",
        "Final answer\n\nhappy\nsad",
        "Word 1: happy, Word 2: sad",
        "The first mask is happy. The second mask is sad.",
        "The first masked word is happy, and the second masked word is sad.",
        "('happy', 'sad')",
        "(happy, sad)",
        "a) happy\nb) sad",
        "1 - happy\n2 - sad",
    ],
)
def test_a_clear_form_is_read(completion: str) -> None:
    assert read(completion, "revised").terms == ("happy", "sad")
