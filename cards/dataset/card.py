"""The card of a published dataset, from the data's own statistics."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from express_dataset.licenses import UNKNOWN, license_address
from express_dataset.publishing.croissant import FURTHER, MEANING
from express_dataset.publishing.folder import Facts
from express_dataset.sources import PAPER_CITATION
from express_dataset.splits import SPLITS

from ..markdown import fill
from ..words import percent

MOST_LABELS, MOST_COMMUNITIES = 20, 10

_SIZES = (
    (1_000, "n<1K"),
    (10_000, "1K<n<10K"),
    (100_000, "10K<n<100K"),
    (1_000_000, "100K<n<1M"),
    (10_000_000, "1M<n<10M"),
)
_TASKS = ["fill-mask", "text-generation"]
_GATE = (
    "The texts are about people's feelings. By asking for access you agree to use them for "
    "research only, not to try to find out who wrote them or to contact writers, not to infer "
    "anyone's mental health, and not to pass them on."
)
_GATE_SAMPLE = (
    "The texts are invented test data. By asking for access you agree to use them to try and test "
    "software, not to rank models."
)
_AGREE = "I will not try to identify or contact writers"


def dataset_card(facts: Facts) -> str:
    """Render the card: a YAML header for the Hub, and Markdown for people."""
    found = facts.statistics
    return fill(
        "dataset_card.md",
        "publish",
        header=header(facts),
        facts=facts,
        statistics=found,
        total=found["splits"]["all"],
        test=found["splits"]["test"],
        splits=(present := _present(found)),
        shown="test" if "test" in present else present[0],
        figures=_figures(found),
        columns=_columns(facts),
        common=_common(found),
        unseen=sum(found["labels_of_test_not_in_train"].values()),
        strangers=", ".join(list(found["labels_not_in_term_list"])[:MOST_LABELS]),
        communities=_counted(found["subreddits"], MOST_COMMUNITIES),
        adult=_adult(found["adult"]),
        licence=_licence(facts.license),
        citation=facts.citation or PAPER_CITATION,
        evaluated=len(facts.configs) > 1,
    )


def header(facts: Facts) -> str:
    """The YAML between the card's two lines of dashes, with what a gate asks of readers."""
    import yaml

    sample = facts.about.kind == "sample"
    content: dict[str, Any] = {
        "license": facts.license,
        "language": ["en"],
        "pretty_name": facts.name,
        "annotations_creators": ["machine-generated"],
        "language_creators": ["machine-generated" if sample else "found"],
        "multilinguality": ["monolingual"],
        "size_categories": [size_category(facts.statistics["splits"]["all"]["examples"])],
        "source_datasets": ["extended" if facts.about.derived_from else "original"],
        "task_categories": _TASKS,
        "tags": ["emotion", "self-disclosure", "benchmark", "text"],
        "configs": facts.configs,
        "dataset_info": facts.dataset_info,
        # The Hub shows these where the owner has closed the gate.
        "extra_gated_prompt": _GATE_SAMPLE if sample else _GATE,
        "extra_gated_fields": {
            "Affiliation": "text",
            "Intended use": {
                "type": "select",
                "options": ["Research", {"label": "Other", "value": "other"}],
            },
            _AGREE: "checkbox",
        },
    }
    shown: str = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)
    return shown


def size_category(rows: int) -> str:
    """The Hub's name for a number of rows.

    >>> size_category(168), size_category(33_679)
    ('n<1K', '10K<n<100K')
    """
    return next((name for limit, name in _SIZES if rows < limit), "n>10M")


def _present(found: Mapping[str, Any]) -> list[str]:
    return [name for name in (*SPLITS, "all") if found["splits"][name]["examples"]]


def _figures(found: Mapping[str, Any]) -> list[list[str]]:
    columns = [found["splits"][name] for name in _present(found)]
    return [
        ["segments", *(str(one["examples"]) for one in columns)],
        ["posts", *(str(one["posts"]) for one in columns)],
        ["masks", *(str(one["masks"]) for one in columns)],
        ["distinct labels", *(str(one["distinct_labels"]) for one in columns)],
        ["words per segment, median", *(f"{one['words']['median']:g}" for one in columns)],
        ["words per segment, mean", *(f"{one['words']['mean']:g}" for one in columns)],
        ["words per segment, most", *(f"{one['words']['max']:g}" for one in columns)],
        ["denied masks", *(percent(one["negated_share"]) for one in columns)],
        ["leaked masks", *(percent(one["leaked_share"]) for one in columns)],
        ["leaked in another form", *(percent(one["leaked_form_share"]) for one in columns)],
    ]


def _columns(facts: Facts) -> list[tuple[str, str, str]]:
    return [
        (
            column["name"],
            column.get("dtype") or f"list of {column['list']}",
            MEANING.get(column["name"], FURTHER),
        )
        for column in facts.dataset_info[0]["features"]
    ]


def _common(found: Mapping[str, Any]) -> list[tuple[str, int, str]]:
    masks = found["splits"]["all"]["masks"]
    first = list(found["labels"].items())[:MOST_LABELS]
    return [(label, count, percent(count / masks)) for label, count in first]


def _counted(counts: Mapping[str, int], most: int) -> str:
    return ", ".join(f"{name} ({count})" for name, count in list(counts.items())[:most])


def _adult(counts: Mapping[str, int]) -> str:
    marked, known = counts["yes"], counts["yes"] + counts["no"]
    return f" {marked} of {known} segments are marked as adult by their source." if marked else ""


def _licence(name: str) -> str:
    if name == UNKNOWN:
        return "The publisher has not told under which licence the texts may be used: ask first."
    address = license_address(name)
    return name if address == name else f"{name}: {address}"
