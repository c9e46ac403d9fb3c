# /// script
# requires-python = ">=3.11"
# dependencies = ["express-benchmark[run,report]"]
# ///
"""A run on the Hub's machines, and its results on the model's page:

hf jobs uv run --flavor l4x1 --secrets HF_TOKEN hub_job.py org/model --results org/results

The token comes from the job's secrets; it is in no file and in no log.
"""

from __future__ import annotations

import argparse
import subprocess
import sys


def main() -> None:
    """Run, then propose the results."""
    parser = argparse.ArgumentParser(description="A run on the Hub's machines, and its results.")
    parser.add_argument("model", help="id on the Hub")
    parser.add_argument("--results", help="results dataset, ORG/NAME; without it nothing is pushed")
    parser.add_argument("--dataset", default="express")
    given, further = parser.parse_known_args()
    express = [sys.executable, "-m", "express_runners.cli"]
    run = ["run", "--model", given.model, "--dataset", given.dataset, "--out", "run", *further]
    code = subprocess.run([*express, *run], check=False).returncode
    if given.results and not code:
        push = ["results", "push", "run", "--model", given.model, "--results", given.results]
        code = subprocess.run([*express, *push], check=False).returncode
    sys.exit(code)  # express has said why


if __name__ == "__main__":
    main()
