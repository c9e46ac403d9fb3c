"""What a model has seen: refused, marked, kept with adapters, children and merged models."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from express_dataset.sources import load
from express_metric import Signature
from express_runners.config import RunConfig
from express_runners.errors import RunError
from express_runners.manifest import MANIFEST_FILE, hashes, read_manifest
from express_runners.models import resolve
from express_runners.runs.run import run
from express_runners.training.after import export, merge
from express_runners.training.options import TrainConfig
from express_runners.training.train import train

Tiny = Callable[[str], Path]


@pytest.fixture(scope="module")
def adapter(
    tiny: Tiny, data: Path, template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """An adapter of the tiny Llama, after one step; test and few_shot were not seen."""
    out = tmp_path_factory.mktemp("adapter") / "one"
    assert train(learning(tiny("llama"), data, template, out))
    return out


def learning(model: Path, data: Path, template: Path, out: Path) -> TrainConfig:
    return TrainConfig(
        str(model),
        out,
        dataset=str(data),
        epochs=1,
        batch_size=8,
        validation=0,
        template=template,
    )


def asking(adapter: Path, data: Path, template: Path, out: Path) -> RunConfig:
    return RunConfig(str(adapter), out, dataset=str(data), template=template, decode="free")


def test_the_manifest_tells_what_was_seen(adapter: Path, data: Path) -> None:
    manifest = read_manifest(adapter)
    assert manifest is not None
    train_rows = load(str(data), split="train").examples
    assert manifest.seen(train_rows) == list(train_rows)
    assert manifest.seen(load(str(data)).examples) == []
    assert sum(manifest.labels().values()) == 8
    copied = replace(train_rows[0], post_id="another", text=train_rows[0].text.upper())
    assert manifest.seen([copied]) == [copied]
    written = (adapter / MANIFEST_FILE).read_text()
    assert all(row.post_id not in written and row.text not in written for row in train_rows)


def test_a_run_on_what_was_not_seen_is_as_any_other(
    adapter: Path, data: Path, template: Path, tmp_path: Path
) -> None:
    result = run(asking(adapter, data, template, tmp_path / "run"))
    assert result is not None
    signature = Signature.parse(result.scores["paper"]["signature"])
    assert signature.fair
    adapted = result.asked.model
    assert adapted.adapter is not None
    assert (adapted.name, adapted.adapter.name) == ("llama+one", "one")


def test_seen_examples_are_refused_then_marked_or_left_out(
    adapter: Path, data: Path, template: Path, tmp_path: Path
) -> None:
    config = replace(asking(adapter, data, template, tmp_path / "run"), split="all")
    with pytest.raises(RunError, match="trained on 8 of the 14 examples") as refused:
        run(config)
    assert "--seen leave-out" in str(refused.value)
    allowed = run(replace(config, seen="allow"))
    assert allowed is not None
    assert "|seen:8|v:" in allowed.scores["paper"]["signature"]
    rest = run(replace(config, seen="leave-out", out=tmp_path / "rest"))
    assert rest is not None
    assert len(rest.lines) == 6


def test_a_model_trained_on_everything_is_refused(
    adapter: Path, data: Path, template: Path, tmp_path: Path
) -> None:
    everything = load(str(data), split="all").examples
    manifest = read_manifest(adapter)
    assert manifest is not None
    wrong = replace(
        manifest.last,
        posts=hashes(row.post_id for row in everything),
        texts=hashes(row.text for row in everything),
    )
    copy = tmp_path / "everything"
    copy.mkdir()
    for file in adapter.glob("adapter*"):
        (copy / file.name).write_bytes(file.read_bytes())
    replace(manifest, trainings=(wrong,)).write(copy)
    with pytest.raises(RunError, match="trained on 4 of the 4 examples asked"):
        run(asking(copy, data, template, tmp_path / "run"))


def test_a_child_keeps_what_its_parent_saw(
    adapter: Path, data: Path, template: Path, tmp_path: Path
) -> None:
    config = replace(learning(adapter, data, template, tmp_path / "child"), limit=2)
    assert train(config)
    child = read_manifest(tmp_path / "child")
    assert child is not None
    assert [t.examples for t in child.trainings] == [8, 2]
    assert len(child.seen(load(str(data), split="train").examples)) == 8
    assert resolve(str(tmp_path / "child")).adapter


def test_a_merged_model_answers_as_the_adapter_and_keeps_the_proof(
    adapter: Path, data: Path, template: Path, tmp_path: Path
) -> None:
    merged = merge(str(adapter), None, tmp_path / "merged")
    assert not (merged / "adapter_config.json").exists()
    found = []
    for model in (adapter, merged):
        result = run(asking(model, data, template, tmp_path / f"run-{model.name}"))
        assert result is not None
        found.append([line["completion"] for line in result.lines])
    assert found[0] == found[1]
    with pytest.raises(RunError, match="trained on 8 of the 8"):
        run(replace(asking(merged, data, template, tmp_path / "more"), split="train"))


def test_an_adapter_without_a_manifest_is_marked(
    adapter: Path,
    data: Path,
    template: Path,
    tiny: Tiny,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    copy = tmp_path / "foreign"
    copy.mkdir()
    for file in adapter.glob("adapter*"):
        (copy / file.name).write_bytes(file.read_bytes())
    result = run(
        replace(asking(tiny("llama"), data, template, tmp_path / "run"), adapter=str(copy))
    )
    assert result is not None
    assert "|trained:unknown|v:" in result.scores["revised"]["signature"]
    assert capsys.readouterr().err.count("nobody knows what it was trained on") == 1


def test_another_prompt_is_told(
    adapter: Path, data: Path, template: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    template = tmp_path / "other.jinja"
    template.write_text("Say: {{ text }}:", "utf-8")
    run(asking(adapter, data, template, tmp_path / "run"))
    assert "trained with the prompt zero-shot@" in capsys.readouterr().err


def test_an_adapter_of_another_base_is_refused(
    adapter: Path, data: Path, tiny: Tiny, tmp_path: Path
) -> None:
    with pytest.raises(RunError, match="a causal model, and --model t5 is a seq2seq one"):
        resolve(str(tiny("t5")), adapter=str(adapter))
    other = tmp_path / "llama"
    other.mkdir()
    for file in tiny("llama").iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    (other / "note.txt").write_text("one file more: another revision")
    with pytest.raises(RunError, match="was trained on llama@"):
        resolve(str(other), adapter=str(adapter))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ("{", "holds no JSON object"),
        ("[]", "holds no JSON object"),
        ("{}", "kind is missing"),
        ('{"kind": "adapter", "trainings": []}', "trainings is empty"),
        ('{"kind": "adapter", "trainings": [{"base": 1}]}', "trainings.0.base is"),
    ],
)
def test_a_damaged_manifest_is_one_sentence(
    adapter: Path, tmp_path: Path, content: str, named: str
) -> None:
    copy = tmp_path / "damaged"
    copy.mkdir()
    for file in adapter.glob("adapter*"):
        (copy / file.name).write_bytes(file.read_bytes())
    (copy / MANIFEST_FILE).write_text(content, "utf-8")
    with pytest.raises(RunError, match=named):
        resolve(str(copy))


def test_an_adapter_whose_base_is_gone(adapter: Path, tmp_path: Path) -> None:
    manifest = read_manifest(adapter)
    assert manifest is not None
    copy = tmp_path / "orphan"
    copy.mkdir()
    for file in adapter.glob("adapter*"):
        (copy / file.name).write_bytes(file.read_bytes())
    gone = replace(manifest.last.base, source=str(tmp_path / "gone"))
    replace(manifest, trainings=(replace(manifest.last, base=gone),)).write(copy)
    with pytest.raises(RunError, match=r"its base is not at hand .*--adapter"):
        resolve(str(copy))


def test_exported_lines_are_the_prompts_and_a_manifest(
    tiny: Tiny, data: Path, template: Path, tmp_path: Path
) -> None:
    file = tmp_path / "chat.jsonl"
    lines, beside = export(learning(tiny("llama"), data, template, tmp_path / "x"), file)
    assert lines == 8
    first = json.loads(file.read_text().splitlines()[0])
    example = load(str(data), split="train").examples[0]
    assert [m["role"] for m in first["messages"]] == ["user", "assistant"]
    assert first["messages"][0]["content"] == f"{example.text}:"
    assert json.loads(first["messages"][1]["content"]) == list(example.labels)
    assert json.loads(beside.read_text())["trainings"][0]["examples"] == 8
    with pytest.raises(RunError, match=r"--export \. is a folder"):
        export(learning(tiny("llama"), data, template, tmp_path / "y"), Path())
