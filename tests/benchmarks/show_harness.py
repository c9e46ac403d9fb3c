"""SmolLM2 on real segments, in lm-evaluation-harness and in Inspect: the figures of `express run`.

    python tests/benchmarks/show_harness.py ../shared/express/gpt4o_predictions.csv
    python tests/benchmarks/show_harness.py ../shared/express/gpt4o_predictions.csv few-shot=2

Every side is a process of its own, started as people start it: `express run`, `lm_eval --model hf`
and `inspect eval express_runners/express --model hf/local`. Prints a line for each setting and
harness; exits with 1 if a figure differs by more than 1e-12, or a prompt by a byte. Without
settings it shows zero-shot on 32 segments and the two others, whose prompts or answers are long, on
8. The test suite shows zero-shot on 4 segments, without the commands.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from express_metric.parsing import PROTOCOLS
from express_metric.scoring import FIGURES
from express_runners.harness.common import completed
from express_runners.models import packaged_model, resolve
from express_runners.prompts.wording import ours

SEGMENTS = {"zero-shot": 32, "few-shot": 8, "cot": 8}
LARGEST = 1e-12
NAMES = [f"{protocol}_{figure}" for protocol in PROTOCOLS for figure in FIGURES]
COLUMNS = ("setting", "segments", "side", "difference", "prompts", "answers", "seconds")
ROW = "{:<10} {:>8} {:<12} {:>10} {:>9} {:>9} {:>8}"


@dataclass(frozen=True, slots=True)
class Side:
    """What one program made of the segments: figures by name, and by id prompts and answers."""

    figures: dict[str, float]
    prompts: dict[str, str]
    answers: dict[str, str]
    seconds: float


@dataclass(frozen=True, slots=True)
class Asked:
    """The same question to every side."""

    model: Path
    data: Path
    setting: str
    segments: int
    out: Path


def main(data: Path, segments: dict[str, int]) -> int:
    """Run all and say what held."""
    model = resolve(str(packaged_model())).path
    print(ROW.format(*COLUMNS), flush=True)
    same = True
    with tempfile.TemporaryDirectory() as name:
        for setting, number in segments.items():
            asked = Asked(model, data.resolve(), setting, number, Path(name) / setting)
            run = by_express(asked)
            shown = (setting, number, "express run", "", "", "", f"{run.seconds:.0f}")
            print(ROW.format(*shown), flush=True)
            for harness, by_harness in HARNESSES.items():
                same &= compare(asked, harness, by_harness(asked), run)
            print("  " + ", ".join(f"{name} {run.figures[name]:.4f}" for name in NAMES), flush=True)
    return 0 if same else 1


def compare(asked: Asked, harness: str, found: Side, run: Side) -> bool:
    """Print a line of the table and tell whether figures and prompts are those of the run."""
    most = max(difference(found.figures[name], run.figures[name]) for name in NAMES)
    prompts, answers = (
        sum(theirs.get(key) == value for key, value in mine.items())
        for theirs, mine in ((found.prompts, run.prompts), (found.answers, run.answers))
    )
    of = asked.segments
    shown = (f"{most:g}", f"{prompts}/{of}", f"{answers}/{of}", f"{found.seconds:.0f}")
    print(ROW.format(asked.setting, of, harness, *shown), flush=True)
    return most <= LARGEST and prompts == of


def difference(one: float, other: float) -> float:
    """How far two figures are apart; two that nothing can be divided by are the same."""
    if math.isnan(one) or math.isnan(other):
        return 0.0 if math.isnan(one) and math.isnan(other) else math.inf
    return abs(one - other)


def by_express(asked: Asked) -> Side:
    """`express run`."""
    words = ["-m", "express_runners.cli", "run", "--model", asked.model, "--dataset", asked.data]
    words += ["--prompt", asked.setting, "--limit", asked.segments, "--device", "cpu"]
    out, seconds = start(asked, [*words, "--out", asked.out / "run", "--format", "json"])
    scores = json.loads(out)
    lines = [json.loads(row) for row in text_of(asked.out / "run" / "predictions.jsonl")]
    return Side(
        {f"{p}_{name}": number(scores[p][name]) for p in PROTOCOLS for name in FIGURES},
        {line["id"]: line["prompt_sha256"] for line in lines},
        {line["id"]: line["completion"].strip() for line in lines},
        seconds,
    )


def by_lm_eval(asked: Asked) -> Side:
    """lm-evaluation-harness."""
    task = f"express_{asked.setting.replace('-', '_')}"
    tasks, _ = start(asked, ["-m", "express_runners.cli", "harness", "lm-eval"])
    words = ["-m", "lm_eval", "--model", "hf", "--tasks", task, "--include_path", tasks.strip()]
    words += ["--model_args", f"pretrained={asked.model},dtype=float32", "--device", "cpu"]
    words += ["--apply_chat_template", "--metadata", json.dumps({"source": str(asked.data)})]
    words += ["--batch_size", "4", "--limit", str(asked.segments), "--log_samples"]
    _, seconds = start(asked, [*words, "--output_path", asked.out / "lm_eval"])
    (results,) = (asked.out / "lm_eval").rglob("results_*.json")
    (samples,) = (asked.out / "lm_eval").rglob("samples_*.jsonl")
    found = json.loads(results.read_text("utf-8"))["results"][task]
    lines = {line["doc"]["id"]: line for line in map(json.loads, text_of(samples))}
    return Side(
        {name: number(found[f"{name},none"]) for name in NAMES},
        {key: digest(line["arguments"]["gen_args_0"]["arg_0"]) for key, line in lines.items()},
        {key: ended(line["resps"][0][0], asked.setting) for key, line in lines.items()},
        seconds,
    )


def by_inspect(asked: Asked) -> Side:
    """Inspect."""
    from inspect_ai.log import read_eval_log
    from transformers import AutoTokenizer

    words = ["-m", "inspect_ai", "eval", "express_runners/express", "--model", "hf/local"]
    words += ["-M", f"model_path={asked.model}", "-M", "device=cpu", "-M", "dtype=float32"]
    words += ["-T", f"prompt={asked.setting}", "-T", f"source={asked.data}"]
    words += ["--limit", str(asked.segments), "--display", "plain"]
    _, seconds = start(asked, [*words, "--log-dir", asked.out / "inspect"])
    (file,) = (asked.out / "inspect").glob("*.eval")
    log = read_eval_log(str(file))
    assert log.results is not None
    assert log.samples is not None
    metrics = log.results.scores[0].metrics
    tokenizer = AutoTokenizer.from_pretrained(asked.model)
    prompts = {
        str(sample.id): tokenizer.apply_chat_template(
            [{"role": "user", "content": sample.messages[0].text}],
            add_generation_prompt=True,
            tokenize=False,
        )
        for sample in log.samples
    }
    return Side(
        {name: number(metrics[name].value) for name in NAMES},
        {key: digest(prompt) for key, prompt in prompts.items()},
        {str(one.id): ended(one.output.completion, asked.setting) for one in log.samples},
        seconds,
    )


HARNESSES: dict[str, Callable[[Asked], Side]] = {"lm_eval": by_lm_eval, "inspect eval": by_inspect}


def start(asked: Asked, words: list[Any]) -> tuple[str, float]:
    """Run a Python program on one thread; return what it prints and how long it took."""
    asked.out.mkdir(exist_ok=True)
    began = time.monotonic()
    done = subprocess.run(
        [sys.executable, *map(str, words)],
        capture_output=True,
        text=True,
        cwd=asked.out,
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
    )
    if done.returncode:
        said = done.stdout[-2000:] + done.stderr[-3000:]
        raise SystemExit(f"{' '.join(map(str, words))}:\n{said}")
    return done.stdout, time.monotonic() - began


def ended(text: str, setting: str) -> str:
    """A completion up to where `express run` ends it; it stops there, and harnesses write on."""
    return completed(text, ours(setting).cue, cut_off=False)[0]


def digest(prompt: str) -> str:
    """As `express run` keeps a prompt."""
    return hashlib.sha256(prompt.encode()).hexdigest()[:16]


def number(value: float | None) -> float:
    """A figure, NaN where there is nothing to divide by."""
    return math.nan if value is None else float(value)


def text_of(file: Path) -> list[str]:
    """The lines of a file; a story may hold other ends of line than "\\n"."""
    return file.read_text("utf-8").rstrip("\n").split("\n")


if __name__ == "__main__":
    chosen = dict(word.split("=") for word in sys.argv[2:])
    sys.exit(main(Path(sys.argv[1]), {k: int(v) for k, v in chosen.items()} or SEGMENTS))
