"""A published folder: its bytes, its card, its Croissant, and who can load it."""

from __future__ import annotations

import configparser
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.version import Version
from pyarrow import parquet

from express_cards.dataset.card import dataset_card
from express_cards.dataset.eval_yaml import evaluation
from express_dataset import COLUMNS, DataError, load_all_examples
from express_dataset.parquet import arrow_schema
from express_dataset.publishing.folder import Published, write_folder
from express_runners.prompts.wording import ours

ROOT = Path(__file__).resolve().parents[2]
SPLITS = ("train", "test", "few_shot")


def write(source: str, out: Path, **options: Any) -> Published:
    """Publish a source to a folder."""
    parts = load_all_examples(source)
    options |= {"evaluation": evaluation(parts["test"].examples, parts["all"].name)}
    return write_folder(parts, source, out, dataset_card, **options)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample, published; nobody may change it."""
    out = tmp_path_factory.mktemp("published") / "express"
    write("sample", out)
    return out


def content(folder: Path) -> dict[str, bytes]:
    """Every file by its path."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def card(folder: Path) -> tuple[dict[str, Any], str]:
    """The header of the card, and its text."""
    _, header, text = (folder / "README.md").read_text().split("---\n", 2)
    return yaml.safe_load(header), text


def posts(folder: Path, *rows: dict[str, object]) -> str:
    """A file of one's own."""
    file = folder / "posts.jsonl"
    file.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(file)


def row(name: str, **cells: object) -> dict[str, object]:
    """A row in our columns."""
    return {"id": name, "text": f"{name}: I feel <mask>.", "labels": ["sad"]} | cells


def test_the_folder_is_whole_and_the_same_every_time(folder: Path, tmp_path: Path) -> None:
    again = tmp_path / "other name"
    done = write("sample", again)
    assert content(again) == content(folder)
    names = [f"data/{split}-00000-of-00001.parquet" for split in SPLITS]
    more = ["README.md", "croissant.json", "eval.yaml", "inspect/test-00000-of-00001.parquet"]
    assert sorted(done.files) == sorted([*more, *names])
    # Over itself: replaced, and nothing is left beside it.
    write("sample", again)
    assert content(again) == content(folder)
    assert [path.name for path in tmp_path.iterdir()] == ["other name"]


def test_what_is_published_loads_as_what_it_was(folder: Path, tmp_path: Path) -> None:
    before, after = load_all_examples("sample"), load_all_examples(str(folder))
    for name in (*SPLITS, "all"):
        assert sorted(after[name].examples, key=lambda one: one.id) == sorted(
            before[name].examples, key=lambda one: one.id
        )
    for name in ("name", "data", "fingerprint", "version", "license", "description", "lexicon"):
        assert getattr(after["all"], name) == getattr(before["all"], name)
    write(str(folder), tmp_path / "copy")
    assert content(tmp_path / "copy") == content(folder)


LOAD = """
import json, sys, datasets
splits = datasets.load_dataset(*sys.argv[1:])
print(json.dumps([datasets.__version__, splits["test"].column_names,
                  {name: [row["id"] for row in rows] for name, rows in splits.items()}]))
"""


def loaded(place: Path, name: str, home: Path, path: str = "") -> tuple[str, list[str], Any]:
    """Load in a process of its own, without this package, as a reader does."""
    known = {"PATH": os.environ["PATH"], "HF_HOME": str(home), "HF_HUB_OFFLINE": "1"}
    done = subprocess.run(
        [sys.executable, "-c", LOAD, *name.split()],
        cwd=place,
        env=known | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr
    version, columns, ids = json.loads(done.stdout.splitlines()[-1])
    return version, columns, ids


def test_the_flat_configuration_holds_every_prompt_and_all_its_labels(
    folder: Path, tmp_path: Path
) -> None:
    _, columns, ids = loaded(folder.parent, "./express inspect", tmp_path)
    examples = {one.id: one for one in load_all_examples("sample")["test"].examples}
    assert columns == ["id", "prompt", "target", "n_masks"]
    assert ids == {"test": list(examples)}
    for one in parquet.read_table(folder / "inspect" / "test-00000-of-00001.parquet").to_pylist():
        example = examples[one["id"]]
        assert one["prompt"] == ours("zero-shot").render(example.text, len(example.labels))
        assert one["target"].split(", ") == list(example.labels)
        assert one["n_masks"] == example.text.count("<mask>")


@pytest.mark.parametrize("name", ["./express", "express"])
def test_load_dataset_takes_the_folder(folder: Path, tmp_path: Path, name: str) -> None:
    _, columns, ids = loaded(folder.parent, name, tmp_path)
    assert columns == list(COLUMNS)
    parts = load_all_examples("sample")
    assert ids == {split: [one.id for one in parts[split].examples] for split in SPLITS}


def allowed() -> str:
    """The oldest `datasets` that setup.cfg allows on this Python."""
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    asked = map(Requirement, config["options"]["install_requires"].split("\n")[1:])
    versions = [
        Version(bound.version)
        for one in asked
        if one.name == "datasets" and (one.marker is None or one.marker.evaluate())
        for bound in one.specifier
    ]
    return str(max(versions))


def test_the_oldest_datasets_allowed_loads_it(
    folder: Path, tmp_path: Path, pytestconfig: pytest.Config
) -> None:
    version = allowed()
    installed = importlib.metadata.version("datasets")
    path = ""
    if not f"{installed}.".startswith(f"{version}."):
        assert pytestconfig.cache
        target = pytestconfig.cache.mkdir(f"datasets-{version}")
        path = str(target)
        if not (target / "whole").exists():
            shutil.rmtree(target)
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target", path]
            subprocess.run([*pip, f"datasets=={version}"], check=True, timeout=500)
            (target / "whole").touch()
    found, columns, ids = loaded(folder.parent, "./express", tmp_path, path)
    assert f"{found}.".startswith(f"{version}.")
    assert columns == list(COLUMNS)
    assert {split: len(rows) for split, rows in ids.items()} == {
        split: len(load_all_examples("sample")[split].examples) for split in SPLITS
    }


def test_the_card_tells_what_the_data_holds(folder: Path) -> None:
    header, text = card(folder)
    parts = load_all_examples("sample")
    info, flat = header["dataset_info"]
    assert flat["splits"][0]["num_examples"] == len(parts["test"].examples)
    assert {one["name"]: one["num_examples"] for one in info["splits"]} == {
        split: len(parts[split].examples) for split in SPLITS
    }
    assert header["license"] == "apache-2.0"
    assert [one["config_name"] for one in header["configs"]] == ["default", "inspect"]
    assert [one.get("default") for one in header["configs"]] == [True, None]
    assert header["size_categories"] == ["n<1K"]
    assert "apache-2.0" in text
    for title in (
        "Where it comes from",
        "Evaluate on it",
        "Sensitive content",
        "Uses and limits",
        "Licence",
    ):
        assert f"## {title}\n" in text
    assert "shu2026express" in text.split("## Citation")[1]
    assert "NOT the EXPRESS data" in text
    # A bare <mask> would vanish on the Hub, which shows HTML.
    assert not re.search(r"(?<!`)<mask>", text)
    masks = sum(len(one.labels) for one in parts["all"].examples)
    assert f" {masks} |\n" in text
    assert header["extra_gated_prompt"]


def test_a_card_of_data_of_ones_own_claims_nothing(tmp_path: Path) -> None:
    label = "a|b<script>"
    source = posts(tmp_path, *(row(f"r{n}", labels=[label]) for n in range(60)))
    done = write(source, tmp_path / "out")
    assert (done.license, done.strangers) == ("unknown", {label: 60})
    header, text = card(tmp_path / "out")
    assert header["license"] == "unknown"
    assert "Reddit" not in text
    assert "a\\|b&lt;script>" in text
    assert "I will not try to identify" in str(header["extra_gated_fields"])
    write(source, tmp_path / "out", license="cc-by-4.0", repo="org/posts")
    header, text = card(tmp_path / "out")
    assert header["license"] == "cc-by-4.0"
    assert 'load_dataset("org/posts")' in text
    assert load_all_examples(str(tmp_path / "out"))["all"].license == "cc-by-4.0"


def test_croissant_is_valid_and_reads_the_rows(folder: Path) -> None:
    mlcroissant = pytest.importorskip("mlcroissant")
    dataset = mlcroissant.Dataset(str(folder / "croissant.json"))
    assert dataset.metadata.ctx.issues.errors == set()
    records = list(dataset.records("default"))
    parts = load_all_examples("sample")
    found = {record["default/id"].decode(): record["default/split"].decode() for record in records}
    assert found == {one.id: split for split in SPLITS for one in parts[split].examples}
    told = json.loads((folder / "croissant.json").read_text())
    for name in (
        *("dataLimitations", "dataBiases", "personalSensitiveInformation", "dataUseCases"),
        *("dataSocialImpact", "hasSyntheticData"),
    ):
        assert told[f"rai:{name}"]


def test_a_split_without_rows_is_left_out(tmp_path: Path) -> None:
    told = {"train": ["a"], "test": ["b", "c", "d", "e", "f"]}
    rows = [row(name, split=split) for split, names in told.items() for name in names]
    done = write(posts(tmp_path, *rows), tmp_path / "out")
    assert done.rows == {"train": 1, "test": 5}
    assert [name for name in done.files if "few_shot" in name] == []
    assert loaded(tmp_path, "./out", tmp_path / "home")[2] == told
    parts = load_all_examples(str(tmp_path / "out"))
    assert {split: [one.id for one in parts[split].examples] for split in told} == told


def test_the_card_of_data_without_a_test_split_tells_it_and_its_code_runs(tmp_path: Path) -> None:
    out = tmp_path / "out"
    write(posts(tmp_path, row("a", split="train")), out)
    card = (out / "README.md").read_text("utf-8")
    assert "Note: no row is in the split test or few_shot." in card
    (code,) = re.findall(r"```python\n(.*?)```", card, re.S)
    command = [sys.executable, "-c", code.replace("./path/of/this/folder", str(out))]
    environment = os.environ | {"HF_HOME": str(tmp_path / "hf")}
    subprocess.run(command, cwd=tmp_path, env=environment, check=True)


def test_a_build_report_goes_along(tmp_path: Path) -> None:
    built = tmp_path / "built"
    write(posts(tmp_path, row("a", split="train"), row("b", split="test")), built)
    (built / "croissant.json").unlink()
    (built / "build.json").write_text("{}")
    # A build writes a file for a split without rows too.
    empty = built / "data" / "few_shot-00000-of-00001.parquet"
    parquet.write_table(arrow_schema().empty_table(), empty)
    done = write(str(built), tmp_path / "out")
    assert "build.json" in done.files
    assert "`express dataset build`" in card(tmp_path / "out")[1]


Spoil = Callable[[Path], None]


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda out: out.mkdir() or (out / "mine.txt").write_text("a"), "is not empty and was not"),
        (lambda out: out.write_text("a"), "is a file; give a folder"),
        (lambda out: write("sample", out) and (out / "mine.txt").write_text("a"), "is not empty"),
    ],
)
def test_nothing_of_the_users_is_replaced(tmp_path: Path, spoil: Spoil, sentence: str) -> None:
    out = tmp_path / "out"
    spoil(out)
    before = content(tmp_path)
    with pytest.raises(DataError, match=sentence):
        write("sample", out)
    assert content(tmp_path) == before


def test_a_folder_may_be_called_as_an_address(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write("sample", Path("https://127.0.0.1:9/v1"))
    assert len(load_all_examples("https:/127.0.0.1:9/v1")) == len(load_all_examples("sample"))


def test_the_source_is_not_replaced_by_itself(folder: Path) -> None:
    with pytest.raises(DataError, match="is the data itself"):
        write(str(folder), folder)


def test_data_that_leaks_is_not_published(tmp_path: Path) -> None:
    source = posts(
        tmp_path, row("a", split="train"), row("b", text="A:  i feel <mask>.", split="test")
    )
    with pytest.raises(DataError, match=r"more than one split: 1; mend or remove these rows$"):
        write(source, tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        ((), "the folder has no data/train-00000-of-00001.parquet"),
        (("validation.parquet",), "data/validation.parquet: the name tells no split"),
        (("test-00000-of-00001.parquet",), "it is not a whole Parquet file"),
    ],
)
def test_folders_that_cannot_be_read(tmp_path: Path, names: tuple[str, ...], sentence: str) -> None:
    (tmp_path / "data").mkdir()
    for name in names:
        (tmp_path / "data" / name).write_bytes(b"PAR1")
    with pytest.raises(DataError, match=re.escape(sentence)):
        load_all_examples(str(tmp_path))


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "say where to publish"),
        (("--out", "out", "--private"), "--private is for the Hub"),
        (("--out", "out", "--tag", "v1"), "--tag is for the Hub"),
        (("--to", "express"), "--to express: write the dataset as ORG/NAME"),
        (("--to", "org/a", "--gated", "maybe"), "--gated maybe: choose auto or manual"),
        (("--to", "org/a", "--tag", "v 1"), "--tag v 1: use letters"),
        (("--to", "org/a", "--tag", "v1", "--create-pr"), "--tag goes with a finished version"),
    ],
)
def test_options_that_do_not_go_together(
    options: tuple[str, ...], sentence: str, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "express_runners.cli", "dataset", "publish", "sample"]
    done = subprocess.run([*command, *options], capture_output=True, text=True, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"error: {sentence}")
    assert list(tmp_path.iterdir()) == []
