"""`eval.yaml`: how Inspect runs a published dataset by its name alone.

Its loader knows only scorers of its own, so this is an approximation with a task id of its own: an
answer counts as right where it is the list of all the words and nothing else. The official figures
are those of `inspect eval express_runners/express` and of `express run`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from express_dataset import Example
from express_dataset.errors import require
from express_dataset.publishing.evaluation import CONFIG, Evaluation
from express_runners.prompts.wording import ours

TASK = "express_exact"
OFFICIAL = "inspect eval express_runners/express"


def evaluation(examples: Sequence[Example], name: str) -> Evaluation:
    """The rows of the flat configuration for Inspect's loader, and the text of `eval.yaml`."""
    yaml = require("yaml", "publish")
    template = ours("zero-shot")
    rows: list[dict[str, str | int]] = [
        {
            "id": example.id,
            "prompt": template.render(example.text, len(example.labels)),
            "target": ", ".join(example.labels),
            "n_masks": len(example.labels),
        }
        for example in examples
    ]
    content: dict[str, Any] = {
        "name": name,
        "description": (
            "Name the emotion words that a person used and that were masked in their story. "
            f"{TASK} is an approximation: the share of stories whose answer is the list of all "
            f"the words and nothing else. The official figures, mask by mask, come from: {OFFICIAL}"
        ),
        "evaluation_framework": "inspect-ai",
        "tasks": [
            {
                "id": TASK,
                "config": CONFIG,
                "split": "test",
                "field_spec": {
                    "input": "prompt",
                    "target": "target",
                    "metadata": ["id", "n_masks"],
                },
                "solvers": [{"name": "generate"}],
                "scorers": [{"name": "exact"}],
            }
        ],
    }
    text = yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)
    return Evaluation(tuple(rows), text)
