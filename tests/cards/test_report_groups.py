"""Where a run is right: which groups are shown, what is said of them, and good for bad."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from support.report_files import row, rows, write_file, write_sample_run

from express_cards.drawings.words import valence_points
from express_cards.reports.examples import unpack
from express_cards.reports.groups import GROUPINGS, MOST_COMMUNITIES, answer
from express_cards.reports.sheet import read_sheet
from express_cards.reports.view import view
from express_dataset.sources import load
from express_metric.analysis.resampling import Resampling

FEW = Resampling(draws=200)


def groups(files: list[Path]) -> dict[str, Any]:
    """The figures of groups by their keys."""
    return {figure.key: figure for figure in view(read_sheet(files, "nrc"), FEW)["groups"]}


def group(name: str, share: float, masks: int = 100, reach: float = 0.05) -> dict[str, Any]:
    """A group's row of a breakdown."""
    ends = {"low": share - reach, "high": share + reach}
    return {"group": name, "masks": masks, "lexical_accuracy": share, **ends}


def communities(number: int, each: int = 2) -> list[dict[str, Any]]:
    """Rows of so many communities, the later the larger."""
    return [
        {**row("I am <mask>.", ["sad"], '["sad"]', 100 * n + k), "subreddit": f"place{n:02}"}
        for n in range(number)
        for k in range(each + n)
    ]


def test_the_largest_communities_are_shown(tmp_path: Path) -> None:
    found = groups([write_file(tmp_path / "a.jsonl", communities(15))])["by-subreddit"]
    assert found.header[:2] == ("community", "words")
    assert [line[0] for line in found.rows] == [
        f"place{n:02}" for n in range(14, 14 - MOST_COMMUNITIES, -1)
    ]
    assert [line[1] for line in found.rows] == [str(n) for n in range(16, 4, -1)]
    assert "The 12 with most hidden words, of 15." in found.caption


@pytest.mark.parametrize("lines", [rows(), [{**line, "subreddit": None} for line in rows()]])
def test_without_communities_there_is_no_such_figure(
    lines: list[dict[str, Any]], tmp_path: Path
) -> None:
    found = groups([write_file(tmp_path / "a.jsonl", lines)])
    assert "by-subreddit" not in found
    assert {"by-negated", "by-leaked", "by-position", "by-masks_per_segment"} <= set(found)


def test_one_community_compares_nothing(tmp_path: Path) -> None:
    found = groups([write_file(tmp_path / "a.jsonl", communities(1, 30))])
    assert list(found) == []


def test_communities_of_a_folder_come_from_its_data(tmp_path: Path) -> None:
    number = len(load("sample").examples)
    folder = write_sample_run(tmp_path / "mine", ['["sad"]'] * number)
    masks: dict[str, int] = {}
    for example in load("sample").examples[:number]:
        place = example.subreddit
        assert place
        masks[place] = masks.get(place, 0) + len(example.labels)
    found = groups([folder])["by-subreddit"]
    assert {line[0]: int(line[1]) for line in found.rows} == dict(
        sorted(masks.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_COMMUNITIES]
    )


def test_communities_are_turned_with_their_examples(tmp_path: Path) -> None:
    lines = communities(3, 10)
    bare = [{k: v for k, v in line.items() if k != "subreddit"} for line in lines]
    files = [
        write_file(tmp_path / "bare.jsonl", bare),
        write_file(tmp_path / "turned.jsonl", lines[::-1]),
    ]
    facts = read_sheet(files, "nrc").facts()
    assert facts.subreddits == [line["subreddit"] for line in lines]


@pytest.mark.parametrize(
    ("key", "tables", "said"),
    [
        (
            "length",
            [[group("0-49", 0.5), group("50-99", 0.1), group("100-149", 0.3)]],
            "The word is named 30.0% of the time in texts of 100-149 words, 50.0% in texts of 0-49 "
            "words: clearly less often.",
        ),
        (
            "leaked",
            [[group("no", 0.3), group("yes", 0.6)]],
            "The word is named 60.0% of the time where the word stands elsewhere in the text, "
            "30.0% where it does not: clearly more often.",
        ),
        (
            "leaked_form",
            [[group("no", 0.3), group("yes", 0.6)]],
            "The word is named 60.0% of the time where another form of the word stands in the "
            "text, 30.0% where none does: clearly more often.",
        ),
        (
            "position",
            [[group("1", 0.5), group("2", 0.45), group("5+", 0.1, masks=3)]],
            "The word is named 45.0% of the time at place 2, 50.0% at place 1: the difference may "
            "be chance.",
        ),
        ("negated", [[group("no", 0.5), group("yes", 0.1, masks=19)]], "There are too few of them"),
        (
            "negated",
            [[group("no", 0.5), group("yes", share)] for share in (0.1, 0.9, 0.5)],
            "The word is named clearly more often where the feeling is denied than elsewhere in 1 "
            "of 3 runs, clearly less often where the feeling is denied than elsewhere in 1 of 3 "
            "runs; in 1 the difference may be chance.",
        ),
        (
            "negated",
            [[group("no", 0.5), group("yes", 0.5)]] * 2,
            "No run clearly names the word more or less often where the feeling is denied than "
            "elsewhere.",
        ),
        (
            "subreddit",
            [[group("a", 0.3), group("b", 0.6), group("c", 0.1, masks=19)]],
            "Named most often: b; least often: a.",
        ),
        ("subreddit", [[group("a", 0.55), group("b", 0.6)]], "No two are clearly apart."),
        (
            "emotions",
            [[group("joy", 0.6), group("none", 0.0), group("fear", 0.3)]] * 2,
            "Named most often in every run: joy; least often: fear.",
        ),
        (
            "emotions",
            [[group("joy", 0.6), group("fear", 0.3)], [group("joy", 0.3), group("fear", 0.6)]],
            "",
        ),
    ],
)
def test_what_is_said_of_groups(key: str, tables: list[Any], said: str) -> None:
    found = answer(GROUPINGS[key], tables)
    assert found.startswith(said)
    assert bool(found) is bool(said)


def test_numbers_of_masks_stand_beside_their_groups(tmp_path: Path) -> None:
    found = groups([write_file(tmp_path / f"{n}.jsonl", rows()) for n in range(2)])["by-negated"]
    assert found.header == ("denied", "words", "0", "1")
    assert [line[:2] for line in found.rows] == [("no", "60"), ("yes", "12")]
    assert ">60</text>" in found.svg


def flipped() -> list[dict[str, Any]]:
    """Twenty rows good for bad, ten bad for good, ten neither."""
    kinds = [("happy", "sad")] * 20 + [("sad", "happy")] * 10 + [("proud", "happy")] * 10
    return [
        row("I am <mask>.", [label], f'["{answer}"]', number)
        for number, (label, answer) in enumerate(kinds)
    ]


def test_good_taken_for_bad_is_shown_and_told(tmp_path: Path) -> None:
    found = view(read_sheet([write_file(tmp_path / "a.jsonl", flipped())], "nrc"), FEW)
    figure = next(f for f in found["panels"][0]["figures"] if f.key == "valence-1")
    assert [line[:3] for line in figure.rows] == [
        ("good \u2192 bad", "30", "66.7%"),
        ("bad \u2192 good", "10", "100.0%"),
        ("either way", "40", "75.0%"),
    ]
    assert "Most often: happy \u2192 sad (20 times), sad \u2192 happy (10 times)." in figure.caption
    told = next(line for line in found["story"] if "good feeling" in line)
    assert "in 75.0% of the answers" in told
    assert ("good-to-bad", "a good feeling taken for bad") in found["kinds"]
    packed = unpack(found["packed"].data)
    # The bits of the two tones follow those of the eight emotions.
    tones = {word: bits >> 8 for word, bits in zip(packed["words"], packed["bits"], strict=True)}
    assert tones == {"happy": 1, "sad": 2, "proud": 1}


def test_a_run_that_never_flips_says_so(tmp_path: Path) -> None:
    lines = flipped()[30:]
    found = view(read_sheet([write_file(tmp_path / "a.jsonl", lines)], "nrc"), FEW)
    figure = next(f for f in found["panels"][0]["figures"] if f.key == "valence-1")
    assert figure.caption.endswith("It never does.")
    assert not [line for line in found["story"] if "good feeling" in line]


def test_words_of_pairs_are_escaped() -> None:
    rate = {"group": "both", "masks": 1, "share": 1.0, "low": 0.2, "high": 1.0}
    found = valence_points("v", "<b>", {"by": [rate], "pairs": [["<i>", "sad", 1]]})
    assert found is not None
    assert "<b>" not in found.svg
    # The caption is no markup yet: the template escapes it.
    assert not hasattr(found.caption, "__html__")
