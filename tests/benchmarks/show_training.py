"""SmolLM2 taught some real segments, by adapter and by all weights, and asked about other posts.

    python tests/benchmarks/show_training.py ../shared/express/gpt4o_predictions.csv OUT \
        [LEARNED ASKED]

Prints valid rate, vector F1 and exact words under `revised` before and after, and writes the report
of all three into OUT; exits with 1 if training did not raise the valid rate. The same command goes
on where it stopped. On two quiet cores 100 segments take some minutes for each of the two.
"""

from __future__ import annotations

import sys
from pathlib import Path

from express_cards.reports.report import report
from express_runners.config import RunConfig
from express_runners.models import packaged_model
from express_runners.runs.run import run
from express_runners.training.options import TrainConfig
from express_runners.training.train import train

FIGURES = ("valid_rate", "vector_f1", "lexical_accuracy")


def main(data: str, out: Path, learned: int = 100, asked: int = 40) -> int:
    """Train twice, run three times, show."""
    base = str(packaged_model())
    adapter, full = (
        TrainConfig(
            base,
            out / name,
            dataset=data,
            limit=learned,
            full=name == "full",
            epochs=1,
            batch_size=4,
            validation=0,
        )
        for name in ("adapter", "full")
    )
    for config in (adapter, full):
        done = train(config)
        assert done is not None
        losses = [point["loss"] for point in done.record["result"]["loss"]]
        print(f"{config.out.name:8} loss {losses[0]:.3f} to {losses[-1]:.3f}", flush=True)
    models: dict[str, dict[str, str]] = {
        "base": {"model": base},
        "adapter": {"model": base, "adapter": str(adapter.out)},
        "full": {"model": str(full.out)},
    }
    valid, folders = {}, []
    for name, options in models.items():
        folders.append(out / f"run-{name}")
        result = run(RunConfig(out=folders[-1], dataset=data, limit=asked, **options))  # type: ignore[arg-type]
        assert result is not None
        scores = result.scores["revised"]
        valid[name] = scores["valid_rate"]
        print(f"{name:8}", *(f"{figure} {scores[figure]:.1%}" for figure in FIGURES), flush=True)
    print(report(folders, out / "report.html"))
    return 0 if min(valid["adapter"], valid["full"]) > valid["base"] else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], Path(sys.argv[2]), *map(int, sys.argv[3:])))
