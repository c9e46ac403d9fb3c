"""Results files and run folders that reports are made of."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from express_dataset.sources import load
from express_metric import load_lexicon, read

# Everything that could become active, vanish or break the layout.
NASTY = (
    "I was <mask>. <script>document.title = 'owned'</script><img src=x onerror=alert(1)> "
    "\"quotes\" 'single' `ticks` & &lt;b&gt; \u05e9\u05dc\u05d5\u05dd \u0645\u0631\u062d"
    " \U0001f622 </p></article> and then <mask>."
)
NASTY_ANSWER = '["sad", "<b>bold</b>"] </script><svg onload=alert(2)>'
LONG = "verylongwordwithoutanybreak" * 12


def row(text: str, labels: Sequence[str], completion: str, number: int = 0) -> dict[str, Any]:
    """A row of a results file."""
    return {
        "id": f"x{number}",
        "post_id": f"p{number}",
        "text": text,
        "references": list(labels),
        "completion": completion,
    }


def rows() -> list[dict[str, Any]]:
    """Sixty rows: right, wrong, milder, unreadable, denied, leaked, nasty and long ones."""
    kinds: list[tuple[str, list[str], str]] = [
        ("At dusk I felt <mask> about the move.", ["happy"], '["happy"]'),
        ("He shouted and I was <mask>, truly.", ["furious"], '["angry"]'),
        ("I am not <mask> at all today.", ["sad"], '["proud"]'),
        ("Being lonely is hard, I feel <mask>.", ["lonely"], '["sad"]'),
        ("I felt <mask> and later <mask>.", ["proud", "calm"], "I cannot tell what they felt."),
    ]
    # No two texts alike: copies would be shown as one.
    found = [
        row(f"{text}{f' Day {number}.' if number > 4 else ''}", labels, answer, number)
        for number in range(58)
        for text, labels, answer in [kinds[number % 5]]
    ]
    found.append(row(NASTY, ["sad", "terrified"], NASTY_ANSWER, 58))
    found.append(row(f"{LONG} <mask>", ["hurt"], f'["{"hurt"}"]', 59))
    return found


def write_file(path: Path, lines: Sequence[dict[str, Any]]) -> Path:
    """Write a results file as JSON lines."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    return path


def write_sample_run(
    folder: Path, completions: Sequence[str], *, source: str = "sample", turned: bool = False
) -> Path:
    """Write the folder of a run that answered the first examples of the sample.

    Args:
        completions: what the model wrote, one for each example.
        source: what `run.json` names as the data.
        turned: whether the lines stand in the opposite order.
    """
    loaded = load("sample")
    examples = loaded.examples[: len(completions)]
    asked = {
        "model": {
            "name": f"models/{folder.name}",
            "revision": "0123456789abcdef",
            "family": "causal",
        },
        "dataset": {"name": loaded.name, "split": "test", "signature": loaded.data},
        "prompt": {"name": "zero-shot", "hash": "0000"},
        "decoding": {"name": "free"},
        "lexicon": {"name": "nrc", "label": load_lexicon("nrc").label},
    }
    lines = []
    for example, completion in zip(examples, completions, strict=True):
        readings = {name: read(completion, name) for name in ("paper", "revised")}
        lines.append(
            {
                "id": example.id,
                "post_id": example.post_id,
                "references": list(example.labels),
                "completion": completion,
                "terms": {name: found.terms for name, found in readings.items()},
                "reason": {name: found.reason for name, found in readings.items()},
            }
        )
    folder.mkdir(parents=True)
    record = {"asked": asked, "sessions": [{"dataset": source}]}
    (folder / "run.json").write_text(json.dumps(record), "utf-8")
    write_file(folder / "predictions.jsonl", lines[::-1] if turned else lines)
    return folder


def write_rank_run(folder: Path) -> Path:
    """Write the folder of a run that ranks three terms, sad first and half sure, on the sample.

    The last example was not answered.
    """
    terms, size = ["sad", "happy", "tired"], 12
    examples = load("sample").examples[:size]
    write_sample_run(
        folder, [*(json.dumps(["sad"] * len(e.labels)) for e in examples[:-1]), "no answer"]
    )
    record = json.loads((folder / "run.json").read_text("utf-8"))
    record["asked"]["decoding"] = {"name": "rank-3@0000"}
    prior = {"contexts": 9, "logprobs": [[-0.1, -2.0, -2.5]] * 2}
    told = {**record, "vocabulary": terms, "prior": prior}
    (folder / "run.json").write_text(json.dumps(told), "utf-8")
    lines = [json.loads(line) for line in (folder / "predictions.jsonl").open(encoding="utf-8")]
    for line in lines:
        places = [
            terms.index(label) + 1 if label in terms else None for label in line["references"]
        ]
        # Not normalised: the shares are one half and two quarters.
        line["rank"] = [
            {"top": terms, "reference": place, "share": 0.25, "logprobs": [-1.3069, -2.0, -2.0]}
            for place in places
        ]
    lines[-1]["rank"] = None
    write_file(folder / "predictions.jsonl", lines)
    return folder
