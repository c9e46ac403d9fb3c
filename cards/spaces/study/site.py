"""The folder of the study's demonstration: a page with a dozen texts of the sample."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from random import Random

from express_dataset.errors import DataError, require
from express_dataset.sources import load_all

from ...comparison.nearest import nearest_in
from ...pages import render
from ...reports.sheet import Sheet, read_sheet
from ...study.folder import Shown
from ...study.items import draw
from ...study.server import parts
from ..files import write
from ..options import SpaceOptions

ITEMS, SEED = 12, 2026
README = Path(__file__).with_name("README.md")
SIMPLE = "a simple program that takes the word of the most similar other text"


def stage(folder: Path, options: SpaceOptions) -> None:
    """Write the demonstration; with `runs` the other words are those of a run on the sample."""
    require("jinja2", "study")
    sheet, who = _sheet(options)
    random = Random(SEED)
    fit = draw(sheet, 2, "word", False, Random(SEED)).fit
    drawn = draw(sheet, min(ITEMS, fit), "word", False, random)
    items = []
    for number, item in enumerate(drawn.items, 1):
        sides = [("person", item.person), ("model", item.model)]
        random.shuffle(sides)
        (first, one), (_, two) = sides
        shown = Shown(item.id, item.text or "", one, two)
        items.append({"number": number, "first": first, "shown": shown, "parts": parts(shown)})
    page = render(
        "study_demo.html", ["report.css", "study.css"], ["study_demo.js"], items=items, who=who
    )
    write(folder, "index.html", page)
    write(folder, "README.md", README.read_text("utf-8"))


def _sheet(options: SpaceOptions) -> tuple[Sheet, str]:
    """The two sides' words, and who the other side is."""
    if options.runs:
        if len(options.runs) > 1:
            raise DataError("--runs: the demonstration shows one run; give one")
        sheet = read_sheet(options.runs, options.lexicon)
        public = {one.text for split in load_all("sample").values() for one in split.examples}
        if not set(sheet.told[0].texts or [""]) <= public:
            raise DataError(
                f"{options.runs[0]}: the demonstration is public and may show the sample only; "
                "give a run made with --dataset sample"
            )
        return sheet, sheet.runs[0].model
    data = load_all("sample")
    asked = [*data["test"].examples, *data["few_shot"].examples]
    found = nearest_in(data["train"].examples, [one.text for one in asked], None)
    if found.labels is None:
        raise DataError(f"no other words: {found.missing}")
    lines = [
        {"text": one.text, "references": one.labels, "completion": str(labels)}
        for one, labels in zip(asked, found.labels, strict=True)
    ]
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "nearest.jsonl"
        file.write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
        return read_sheet([file], options.lexicon or "nrc"), SIMPLE
