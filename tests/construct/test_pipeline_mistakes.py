"""What a maker can get wrong in a build: each is refused in one sentence, and nothing is lost."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
from support import dumps
from support.dumps import asked

from express_dataset.construct import config as config_module
from express_dataset.construct.config import WORK, BuildConfig, ensure_key, find_dumps
from express_dataset.construct.pipeline import build
from express_dataset.construct.report import BuildReport
from express_dataset.errors import DataError


@pytest.fixture(scope="module")
def made() -> Path:
    return dumps.make()


@pytest.fixture(scope="module")
def built() -> BuildReport:
    return dumps.build_once()


CHANGES = [
    ({"min_words": 30}, "min_words was 50 and is 30"),
    ({"protocol": "express-2025"}, "protocol was express and is express-2025"),
    ({"max_tokens": 256}, "max_tokens was 512 and is 256"),
    ({"tokenizer": "words"}, "tokenizer_sha256 was"),
    ({"near_duplicates": "drop"}, "near_duplicates was group and is drop"),
]


@pytest.mark.parametrize(("changes", "message"), CHANGES)
def test_other_settings_are_refused(
    made: Path, built: BuildReport, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        build(asked(made, built.out, **changes))
    assert "give another --out" in str(caught.value)
    assert "\n" not in str(caught.value)


DAMAGED = [
    ("build.json", {}, "settings is missing, and must be an object"),
    ("build.json", {"inputs": [1]}, r"inputs\.0 is 1, and must be an object"),
    ("build.json", {"inputs": [{"name": "a.zst"}]}, r"inputs\.0\.bytes is missing, and must be"),
    ("build.json", {"splits": 3}, "splits is 3, and must be an object"),
    ("build.json", {"gaps": {"x": "y"}}, r"gaps\.x is 'y', and must be a whole number"),
    (f"{WORK}/state.json", {"inputs": {"a.zst": 3}}, r"inputs\.a\.zst is 3, and must be an object"),
    (f"{WORK}/state.json", {"settings": []}, r"settings is \[\], and must be an object"),
]


@pytest.mark.parametrize(("name", "change", "told"), DAMAGED)
def test_what_a_build_told_of_itself_may_be_damaged(
    made: Path, built: BuildReport, tmp_path: Path, name: str, change: dict[str, Any], told: str
) -> None:
    file = tmp_path / name
    file.parent.mkdir(exist_ok=True)
    good = json.loads((built.out / "build.json").read_text())
    if file.name == "state.json":
        good["inputs"] = {one["name"]: one for one in good["inputs"]}
    file.write_text(json.dumps(good | change if change else change))
    with pytest.raises(DataError, match=f"{re.escape(str(file))}: {told}.*: move the folder away"):
        build(asked(made, tmp_path))


def test_other_dumps_and_another_key_are_refused(
    made: Path, built: BuildReport, tmp_path: Path
) -> None:
    changed = dumps.write(tmp_path / "a.zst", dumps.ndjson(dumps.posts(10)))
    with pytest.raises(DataError, match=r"the dump a.zst has other content"):
        build(asked(made, built.out, dumps=(changed, made / "b.jsonl.gz")))
    with pytest.raises(DataError, match=r"the dump b.jsonl.gz was there and is not"):
        build(asked(made, built.out, dumps=(made / "a.zst",)))
    (tmp_path / "key").write_text("11" * 32)
    with pytest.raises(DataError, match="key_check was"):
        build(asked(made, built.out, key=tmp_path / "key"))


def test_a_broken_dump_costs_no_other(made: Path, tmp_path: Path) -> None:
    records = [
        {**one, "selftext": one["selftext"] + f" {n}"}
        for n, one in enumerate(dumps.posts(3000, every=2))
    ]
    cut = dumps.write(tmp_path / "cut.zst", dumps.ndjson(records))
    cut.write_bytes(cut.read_bytes()[:-4000])
    none = tmp_path / "none.zst"
    none.write_bytes(b"this was never compressed")
    good = dumps.write(tmp_path / "good.jsonl", dumps.ndjson(dumps.posts(8, first=9000)))
    report = build(asked(made, tmp_path / "o", dumps=(cut, none, good)))
    kept = {one["name"]: one["masked_posts"] for one in report.content["inputs"]}
    assert kept["good.jsonl"] == 2
    assert 500 < kept["cut.zst"] < 1500
    assert kept["none.zst"] == 0
    first, second = report.problems
    assert first.startswith("cut.zst: the zstd file breaks off in the middle")
    assert second.startswith("none.zst: this is not a zstd file; get the file again")


def test_a_split_that_stays_empty_is_told(made: Path, tmp_path: Path) -> None:
    dump = dumps.write(tmp_path / "one.jsonl", dumps.ndjson(dumps.posts(4)))
    report = build(asked(made, tmp_path / "o", dumps=(dump,)))
    empty = [name for name, rows in report.splits.items() if not rows]
    assert empty
    assert [f"no row is in the split {name}" for name in empty] == [*report.problems]


MISTAKES = [
    ({"dumps": ()}, "no dump was given"),
    ({"dumps": (Path("nowhere.zst"),)}, "nowhere.zst: there is no such file or folder"),
    (
        {"dumps": (Path(__file__),)},
        "not a dump, because its first line is not a JSON object; expected .zst",
    ),
    ({"workers": 0}, "workers is 0; give 1 or more"),
    ({"min_words": 0}, "min_words is 0; give 1 or more"),
    ({"max_tokens": 31}, "max_tokens is 31; give 32 or more"),
    ({"executor": "spark"}, "there is no executor 'spark'; give local or slurm or ray"),
    ({"near_duplicates": "merge"}, "there is no near_duplicates 'merge'; give group or drop"),
    ({"protocol": "best"}, "there is no masking protocol 'best'"),
    ({"executor": "slurm"}, "Slurm needs the executor options partition and time"),
    ({"tokenizer": "/nowhere/at/all"}, "there is no tokenizer folder '/nowhere/at/all'"),
]


@pytest.mark.parametrize(("changes", "message"), MISTAKES)
def test_mistakes_are_one_sentence(
    made: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(DataError, match=message) as caught:
        build(asked(made, tmp_path / "o", **changes))
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "o" / "build.json").exists()


def test_folders_of_dumps(made: Path, tmp_path: Path) -> None:
    found = find_dumps([made])
    assert list(found.dumps) == ["a.zst", "b.jsonl.gz"]
    assert find_dumps([made, made / "a.zst"]) == found
    with pytest.raises(DataError, match="the folder holds no dump"):
        find_dumps([tmp_path])
    twin = dumps.write(tmp_path / "a.zst", [])
    with pytest.raises(DataError, match="have the same name; rename one of them"):
        find_dumps([made, twin])


def test_a_folder_with_other_things_in_it_is_refused(made: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(DataError, match=r"holds 'thesis.tex', which is not of a build"):
        build(asked(made, tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]
    with pytest.raises(DataError, match="a file of that name is in the way"):
        build(asked(made, tmp_path / "thesis.tex"))


def test_a_file_where_a_folder_should_be_is_one_sentence(made: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    for changes in ({"out": tmp_path / "file" / "sub"}, {"key": tmp_path / "file" / "key"}):
        with pytest.raises(DataError, match=rf"{tmp_path}/file.* cannot be ") as caught:
            build(asked(made, **{"out": tmp_path / "o", **changes}))
        assert "\n" not in str(caught.value)
    assert (tmp_path / "file").read_text() == "mine"


def test_two_builds_in_one_folder_are_refused(made: Path, tmp_path: Path) -> None:
    out = tmp_path / "o"
    program = (
        "import fcntl, sys\n"
        "file = open(sys.argv[1], 'w'); fcntl.lockf(file, fcntl.LOCK_EX)\n"
        "print('held', flush=True); sys.stdin.read()"
    )
    (out / WORK).mkdir(parents=True)
    with subprocess.Popen(
        [sys.executable, "-c", program, str(out / WORK / "lock")],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    ) as other:  # fmt: skip
        assert other.stdout is not None
        assert other.stdout.readline() == b"held\n"
        with pytest.raises(DataError, match="another process is building in"):
            build(asked(made, out))
        other.communicate()


def test_a_new_key_is_secret_and_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    path = BuildConfig(dumps=(), out=tmp_path / "o").key
    assert path == tmp_path / "config" / "express" / "construct.key"
    key = ensure_key(path, tmp_path / "o")
    assert len(key) == 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert ensure_key(path, tmp_path / "o") == key
    assert [one.name for one in path.parent.iterdir()] == ["construct.key"]
    with pytest.raises(DataError, match="the key must not lie in"):
        ensure_key(tmp_path / "o" / "key", tmp_path / "o")
    path.write_text("too short")
    with pytest.raises(DataError, match="not a key; expected 64 hexadecimal digits"):
        ensure_key(path, tmp_path / "o")


def test_an_input_that_was_only_touched_is_the_same(tmp_path: Path) -> None:
    path = dumps.write(tmp_path / "a.jsonl", [b"{}\n"])
    then = config_module.inputs({"a.jsonl": path}, {})
    os.utime(path, (1, 1))
    now = config_module.inputs({"a.jsonl": path}, then)
    assert now != then
    assert config_module.differences({"inputs": then}, {"inputs": now}) == []
    path.write_bytes(b"[]\n")
    os.utime(path, (2, 2))
    changed = config_module.inputs({"a.jsonl": path}, then)
    assert config_module.differences({"inputs": then}, {"inputs": changed}) == [
        "the dump a.jsonl has other content"
    ]


def test_ray_says_what_is_missing(made: Path, tmp_path: Path) -> None:
    if find_spec("ray"):
        pytest.skip("ray is installed here, so nothing is missing")
    with pytest.raises(DataError, match="needs the package 'ray'"):
        build(asked(made, tmp_path / "o", executor="ray"))


PROGRAM = """
import sys
from pathlib import Path
from support import dumps
from express_dataset.construct.pipeline import build
from express_dataset.errors import DataError
if __name__ == "__main__":
    try:
        build(dumps.asked(Path(sys.argv[1]), Path(sys.argv[2])))
    except DataError as error:
        sys.exit(str(error))
"""


def test_a_full_disk_is_one_sentence_and_the_build_goes_on(
    made: Path, built: BuildReport, tmp_path: Path
) -> None:
    small, program = tmp_path / "small", tmp_path / "program.py"
    small.mkdir()
    program.write_text(PROGRAM)
    disk = ["mount", "-t", "tmpfs", "-o", "size=300k", "tmpfs", str(small)]
    if subprocess.run(disk, capture_output=True, check=False).returncode:
        pytest.skip("a small disk can only be made by root, on Linux")
    command = [sys.executable, str(program), str(made), str(small / "out")]
    environment = {**os.environ, "PYTHONPATH": f"{dumps.ROOT}:{dumps.ROOT / 'tests'}"}
    try:
        first = subprocess.run(
            command, capture_output=True, text=True, env=environment, check=False
        )
        assert first.returncode == 1
        assert first.stderr.strip().endswith("run the same command again, what is finished is kept")
        assert "Traceback" not in first.stderr
        subprocess.run(["mount", "-o", "remount,size=50m", str(small)], check=True)
        subprocess.run(command, check=True, env=environment)
        told = (small / "out" / "build.json").read_bytes()
        assert told == (built.out / "build.json").read_bytes()
    finally:
        subprocess.run(["umount", "--lazy", str(small)], check=True)
