"""`express install`: the dataset and the metric in the Hugging Face caches."""

from __future__ import annotations

from typing import Any


def install(source: str) -> dict[str, Any]:
    """Make both bare names load from any folder, without importing this package.

    Args:
        source: express, sample, or a file; see `express_dataset.sources.load`.

    Returns:
        What was installed and where, ready for JSON.
    """
    from express_dataset.install import install_dataset
    from express_metric.install import install_metric

    dataset = install_dataset(source)
    metric = install_metric()
    return {
        "dataset": {
            "name": dataset.name,
            "fingerprint": dataset.fingerprint,
            "splits": dict(dataset.splits),
            "path": str(dataset.path),
        },
        "metric": {"name": "express_alignment", "path": str(metric)},
    }
