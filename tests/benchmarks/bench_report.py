"""How long a page of 33,679 examples takes, how large it is, and when Chromium paints it.

    python tests/benchmarks/bench_report.py [RUNS]

The reference file is repeated to the size of EXPRESS, every copy of a post being a post of its own.
That flatters no compressor: gzip looks back 32 KiB, and a row comes again only after 760 KiB.
Several runs are made by turning the answers of the file by some rows.
"""

from __future__ import annotations

import csv
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from express_cards.reports.report import report
from express_metric.records import read_results

REFERENCE = Path(
    os.environ.get("EXPRESS_REFERENCE", Path(__file__).parents[3] / "shared" / "express")
)
EXAMPLES = 33_679
LIMIT = 6_000_000


def repeated(target: Path, turn: int) -> Path:
    """Write the reference as a results file of `EXAMPLES` rows, answers turned by some rows."""
    source = REFERENCE / "gpt4o_predictions.csv"
    labels = read_results(source).references
    with source.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with target.open("w", encoding="utf-8") as file:
        for number in range(EXAMPLES):
            row, place = rows[number % len(rows)], number % len(rows)
            copy = number // len(rows)
            line = {
                "id": f"{number:016x}",
                "post_id": f"{row['original_ids']}-{copy}",
                # A page shows the copies of a text once.
                "text": f"{row['segment']} {copy}",
                "references": labels[place],
                "completion": rows[(place + turn) % len(rows)]["output"],
            }
            file.write(json.dumps(line) + "\n")
    return target


def first_paint(page: Path) -> float:
    """Seconds until Chromium shows the first text of the page, the median of five openings."""
    from playwright.sync_api import sync_playwright

    told = "performance.getEntriesByName('first-contentful-paint')"
    found: list[float] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox"]
        )
        for _ in range(5):
            shown = browser.new_page()
            shown.goto(page.as_uri())
            shown.wait_for_function(f"{told}.length > 0")
            found.append(shown.evaluate(f"{told}[0].startTime") / 1000)
            shown.close()
        browser.close()
    return median(found)


def main() -> None:
    """Make the files, then the page, and print what it took."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 1
    with tempfile.TemporaryDirectory() as folder:
        paths = [repeated(Path(folder) / f"run{turn}.jsonl", turn) for turn in range(runs)]
        began = time.perf_counter()
        page = report(
            paths, Path(folder) / "page.html", str(REFERENCE / "lexicon-decomposition.csv")
        )
        seconds, size = time.perf_counter() - began, page.stat().st_size
        paint = first_paint(page)
    print(f"{runs} run(s) of {EXAMPLES} examples: {seconds:.1f} s, {size / 1e6:.2f} MB")
    print(f"first text on the screen after {paint:.2f} s")
    if size > LIMIT:
        sys.exit(f"the page has {size} bytes, more than {LIMIT}")


if __name__ == "__main__":
    main()
