"""A run as Every Eval Ever records it: one record of all figures, and a line for each answer.

The form is that of https://github.com/evaleval/every_eval_ever, version 0.2.1 of its two schemas.
"""

from __future__ import annotations

import hashlib
import json
import time
from pathlib import Path
from typing import Any

from express_dataset.files import write_whole
from express_metric.lexicon import normal
from express_metric.parsing import PROTOCOLS
from express_metric.scoring import FIGURES
from express_metric.signature import VERSION

from .finished import FinishedRun
from .store import write_json

SCHEMA = "0.2.1"
NAME = "EXPRESS"
RECORD_FILE = "every_eval.json"
SAMPLES_FILE = "every_eval_samples.jsonl"


def write_record(folder: Path, organization: str) -> tuple[Path, Path]:
    """Write both files beside a finished run: the record, then its answers.

    The stories themselves stay out, for records are public: the input names data and example.
    """
    run = FinishedRun.read(folder)
    asked, now = run.asked, str(int(time.time()))
    evaluation = f"{NAME}/{asked.model.name}/{now}"
    samples = "".join(
        json.dumps(_sample(run, line, evaluation), ensure_ascii=False) + "\n" for line in run.lines
    )
    write_whole(folder / SAMPLES_FILE, samples)
    record = {
        "schema_version": SCHEMA,
        "evaluation_id": evaluation,
        "retrieved_timestamp": now,
        "source_metadata": {
            "source_type": "evaluation_run",
            "source_organization_name": organization,
            "evaluator_relationship": "third_party",
        },
        "eval_library": {"name": "express-benchmark", "version": VERSION},
        "model_info": {
            "name": asked.model.name,
            "id": asked.model.name,
            "additional_details": _texts(
                revision=asked.model.revision, family=asked.model.family, dtype=asked.dtype,
                quantize=asked.quantize,
            ),
        },
        "evaluation_results": [
            _result(run, protocol, figure)
            for protocol in PROTOCOLS
            for figure in FIGURES
            if run.scores[protocol][figure] is not None
        ],
        "detailed_evaluation_results": {
            "format": "jsonl",
            "file_path": SAMPLES_FILE,
            "hash_algorithm": "sha256",
            "checksum": hashlib.sha256(samples.encode()).hexdigest(),
            "total_rows": len(run.lines),
        },
    }  # fmt: skip
    if started := run.record.last.started:
        record["evaluation_timestamp"] = started
    write_json(folder / RECORD_FILE, record)
    return folder / RECORD_FILE, folder / SAMPLES_FILE


def _result(run: FinishedRun, protocol: str, figure: str) -> dict[str, Any]:
    asked, scores = run.asked, run.scores[protocol]
    data = asked.dataset
    budget = asked.decoding.max_new_tokens
    return {
        "evaluation_name": f"{NAME} {figure} ({protocol})",
        "source_data": {
            "dataset_name": data.signature,
            "source_type": "other",
            "additional_details": _texts(split=data.split, examples=str(data.examples)),
        },
        "metric_config": {
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": 0.0,
            "max_score": 1.0,
        },
        "score_details": {
            "score": scores[figure],
            "details": _texts(signature=scores["signature"]),
        },
        "generation_config": {
            "generation_args": {
                "temperature": 0.0 if asked.decoding.greedy else None,
                "reasoning": asked.prompt.base == "cot",
                **({"max_tokens": budget.base} if budget else {}),
            },
            "additional_details": _texts(
                prompt=f"{asked.prompt.name}@{asked.prompt.hash}", decode=asked.decoding.name
            ),
        },
    }


def _sample(run: FinishedRun, line: dict[str, Any], evaluation: str) -> dict[str, Any]:
    """One answer under `revised`."""
    terms, references = line["terms"]["revised"], line["references"]
    pairs = zip(terms or (), references, strict=False)
    right = sum(normal(one) == normal(own) for one, own in pairs)
    asked, new, seconds = map(line.get, ("prompt_tokens", "new_tokens", "seconds"))
    return {
        "schema_version": f"instance_level_eval_{SCHEMA}",
        "evaluation_id": evaluation,
        "model_id": run.asked.model.name,
        "evaluation_name": NAME,
        "sample_id": line["id"],
        "interaction_type": "single_turn",
        "input": {"raw": f"{run.asked.dataset.signature}#{line['id']}", "reference": references},
        "output": {"raw": [line.get("completion") or ""]},
        "messages": None,
        "answer_attribution": [
            {
                "turn_idx": 0,
                "source": "output.raw",
                "extracted_value": json.dumps(terms, ensure_ascii=False),
                "extraction_method": "express revised",
                "is_terminal": True,
            }
        ],
        "evaluation": {"score": right / len(references), "is_correct": right == len(references)},
        "token_usage": None
        if asked is None or new is None
        else {"input_tokens": asked, "output_tokens": new, "total_tokens": asked + new},
        "performance": None if seconds is None else {"latency_ms": seconds * 1000},
        "error": line["reason"]["revised"],
    }


def _texts(**values: str | None) -> dict[str, str]:
    """What is known; the schema wants texts."""
    return {name: value for name, value in values.items() if value is not None}
