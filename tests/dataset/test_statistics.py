"""What a dataset holds: counts that are known by hand, and what must not be published."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from express_dataset import DataError, Example, load_all_examples
from express_dataset.publishing.statistics import CHECKS, checks, refuse_unfit, statistics

GOOD = Example("a", "p", "I feel <mask>.", ("sad",), 0)


def _write(folder: Path, *rows: Mapping[str, object]) -> str:
    file = folder / "posts.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(file)


def test_counts_of_a_small_file(tmp_path: Path) -> None:
    source = _write(
        tmp_path,
        {"id": "a", "post_id": "p", "text": "I am <mask>, yes sad.", "labels": ["sad"]}
        | {"split": "train", "subreddit": "grief", "created_utc": 1577836800, "over_18": True},
        {"id": "b", "post_id": "p", "text": "I am not <mask>.", "labels": ["zorped"]}
        | {"split": "train", "subreddit": "grief"},
        {"id": "c", "post_id": "q", "text": "<mask> " * 60, "labels": ["glad"] * 60}
        | {"split": "test"},
    )
    found = statistics(load_all_examples(source))
    train = found["splits"]["train"]
    assert (train["examples"], train["posts"], train["masks"]) == (2, 1, 2)
    assert (train["negated"], train["leaked"], train["leaked_share"]) == (1, 1, 0.5)
    spread = {"min": 4, "q1": 4, "median": 4.5, "q3": 5, "max": 5, "mean": 4.5, "sd": 0.71}
    assert train["words"] == spread
    each = found["splits"]["all"]["masks_each"]
    assert (each["median"], each["max"], each["mean"], each["sd"]) == (1, 60, 20.67, 34.06)
    assert found["splits"]["few_shot"]["words"] is None
    assert list(found["labels"].items()) == [("glad", 60), ("sad", 1), ("zorped", 1)]
    assert found["labels_not_in_term_list"] == {"zorped": 1}
    assert found["labels_of_test_not_in_train"] == {"glad": 60}
    assert found["lengths"] == {"0": 2, "50": 1}
    assert found["masks_per_segment"] == {"1": 2, "60": 1}
    assert found["subreddits"] == {"grief": 2}
    assert found["years"] == {"2020": 1}
    assert found["adult"] == {"yes": 1, "no": 0, "unknown": 2}


@pytest.mark.parametrize(
    ("check", "splits"),
    [
        (
            "texts_in_two_splits",
            ([GOOD], [replace(GOOD, id="b", post_id="q", text="i FEEL  <mask>.")]),
        ),
        ("posts_in_two_splits", ([GOOD], [replace(GOOD, id="b", text="Still <mask>.")])),
        ("ids_used_twice", ([GOOD, replace(GOOD, text="Still <mask>.")], [])),
        ("empty_texts", ([replace(GOOD, text=" <mask> ")], [])),
        ("masks_unlike_labels", ([replace(GOOD, labels=("sad", "mad"))], [])),
    ],
)
def test_each_check_sees_its_fault_alone(
    check: str, splits: tuple[list[Example], list[Example]]
) -> None:
    found = checks(dict(zip(("train", "test"), splits, strict=True)))
    assert found == dict.fromkeys(CHECKS, 0) | {check: 1}
    with pytest.raises(DataError, match=r"^posts cannot be published: .*: 1; mend or remove"):
        refuse_unfit({"checks": found}, "posts")


def test_good_rows_pass() -> None:
    found = checks({"train": [GOOD], "test": [replace(GOOD, id="b", post_id="q", text="<mask>!")]})
    assert found == dict.fromkeys(CHECKS, 0)
    refuse_unfit({"checks": found}, "posts")


ROWS = st.lists(
    st.tuples(st.text("pqrs", min_size=1, max_size=2), st.text("abc ", max_size=4)), max_size=30
)


@given(ROWS)
def test_the_splits_add_up_and_those_made_here_do_not_leak(rows: list[tuple[str, str]]) -> None:
    import tempfile

    told = [
        {"id": str(n), "post_id": post, "text": f"{text} <mask>", "labels": ["sad"]}
        for n, (post, text) in enumerate(rows)
    ]
    if not told:
        return
    with tempfile.TemporaryDirectory() as folder:
        found = statistics(load_all_examples(_write(Path(folder), *told)))
    splits = dict(found["splits"])
    whole = splits.pop("all")
    for name in ("examples", "posts", "masks", "negated", "leaked"):
        assert sum(one[name] for one in splits.values()) == whole[name]
    assert sum(found["labels"].values()) == whole["masks"]
    assert sum(found["lengths"].values()) == whole["examples"]
    assert found["checks"]["texts_in_two_splits"] == 0
    assert found["checks"]["posts_in_two_splits"] == 0
