"""The quality of every published form, by its stored statistics and by rows checked by hand."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from express_cards.dataset.card import dataset_card
from express_cards.dataset.facts import dataset_facts
from express_dataset import MASK, Example, load_all_examples
from express_dataset.construct.terms import terms
from express_dataset.publishing.folder import write_folder

STORED = Path(__file__).with_name("stored")
FORMS = sorted(path.stem for path in STORED.glob("*.json"))

CHECKED = [
    # Words after the mask, the label, whether it is denied, whether it leaks: read by a person.
    (" when she explained that the bell would", "resentful", True, False),
    (" at them. Why would they know about a we", "angry", True, False),
    (" of a tomato, that's how thin the air ge", "suspicious", False, True),
    (". Sixty-one year old and I've faced down", "terrified", False, True),
    (" at all, since I didn't know enough to b", "nervous", True, False),
    (" to be home, and I've decided both can b", "happy", True, False),
    (". You don't paint a spare room for no re", "surprised", True, False),
    (". Everyone wants me to be angry, my sist", "angry", True, True),
    (" that I had to go and pretend to look for milk", "grateful", False, False),
    (" of that, and there's no tidy way to say", "ashamed", False, False),
    (" down to my shoelaces. I've taken the gl", "tired", False, True),
    (", whatever she was fishing for. Last nig", "bored", True, False),
]


def stored(name: str) -> dict[str, Any]:
    """What was counted when the form was made."""
    found: dict[str, Any] = json.loads((STORED / f"{name}.json").read_text())
    return found


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> list[Example]:
    """The sample's rows, as they come out of a published folder."""
    out = tmp_path_factory.mktemp("quality") / "express"
    write_folder(load_all_examples("sample"), "sample", out, dataset_card)
    return list(load_all_examples(str(out))["all"].examples)


def test_the_stored_statistics_are_those_of_the_sample() -> None:
    command = [sys.executable, "-m", "express_runners.cli", "dataset", "stats", "sample"]
    done = subprocess.run([*command, "--format", "json"], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == stored("express-sample"), (
        "the sample has changed: look at the difference, and if it is meant write "
        "`express dataset stats sample --format json` to tests/dataset/stored/express-sample.json"
    )


@pytest.mark.parametrize("name", FORMS)
def test_no_check_fails(name: str) -> None:
    assert set(stored(name)["checks"].values()) == {0}


@pytest.mark.parametrize("name", FORMS)
def test_the_counts_agree(name: str) -> None:
    found = stored(name)
    total = found["splits"]["all"]
    assert sum(found["labels"].values()) == total["masks"]
    assert sum(int(n) * count for n, count in found["masks_per_segment"].items()) == total["masks"]
    assert sum(found["coverage"]["masks"].values()) == total["masks"]
    assert found["repeated_texts"] == 0


def test_no_label_of_the_authors_is_a_stranger(reference: Path) -> None:
    found = dataset_facts(str(reference / "gpt4o_predictions.csv"), None)
    assert found["labels_not_in_term_list"] == {}
    assert set(found["checks"].values()) == {0}
    # About 3% of the masks are denied and 17% leak, as was counted by other means.
    assert 0.03 <= found["splits"]["all"]["negated_share"] <= 0.06
    assert 0.15 <= found["splits"]["all"]["leaked_share"] <= 0.19


def test_every_published_label_is_a_term(published: list[Example]) -> None:
    strangers = {label for row in published for label in row.labels} - terms()
    assert strangers == set()


def test_every_published_row_is_whole(published: list[Example]) -> None:
    for row in published:
        assert row.text.replace(MASK, "").strip()
        masks = row.text.count(MASK)
        assert masks == len(row.labels) == len(row.negated) == len(row.leaked) > 0


@pytest.mark.parametrize(("after", "label", "negated", "leaked"), CHECKED)
def test_flags_of_rows_checked_by_hand(
    published: list[Example], after: str, label: str, negated: bool, leaked: bool
) -> None:
    found = [
        (row.labels[place], row.negated[place], row.leaked[place])
        for row in published
        for place, piece in enumerate(row.text.split(MASK)[1:])
        if " ".join(piece.split()).startswith(" ".join(after.split()))
    ]
    assert found == [(label, negated, leaked)]
