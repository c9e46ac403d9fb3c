"""Submissions of every kind: own lexicon, part of the data, masked, served, own wording."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support import tiny_models
from support.fault_server import Fault, FaultServer, serving
from support.submitted import change, lines_of, only, read, write_lines

from express_cards.spaces.leaderboard.site import stage
from express_cards.spaces.options import SpaceOptions
from express_cards.submissions.options import PushOptions
from express_cards.submissions.push import push_results
from express_cards.submissions.sources import Sources
from express_cards.submissions.validate import Verdict, validate
from express_metric.errors import MetricError
from express_metric.plutchik import DIMENSIONS
from express_runners.config import RunConfig
from express_runners.runs.run import run

LIMIT = 5
OWN = "Name {{ count }} emotions that are hidden in this story: {{ text }}"
WORDS = ("calm", "glad of it", "sad", "terrified")
SERVED = '["sad", "glad"]'


def lexicon(file: Path, *words: str) -> Path:
    """A lexicon in which each word has the dimension of its place."""
    rows = [[word, *(str(int(n == place)) for n in range(10))] for place, word in enumerate(words)]
    lines = [",".join(row) for row in [["word", *DIMENSIONS], *rows]]
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the lexicon, and in `results` every kind of submission under its own name."""
    root = tmp_path_factory.mktemp("kinds")
    llama, roberta = (
        str(tiny_models.make(name, root / f"tiny-{name}")) for name in ("llama", "roberta")
    )
    lexicon(root / "mine.csv", "sad", "happy", "angry")
    (root / "own.jinja").write_text(OWN, "utf-8")
    (root / "words.txt").write_text("\n".join(WORDS), "utf-8")

    def submit(name: str, model: str, **options: Any) -> None:
        config = RunConfig(model=model, out=root / name, dataset="sample", device="cpu", **options)
        run(config)
        told = push_results(
            PushOptions(
                run=root / name,
                model=f"org/{name}",
                same_weights=True,
                dataset="org/data",
                out=root / "pushed",
                template=options.get("template"),
            )
        )
        shutil.move(root / "pushed" / told["submission"], root / "submissions" / name)

    (root / "submissions").mkdir()
    submit("lexicon", llama, lexicon=str(root / "mine.csv"))
    submit("limit", llama, limit=LIMIT)
    submit("masked", roberta)
    ranked = {"decode": "rank", "vocabulary": str(root / "words.txt"), "other_masks": "picks"}
    submit("ranked", roberta, **ranked)
    submit("template", llama, template=root / "own.jinja")
    similar = {"prompt": "few-shot", "shots": 2, "shot_choice": "similar", "encoder": "tfidf"}
    submit("similar", llama, **similar)
    # The first request is filtered, so that an example has no completion.
    with serving(FaultServer(faults=[Fault("filtered")], says=SERVED)) as server:
        served = {"base_url": server.url, "concurrency": 1, "prompt": "few-shot", "shots": 3}
        submit("api", "api:org/served", **served)
        hosted = {"token_parameter": "max_completion_tokens", "reasoning_tokens": 400}
        served = {"base_url": server.url, "no_temperature": True, **hosted}
        submit("chance", "api:org/hosted", **served)
    return root


KINDS = ("lexicon", "limit", "masked", "ranked", "template", "similar", "api", "chance")


def verdict(root: Path, name: str, *, own: bool = False, limit: int | None = None) -> Verdict:
    """What comes of one submission."""
    sources = Sources(lexicon=str(root / "mine.csv") if own else None, limit=limit)
    (found,) = validate(str(root / "submissions" / name), sources)
    return found


@pytest.mark.parametrize("name", [name for name in KINDS if name != "limit"])
def test_every_kind_passes_beside_the_lexicon_that_one_of_them_needs(root: Path, name: str) -> None:
    found = verdict(root, name, own=True)
    assert found.reason is None
    assert found.passed is not None
    stored = read(root / name / "scores.json")
    assert found.passed.scores == stored
    assert ("mine-3@" in stored["paper"]["signature"]) is (name == "lexicon")


def test_a_lexicon_of_ones_own_must_be_given_and_be_the_same(root: Path, tmp_path: Path) -> None:
    told = verdict(root, "lexicon").reason or ""
    assert told.startswith("run.json: the lexicon 'mine-3@")
    assert told.endswith("' is the submitter's own; give it with --lexicon")
    other = lexicon(tmp_path / "mine.csv", "sad", "angry", "happy")
    reason = only(validate(str(root / "submissions" / "lexicon"), Sources(lexicon=str(other))))
    assert "is the submitter's own, and that of --lexicon is mine-3@" in reason


def test_a_lexicon_that_the_user_names_and_is_not_there_ends_the_check(root: Path) -> None:
    with pytest.raises(MetricError, match="no such lexicon"):
        validate(str(root / "submissions" / "masked"), Sources(lexicon="nowhere.csv"))


def test_a_part_of_the_data_passes_only_where_it_is_asked_for(root: Path) -> None:
    assert verdict(root, "limit", limit=LIMIT).ok
    told = verdict(root, "limit").reason or ""
    assert told == (
        "run.json: the run is on 5 examples, but split test of sample has 26; answer all of them, "
        "without --limit"
    )
    told = verdict(root, "masked", limit=LIMIT).reason or ""
    assert told.endswith("split test of sample has 5; check it without --limit 5")


def test_what_a_served_model_left_out_is_told_as_it_was(root: Path) -> None:
    lines = lines_of(root / "submissions" / "api")
    silent = [line for line in lines if line["completion"] is None]
    assert [line["reason"]["revised"] for line in silent] == ["refusal"]
    asked = read(root / "submissions" / "api" / "run.json")["asked"]
    assert asked["model"]["server"] == "a server of one's own"
    assert "127.0.0.1" not in (root / "submissions" / "api" / "run.json").read_text("utf-8")


def test_a_server_with_a_temperature_of_its_own_is_told(root: Path, tmp_path: Path) -> None:
    folder = root / "submissions" / "chance"
    asked = read(folder / "run.json")["asked"]
    assert asked["decoding"]["name"] == "free-default-temperature"
    card = (folder / "README.md").read_text("utf-8")
    (command,) = (line for line in card.splitlines() if line.startswith("express run"))
    assert "--token-parameter max_completion_tokens --reasoning-tokens 400 " in command
    assert command.endswith(" --no-temperature")
    assert "its answers vary by chance" in card
    # Nobody can call it greedy.
    other = Path(shutil.copytree(folder, tmp_path / "mine"))
    change(other / "run.json", *DECODING, "greedy", to=True)
    told = "asked.decoding.greedy is True, not False"
    assert told in only(validate(str(other), Sources()))


def test_shots_for_which_a_server_had_no_room_are_told_by_the_answers(
    root: Path, tmp_path: Path
) -> None:
    """A run's own record has what was planned; its submission has what was shown."""
    again = Path(shutil.copytree(root / "api", tmp_path / "run"))
    lines = lines_of(again)
    lines[0] |= {"shots": lines[0]["shots"][1:], "shots_dropped": 1}
    write_lines(again, lines)
    options = PushOptions(run=again, out=tmp_path / "out")
    folder = tmp_path / "out" / push_results(options)["submission"]
    shots = read(folder / "run.json")["shots"]
    assert shots == {"shown": 3 * 26 - 1, "dropped": 1, "examples_with_dropped": 1}
    assert validate(str(folder), Sources())[0].reason is None


def test_all_of_them_on_one_leaderboard(root: Path, tmp_path: Path) -> None:
    whole = tmp_path / "results"
    for name in KINDS:
        # Each at the place that its content gives it.
        found = verdict(root, name, own=True, limit=LIMIT if name == "limit" else None)
        assert found.passed is not None
        shutil.copytree(root / "submissions" / name, whole / found.passed.path)
    options = SpaceOptions(
        "leaderboard", results=str(whole), data=["sample"], lexicon=str(root / "mine.csv")
    )
    stage(tmp_path / "site", options)
    board = json.loads((tmp_path / "site" / "results.json").read_text("utf-8"))
    (refused,) = board["refused"]
    assert refused["name"].startswith("org--limit/zero-shot")
    tables = [table for table in board["tables"] if table["protocol"] == "paper"]
    rows = {row["model"]: (row, table) for table in tables for row in table["rows"]}
    assert set(rows) == {f"org/{name}" for name in KINDS if name != "limit"}
    # Another lexicon is another table, with the figures that the submission itself has.
    assert [len(table["rows"]) for table in tables] == [5, 1, 1]
    for model, (row, table) in rows.items():
        assert ("mine-3@" in table["lexicon"]) is (model == "org/lexicon")
        scores = read(root / model.removeprefix("org/") / "scores.json")["paper"]
        assert row["figures"]["vector_f1"]["value"] == scores["vector_f1"]
    assert rows["org/api"][0]["ran_as"] == "org/served"
    page = (tmp_path / "site" / "index.html").read_text("utf-8")
    assert "run as <bdi>tiny-roberta</bdi>; that it is this model is the submitter" in page


def note(*names: str | int) -> tuple[tuple[str | int, ...], Any, str]:
    """A key that no run tells."""
    where = ".".join(map(str, names))
    return (
        (*names, "note"),
        "the best",
        f"run.json: {where} holds 'note', which this",
    )


DECODING, SHOTS = ("asked", "decoding"), ("asked", "prompt", "shots")
VERSION = ("submission", "version")


@pytest.mark.parametrize(
    ("name", "change_to"),
    [
        ("api", note("asked")),
        ("api", note("asked", "model")),
        ("api", note("asked", "dataset")),
        ("api", note("asked", "prompt")),
        ("api", note(*SHOTS)),
        ("api", note(*DECODING)),
        ("ranked", note(*DECODING)),
        ("api", note("asked", "lexicon")),
        ("api", (("submission", "note"), "x", "submission holds 'note', which")),
        ("api", (("shots", "note"), "x", "shots.note is too much")),
        ("api", (("sessions", 0, "note"), "x", "sessions.0 holds 'note', which")),
        ("api", (("sessions", 0, "code", "note"), {}, "holds 'note': {}, which is no plain fact")),
        ("api", (("sessions", 0, "started"), "today", "'today', which is no date and time")),
        ("api", (("sessions", 0, "started"), "2026-11-21", "which is no date and time")),
        ("api", (("sessions", 0, "started"), "20261121T000000", "which is no date and time")),
        ("api", (("sessions", 0, "device"), "a\u202eb", "sessions.0.device is 'a")),
        ("api", (("note",), "x", "it holds 'note', which")),
        ("api", (("template",), OWN, "asked.prompt.hash is")),
        ("api", (("vocabulary",), ["a"], "vocabulary is too much")),
        ("api", ((*DECODING, "temperature"), 0.7, "asked.decoding.temperature is 0.7, not 0.0")),
        ("api", ((*DECODING, "seed"), 7, "asked.decoding.seed is 7, and must be")),
        ("api", ((*DECODING, "greedy"), False, "asked.decoding.greedy is False, not True")),
        ("api", ((*DECODING, "max_new_tokens"), "all", "max_new_tokens is 'all'")),
        ("api", ((*DECODING, "name"), "rank-1@0", "asked.decoding.name is 'rank-1@0', not")),
        ("api", (("asked", "model", "revision"), "best", "is no revision of a model (family api)")),
        ("api", (("asked", "dtype"), "float32", "is no number format of a model (family api)")),
        ("api", (("asked", "quantize"), "8bit", "is no way to quantize (family api)")),
        ("masked", (("asked", "quantize"), "2bit", "is no way to quantize (family masked)")),
        (
            "masked",
            (("asked", "dtype"), "served", "is no number format of a model (family masked)"),
        ),
        ("masked", (("asked", "dtype"), "exact", "is no number format of a model (family masked)")),
        (
            "masked",
            (("asked", "model", "revision"), "v2", "is no revision of a model (family masked)"),
        ),
        ("masked", (("asked", "model", "server"), "https://x", "there for api, and only then")),
        ("masked", (("asked", "model", "name"), "tiny\u202e", "that can be seen")),
        ("masked", (("asked", "model", "name"), "t" * 300, "at most 200 characters")),
        ("masked", (("asked", "lexicon", "name"), "my", "own, and that of --lexicon is mine-3@")),
        ("lexicon", (("asked", "lexicon", "name"), "Mine", "lexicon.name is 'Mine', not 'mine'")),
        ("masked", ((*DECODING, "name"), "rank-1@0", "decoding.name is 'rank-1@0', not")),
        ("masked", (VERSION, "9.9.9", "it was made by express 9.9.9, and this is")),
        ("masked", (VERSION, "best", "is 'best', which is no version")),
        ("similar", ((*SHOTS, "choice"), "best", "'best' is no choice that a run has")),
        ("similar", ((*SHOTS, "choice"), "random", "not 'few-shot-2-random-tfidf'")),
        ("similar", ((*SHOTS, "pool"), 99, "asked.prompt.shots.pool is 99, not")),
        ("similar", ((*SHOTS, "pool_fingerprint"), "0", "shots.pool_fingerprint is '0', not")),
        ("similar", (("shots", "shown"), 9, "run.json: shots.shown is 9, not")),
        ("ranked", ((*DECODING, "terms"), 99, "asked.decoding.terms is 99, not")),
        ("ranked", ((*DECODING, "others"), "gold", "is no way of decoding")),
        ("ranked", (("prior", "logprobs"), [[0.0, 0.0]] * 2, "prior.logprobs must be 2 by")),
        ("ranked", (("vocabulary", 0), "a, b", "is no term of one to three words")),
    ],
    ids=lambda value: value if isinstance(value, str) else f"{value[0][-1]}-{value[1]!r}"[:40],
)
def test_what_no_run_tells_is_refused(
    root: Path, tmp_path: Path, name: str, change_to: tuple[tuple[str | int, ...], Any, str]
) -> None:
    names, value, told = change_to
    folder = Path(shutil.copytree(root / "submissions" / name, tmp_path / "mine"))
    change(folder / "run.json", *names, to=value)
    reason = only(validate(str(folder), Sources(lexicon=str(root / "mine.csv"))))
    assert reason.startswith("run.json")
    assert told in reason
    assert reason.isprintable()


def _vocabulary(folder: Path, term: str) -> None:
    """Another term, with every hash and name as it must be for it."""
    from express_runners.vocabulary import Vocabulary

    record = read(folder / "run.json")
    words = Vocabulary("words.txt", (term, *record["vocabulary"][1:]))
    name = f"rank-{words.label}-picks"
    change(folder / "run.json", "vocabulary", to=list(words.terms))
    for key, value in (("sha256", words.sha256), ("name", name)):
        change(folder / "run.json", *DECODING, key, to=value)


@pytest.mark.parametrize("term", ["Calm", "a, b", "one two three four", "c" * 101, "a\u202eb", ""])
def test_a_vocabulary_holds_terms_and_nothing_else(root: Path, tmp_path: Path, term: str) -> None:
    folder = Path(shutil.copytree(root / "submissions" / "ranked", tmp_path / "mine"))
    _vocabulary(folder, term)
    reason = only(validate(str(folder), Sources()))
    assert reason.endswith(" in the vocabulary is no term of one to three words")


def _other_text(folder: Path) -> None:
    change(folder / "run.json", "template", to=OWN + " Please.")


def _untold(folder: Path) -> None:
    record = read(folder / "run.json")
    del record["template"]
    (folder / "run.json").write_text(json.dumps(record), "utf-8")


def _no_template(folder: Path) -> None:
    _hashed(folder, "{% for %}")


def _cue(folder: Path) -> None:
    _hashed(folder, '{% set cue = "So:" %}' + OWN)
    change(folder / "run.json", "asked", "prompt", "cue", to="So:")


def _hashed(folder: Path, text: str) -> None:
    from express_runners.prompts.wording import Template

    made = Template("zero-shot", text)
    for key, value in (("sha256", made.sha256), ("hash", made.hash)):
        change(folder / "run.json", "asked", "prompt", key, to=value)
    change(folder / "run.json", "template", to=text)


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (_other_text, "asked.prompt.hash is "),
        (_untold, "include it with `express results push --template FILE`"),
        (_no_template, "the prompt's wording cannot be read (--template zero-shot, line 1:"),
        (_cue, "the prompt's wording must name a cue for cot, and only then"),
    ],
)
def test_a_wording_of_ones_own_is_told_and_fits(
    root: Path, tmp_path: Path, spoil: Callable[[Path], None], told: str
) -> None:
    folder = Path(shutil.copytree(root / "submissions" / "template", tmp_path / "mine"))
    assert read(folder / "run.json")["template"] == OWN
    spoil(folder)
    assert told in only(validate(str(folder), Sources()))
