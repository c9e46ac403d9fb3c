"""Installing: the bare name loads, from real caches, in processes of their own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from support.loopback_hub import LoopbackHub

from express_dataset import load_all_examples

ROOT = Path(__file__).resolve().parents[2]

INSTALL = """
import json, sys
from express_dataset import DataError
from express_dataset.install import install_dataset
try:
    done = install_dataset(sys.argv[1])
except DataError as error:
    sys.exit(str(error))
print(json.dumps([str(done.path), dict(done.splits), done.name, done.fingerprint]))
"""

LOAD = """
import json, sys
from datasets import load_dataset
parts = load_dataset("express")
streamed = load_dataset("express", streaming=True)
assert not [name for name in sys.modules if name.startswith("express")]
info = parts["test"].info
print(json.dumps({
    "rows": {name: len(part) for name, part in parts.items()},
    "streamed": {name: sum(1 for _ in part) for name, part in streamed.items()},
    "same": list(parts["test"]) == list(streamed["test"]),
    "first": parts["test"][0],
    "description": info.description, "version": str(info.version), "license": info.license,
    "citation": info.citation, "homepage": info.homepage,
}))
"""


def _python(code: str, *arguments: str, cwd: Path, **environment: str) -> Any:
    known = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=cwd,
        env=known | environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def _install(home: Path, source: str, code: str = INSTALL) -> Any:
    return _python(
        code, source, cwd=ROOT, HF_HOME=str(home), HF_HUB_OFFLINE="1", PYTHONPATH=str(ROOT)
    )


def _installed(home: Path, source: str) -> Any:
    done = _install(home, source)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _loaded(home: Path, cwd: Path, **environment: str) -> Any:
    settings = {"HF_HUB_OFFLINE": "1", "HF_HOME": str(home)} | environment
    done = _python(LOAD, cwd=cwd, **settings)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


def _folders(home: Path) -> list[Path]:
    return [path for path in (home / "datasets" / "express").glob("*/*/*") if path.is_dir()]


def _rows(folder: Path, count: int) -> Path:
    path = folder / f"own{count}.jsonl"
    rows = [
        {"id": f"r{n}", "text": f"Day {n}: I feel <mask>.", "labels": ["sad"]} for n in range(count)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    folder = tmp_path / "empty"
    folder.mkdir()
    return folder


def test_the_sample_loads_offline_by_its_bare_name(tmp_path: Path, empty: Path) -> None:
    path, splits, name, fingerprint = _installed(tmp_path, "sample")
    sample = load_all_examples("sample")
    assert splits == {part: len(sample[part].examples) for part in ("train", "test", "few_shot")}
    assert (name, fingerprint) == ("express-sample", sample["all"].fingerprint)
    assert Path(path).parts[-4:-2] == ("express", "default")
    loaded = _loaded(tmp_path, empty)
    assert loaded["rows"] == loaded["streamed"] == splits
    assert loaded["same"]
    first = sample["test"].examples[0]
    assert loaded["first"]["text"] == first.text
    assert loaded["first"]["labels"] == list(first.labels)
    assert loaded["first"]["negated"] == list(first.negated)
    assert loaded["description"].startswith("NOT the EXPRESS data")
    assert (loaded["version"], loaded["license"]) == ("0.1.0", "apache-2.0")


def test_the_bare_name_loads_online_where_the_hub_has_no_such_dataset(
    tmp_path: Path, empty: Path
) -> None:
    _installed(tmp_path, "sample")
    with LoopbackHub() as hub:
        loaded = _loaded(tmp_path, empty, **hub.environment(str(tmp_path)))
        assert any("express" in request for request in hub.requests)
    assert loaded["description"].startswith("NOT the EXPRESS data")


def test_the_authors_file_says_what_it_is(tmp_path: Path, empty: Path, reference: Path) -> None:
    _installed(tmp_path, str(reference / "gpt4o_predictions.csv"))
    loaded = _loaded(tmp_path, empty)
    assert loaded["rows"] == {"train": 391, "test": 114, "few_shot": 39}
    assert "from the file gpt4o_predictions.csv" in loaded["description"]
    assert "express-csv@6c8c5a78" in loaded["description"]
    assert "shu2026express" in loaded["citation"]
    assert loaded["homepage"] == "https://arxiv.org/abs/2509.09593"


def test_another_source_replaces_the_earlier_and_twice_is_once(tmp_path: Path, empty: Path) -> None:
    _installed(tmp_path, str(_rows(tmp_path, 40)))
    stale = tmp_path / "datasets" / "express" / "other-config" / "9.9.9" / "abc"
    stale.mkdir(parents=True)
    first = _installed(tmp_path, "sample")
    data = Path(first[0]) / "express-test.arrow"
    written = data.stat().st_mtime_ns
    assert _installed(tmp_path, "sample") == first
    assert data.stat().st_mtime_ns == written
    assert _folders(tmp_path) == [Path(first[0])]
    assert not list((tmp_path / "datasets").glob(".express-*"))
    assert _loaded(tmp_path, empty)["rows"] == first[1]


@pytest.mark.parametrize("damaged", ["express-train.arrow", "dataset_info.json"])
def test_a_damaged_installation_is_mended(tmp_path: Path, empty: Path, damaged: str) -> None:
    path, splits, *_ = _installed(tmp_path, "sample")
    (Path(path) / damaged).write_bytes(b"")
    _installed(tmp_path, "sample")
    assert _loaded(tmp_path, empty)["rows"] == splits


def test_a_split_without_rows_is_left_out(tmp_path: Path, empty: Path) -> None:
    rows = json.loads(_rows(tmp_path, 1).read_text()) | {"split": "test"}
    path = tmp_path / "one.jsonl"
    path.write_text(json.dumps(rows))
    assert _installed(tmp_path, str(path))[1] == {"test": 1}
    assert _loaded(tmp_path, empty)["rows"] == {"test": 1}


def test_a_bad_source_loses_nothing(tmp_path: Path, empty: Path) -> None:
    _installed(tmp_path, "sample")
    done = _install(tmp_path, str(tmp_path / "nowhere.csv"))
    assert done.returncode == 1
    assert "there is no file here" in done.stderr
    assert _loaded(tmp_path, empty)["description"].startswith("NOT the EXPRESS data")


def test_no_room_loses_nothing(tmp_path: Path, empty: Path) -> None:
    _installed(tmp_path, "sample")
    before = _folders(tmp_path)
    # The system itself refuses to let any file grow beyond this size.
    limited = "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))\n" + INSTALL
    done = _install(tmp_path, str(_rows(tmp_path, 2000)), limited)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == (
        f"the dataset cannot be written to {tmp_path}/datasets: File too large; make sure that "
        "there is room and that you may write there, or set HF_HOME to another folder, "
        "and install again"
    )
    assert _folders(tmp_path) == before
    assert not list((tmp_path / "datasets").glob(".express-*"))
    assert _loaded(tmp_path, empty)["description"].startswith("NOT the EXPRESS data")


def test_killed_while_building_the_earlier_stays_and_the_next_cleans_up(
    tmp_path: Path, empty: Path
) -> None:
    _installed(tmp_path, "sample")
    # Stopped when the first rows are written: then it is killed for good.
    slow = (
        "import time, express_dataset.express as e\n"
        "rows = e.Express._generate_examples\n"
        "def slowly(self, split):\n"
        "    for row in rows(self, split):\n"
        "        time.sleep(0.05)\n"
        "        yield row\n"
        "e.Express._generate_examples = slowly\n"
    ) + INSTALL
    environment = {
        "HF_HOME": str(tmp_path),
        "HF_HUB_OFFLINE": "1",
        "PYTHONPATH": str(ROOT),
        "PATH": os.environ["PATH"],
    }
    process = subprocess.Popen(
        [sys.executable, "-c", slow, str(_rows(tmp_path, 2000))], cwd=ROOT, env=environment
    )
    waited = time.monotonic() + 60
    while not list((tmp_path / "datasets").glob(".express-*/built/**/*.incomplete*")):
        assert time.monotonic() < waited
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert list((tmp_path / "datasets").glob(".express-*"))
    assert _loaded(tmp_path, empty)["description"].startswith("NOT the EXPRESS data")
    _installed(tmp_path, "sample")
    assert not list((tmp_path / "datasets").glob(".express-*"))


def test_between_move_in_and_move_out_the_new_one_wins(tmp_path: Path, empty: Path) -> None:
    _installed(tmp_path, "sample")
    stop = "import express_dataset.install as i\ni._move_out_others = lambda *_: i.os._exit(9)\n"
    done = _install(tmp_path, str(_rows(tmp_path, 40)), stop + INSTALL)
    assert done.returncode == 9
    assert len(_folders(tmp_path)) == 2
    assert "own40.jsonl" in _loaded(tmp_path, empty)["description"]


def test_the_builder_with_a_hash_is_found_by_the_bare_name(tmp_path: Path, empty: Path) -> None:
    code = (
        "from express_dataset.express import Express\n"
        "Express(source='sample', hash='abc').download_and_prepare()\n"
    )
    assert _install(tmp_path, "", code).returncode == 0
    assert _folders(tmp_path) == [tmp_path / "datasets" / "express" / "default" / "0.1.0" / "abc"]
    assert _loaded(tmp_path, empty)["description"].startswith("NOT the EXPRESS data")


def test_without_a_hash_two_sources_do_not_share_a_folder(tmp_path: Path) -> None:
    from express_dataset.express import Express

    one = Express(source="sample", cache_dir=str(tmp_path))
    other = Express(source=str(_rows(tmp_path, 40)), cache_dir=str(tmp_path))
    assert one.cache_dir != other.cache_dir
    one.download_and_prepare()
    other.download_and_prepare()
    assert len(one.as_dataset(split="train")) == len(load_all_examples("sample")["train"].examples)
    assert sum(len(part) for part in other.as_dataset().values()) == 40
