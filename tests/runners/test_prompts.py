"""Prompts: our wordings, a user's template, reasoning set apart from the answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import tiny_models

from express_dataset import Example, load_examples
from express_runners.config import RunConfig
from express_runners.engines.base import EngineOptions, budget, closed_list
from express_runners.engines.prompter import Prompter
from express_runners.errors import RunError
from express_runners.models import resolve
from express_runners.prompts.setting import Setting, setting_of
from express_runners.prompts.wording import Template, final_answer, from_file, ours, parse
from express_runners.runs.reading import read_completion
from express_runners.runs.run import run

CUE = "Final list:"
SETTINGS = ("zero-shot", "few-shot", "cot")


def example(name: str, text: str, *labels: str) -> Example:
    flags = (False,) * len(labels)
    return Example(name, f"post-{name}", text, labels, 0, flags, flags)


@pytest.mark.parametrize("name", SETTINGS)
@given(text=st.text(min_size=1), count=st.integers(1, 5))
@settings(deadline=None)
def test_a_story_is_shown_whole_whatever_it_holds(name: str, text: str, count: int) -> None:
    # Jinja writes every line end as one newline only in its own source, never in a value.
    assert text.strip() in ours(name).render(text, count)


@pytest.mark.parametrize("name", SETTINGS)
def test_the_number_of_words_is_asked_for(name: str) -> None:
    one, three = (ours(name).render("I was <mask>.", n) for n in (1, 3))
    assert "exactly 1 emotion word" in one
    assert "exactly 1 emotion words" not in one
    assert "exactly 3 emotion words" in three


def test_shots_are_shown_in_their_order_with_their_answers() -> None:
    shots = [
        example("a", "First: {{ text }} & <mask>.", "sad"),
        example("b", "Then <mask>, <mask>.", "so-so", 'a "b"'),
    ]
    shown = ours("few-shot").render("Last <mask>.", 1, shots)
    parts = [
        "First: {{ text }} & <mask>.",
        '["sad"]',
        "Then <mask>, <mask>.",
        '["so-so", "a \\"b\\""]',
        "Last <mask>.",
    ]
    places = [shown.index(part) for part in parts]
    assert places == sorted(places)


BAD_TEMPLATES = {
    "syntax": ("zero-shot", "{{ text }}\n{% if %}", "line 2: Expected"),
    "variable": ("zero-shot", "a\nb {{ txt }}", "line 2: 'txt' is no variable"),
    "include": ("zero-shot", "{{ text }}{% include '/etc/passwd' %}", "stands alone"),
    "cue": ("cot", "{% set cue = count %}{{ text }}", "cue must be a text"),
    "no story": ("zero-shot", "How many? {{ count }}", "must show the story"),
    "cut story": ("zero-shot", "{{ text[:9] }}", "must show the story"),
    "changed": ("zero-shot", "{{ text | upper }}", "must show the story"),
    "escaped": ("zero-shot", "{{ text | e }}", "no filter that a template may use"),
    "no shots": ("few-shot", "{{ text }}", "shows no solved examples"),
    "shots": ("zero-shot", "{{ shots | length }}{{ text }}", "use --prompt few-shot"),
    "cue there": ("zero-shot", "{% set cue = 'So:' %}{{ text }}", "use --prompt cot"),
    "division": ("zero-shot", "{{ text }}\n\n{{ 1 / (count - 2) }}", "line 3 cannot be filled"),
    "attribute": ("few-shot", "{{ text }}{{ shots[0].txt }}", "line 1 cannot be filled"),
    "breaking out": ("zero-shot", "{{ text.__class__.__mro__ }}", "cannot be filled"),
    "changing": ("few-shot", "{{ text }}{{ shots.append(1) }}", "may not hold what can grow"),
}


@pytest.mark.parametrize("case", BAD_TEMPLATES)
def test_a_bad_template_is_refused_with_one_sentence(case: str, tmp_path: Path) -> None:
    name, source, told = BAD_TEMPLATES[case]
    file = tmp_path / "mine.jinja"
    file.write_text(source)
    with pytest.raises(RunError) as caught:
        from_file(name, file)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_template_that_is_no_text_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "mine.jinja"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RunError, match="cannot be read"):
        from_file("zero-shot", file)
    with pytest.raises(RunError, match="cannot be read"):
        from_file("zero-shot", tmp_path / "absent.jinja")


def test_a_hash_tells_one_wording_from_another() -> None:
    hashes = [ours(name).hash for name in (*SETTINGS, "fill-mask")]
    assert len(set(hashes)) == 4
    assert Template("any", ours("cot").source).hash == ours("cot").hash


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"prompt": "five-shot"}, "--prompt must be one of"),
        ({"shots": 3}, "--shots belongs to --prompt few-shot"),
        ({"prompt": "cot", "shot_choice": "random"}, "--shot-choice belongs to"),
        ({"prompt": "few-shot", "shot_choice": "nearest"}, "--shot-choice must be one of"),
        ({"prompt": "few-shot", "shots": 0}, "--shots must be at least 1"),
        ({"prompt": "few-shot", "encoder": "tfidf"}, "--encoder belongs to"),
    ],
)
def test_options_that_do_not_go_together(options: dict[str, object], told: str) -> None:
    with pytest.raises(RunError, match=told):
        RunConfig(model="dummy", out=Path("out"), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "zero-shot"),
        ({"prompt": "cot", "seed": 3}, "cot"),
        ({"prompt": "few-shot"}, "few-shot-5-random"),
        ({"prompt": "few-shot", "shots": 2, "seed": 3}, "few-shot-2-random-seed3"),
        (
            {"prompt": "few-shot", "shot_choice": "random-per-example"},
            "few-shot-5-random-per-example",
        ),
        ({"prompt": "few-shot", "shot_choice": "similar", "seed": 3}, "few-shot-5-similar"),
        (
            {"prompt": "few-shot", "shot_choice": "similar", "encoder": "tfidf"},
            "few-shot-5-similar-tfidf",
        ),
        (
            {"prompt": "few-shot", "shot_choice": "similar", "encoder": "org/gte|base"},
            "few-shot-5-similar-gte-base",
        ),
    ],
)
def test_a_setting_is_named_by_what_it_shows(options: dict[str, object], name: str) -> None:
    config = RunConfig(model="dummy", out=Path("out"), **options)  # type: ignore[arg-type]
    assert setting_of(config, "causal").name == name


@pytest.mark.parametrize("options", [{"prompt": "cot"}, {"template": Path("mine.jinja")}])
def test_a_masked_model_takes_the_story_alone(options: dict[str, object]) -> None:
    config = RunConfig(model="org/bert", out=Path("out"), **options)  # type: ignore[arg-type]
    with pytest.raises(RunError, match="fills its masks; use --prompt zero-shot"):
        setting_of(config, "masked")
    assert setting_of(RunConfig(model="m", out=Path("o")), "masked") == Setting(ours("fill-mask"))


READINGS = {
    # completion, finish -> paper, revised
    "list after the cue": (f'Or ["a"]. {CUE} ["sad"]', "list", ["sad"], ["sad"]),
    "cue in bold": (f'So. **{CUE.upper()}** ["sad"]', "list", ["sad"], ["sad"]),
    "cue named before": (f'I end with {CUE} then. {CUE} ["sad"]', "list", ["sad"], ["sad"]),
    "no cue, but a list": ('I think ["sad"]', "eos", "no-list", ["sad"]),
    "no cue in the budget": ('I think ["sad"] or', "length", "truncated", "truncated"),
    "nothing after the cue": (f"Hm. {CUE}", "length", "truncated", "truncated"),
    "half a list": (f'Hm. {CUE} ["sad", "ang', "length", "no-list", "truncated"),
    "nothing": ("", "eos", "empty", "empty"),
    "not asked": (None, None, "empty", "empty"),
}


@pytest.mark.parametrize("case", READINGS)
def test_only_the_final_list_counts(case: str) -> None:
    completion, finish, paper, revised = READINGS[case]
    found = read_completion(completion, finish, CUE)
    for protocol, wanted in (("paper", paper), ("revised", revised)):
        reading = found[protocol]
        assert (list(reading.terms) if reading.terms else reading.reason) == wanted


def test_without_a_cue_a_full_budget_is_read_as_it_is() -> None:
    assert read_completion("sad", "length", "")["paper"].terms == ("sad",)


@given(st.text(), st.text())
@settings(deadline=None)
def test_the_answer_is_what_follows_the_last_cue(before: str, after: str) -> None:
    wanted = after.lstrip("*_ \t\r\n")
    if CUE.lower() not in after.lower():
        assert final_answer(f"{before}{CUE}{after}", CUE) == wanted


@pytest.mark.parametrize(
    ("text", "cue", "cut"),
    [
        ('Or ["sad"] b', "", 'Or ["sad"]'),
        ('Or ["sad"] b', CUE, None),
        (f'Or ["sad"]. {CUE}', CUE, None),
        (f'Or ["sad"]. {CUE} ["angry"', CUE, None),
        (f'Or ["sad"]. {CUE} ["angry"] c', CUE, f'Or ["sad"]. {CUE} ["angry"]'),
        ('To [user]: ["sad"] x', "", 'To [user]: ["sad"]'),
        ('{"1": ["sad"], "2": ["angry"]', "", None),
        ('<think>["sad"], no.</think>\n["angry"] x', "", '<think>["sad"], no.</think>\n["angry"]'),
        ('<think>["sad"], no.', "", None),
    ],
)
def test_lists_inside_reasoning_do_not_stop_it(text: str, cue: str, cut: str | None) -> None:
    assert closed_list(text, cue) == cut


def test_reasoning_has_a_larger_budget() -> None:
    assert budget(2, reasoning=True) > budget(2) + 400


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    made: dict[str, str] = {}

    def make(name: str) -> str:
        if name not in made:
            folder = tmp_path_factory.mktemp(name) / "model"
            made[name] = str(tiny_models.make(name, folder, chat=name == "llama"))
        return made[name]

    return make


ALL_SETTINGS: list[dict[str, object]] = [
    {"prompt": "few-shot", "shots": 2},
    {"prompt": "few-shot", "shots": 2, "shot_choice": "random-per-example"},
    {"prompt": "few-shot", "shots": 2, "shot_choice": "similar", "encoder": "tfidf"},
    {"prompt": "cot"},
]


@pytest.mark.parametrize("options", ALL_SETTINGS, ids=lambda o: "-".join(map(str, o.values())))
@pytest.mark.parametrize("name", ["llama", "t5"])
def test_every_setting_goes_the_whole_way(
    name: str,
    options: dict[str, object],
    models: Callable[[str], str],
    tmp_path: Path,
) -> None:
    config = RunConfig(
        model=models(name),
        dataset="sample",
        limit=3,
        out=tmp_path / "run",
        **options,  # type: ignore[arg-type]
    )
    result = run(config)
    assert result is not None
    record = json.loads((tmp_path / "run" / "run.json").read_text())
    asked = record["asked"]["prompt"]
    assert f"|prompt:{asked['name']}@{asked['hash']}|" in result.scores["paper"]["signature"]
    count = 2 if "shots" in options else 0
    pool = {e.id: e for e in load_examples("sample", split="few_shot").examples}
    for line in result.lines:
        assert len(line["shots"]) == count
        assert line["shots_dropped"] == 0
        assert set(line["shots"]) <= pool.keys()
    assert record["shots"] == {"shown": 3 * count, "dropped": 0, "examples_with_dropped": 0}
    # What run.json calls the first prompt is what the model got.
    first = record["first_prompt"]
    prompter = Prompter(resolve(config.model), EngineOptions(ours(config.prompt)))
    assert result.lines[0]["id"] == first["id"]
    assert prompter.tokenizer.decode(first["token_ids"]).count(result.examples[0].text[:60]) == 1
    assert all(pool[shot].text in first["text"] for shot in result.lines[0]["shots"])
    if config.prompt == "cot":
        assert asked["cue"] == CUE
        # Random weights never write the cue: their reasoning is cut off, and says so.
        reasons = {r["reason"]["revised"] for r in result.lines if r["finish"] == "length"}
        assert reasons <= {"truncated"}


def test_another_wording_or_seed_is_another_run(
    models: Callable[[str], str], tmp_path: Path
) -> None:
    mine = tmp_path / "mine.jinja"
    mine.write_text("{% for s in shots %}{{ s.text }} {{ s.answer }}\n{% endfor %}{{ text }}\n")

    def start(seed: int) -> None:
        options = {"prompt": "few-shot", "shots": 1, "template": mine, "seed": seed}
        run(
            RunConfig(
                model=models("llama"),
                dataset="sample",
                limit=2,
                out=tmp_path / "run",
                **options,  # type: ignore[arg-type]
            )
        )

    start(seed=1)
    start(seed=1)
    with pytest.raises(RunError, match=r"prompt\.shots\.seed is 1 there and 2 here"):
        start(seed=2)
    mine.write_text(mine.read_text() + "!")
    with pytest.raises(RunError, match=r"prompt\.sha256 is"):
        start(seed=1)


def test_parts_are_given_where_a_chat_template_reads_them_alone(tmp_path: Path) -> None:
    folder = tiny_models.make("llama", tmp_path / "model", chat=True)
    prompter = Prompter(resolve(str(folder)), EngineOptions(ours("zero-shot")))
    story = example("a", "I was <mask> & <mask>.", "sad", "angry")
    plain = prompter.prepare(story).text
    prompter.tokenizer.chat_template = tiny_models.CHAT_TEMPLATE.replace(
        "{{ message['content'] }}",
        "{% for part in message['content'] %}{{ part['text'] }}{% endfor %}{{ '' }}",
    )
    assert prompter.prepare(story).text == plain


def test_a_template_that_drops_the_story_of_some_is_refused() -> None:
    template = Template("zero-shot", "{% if count != 1 %}{{ text }}{% endif %}")
    assert "I was <mask>" in template.render("I was <mask>, <mask>.", 2)
    with pytest.raises(RunError, match="must show the story"):
        template.render("I was <mask>.", 1)


def test_shots_are_left_out_whole_where_there_is_no_room(models: Callable[[str], str]) -> None:
    prompter = Prompter(resolve(models("llama")), EngineOptions(ours("few-shot")))
    asked = load_examples("sample", split="test").examples[0]
    shots = load_examples("sample", split="few_shot").examples[:4]
    whole = prompter.prepare(asked, shots)
    assert whole.shots == tuple(shot.id for shot in shots)
    assert whole.shots_dropped == 0

    prompter.context = len(whole.ids) + whole.budget - 1
    less = prompter.prepare(asked, shots)
    assert less.shots == whole.shots[1:]
    assert less.shots_dropped == 1
    assert less.text.count("Story:") == 4
    assert asked.text in less.text
    assert len(less.ids) + less.budget <= prompter.context

    prompter.context = 10
    none = prompter.prepare(asked, shots)
    assert none.shots == ()
    assert none.shots_dropped == 4
    # The story itself is never cut: the run tells that this example is too long.
    assert asked.text in none.text
    assert len(none.ids) > prompter.context


def test_a_cue_is_found_in_the_source_alone() -> None:
    assert parse("cot", "{% set cue = ' So: ' %}{{ text }}{{ cue }}").cue == "So:"
    assert parse("cot", "{# {% set cue = 'No:' %} #}{{ text }}").cue == ""


def test_shots_without_room_are_counted_and_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tiny_models.make("llama", tmp_path / "model")
    file = model / "tokenizer_config.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), "model_max_length": 900}))
    options = {"prompt": "few-shot", "shots": 3}
    result = run(
        RunConfig(
            model=str(model),
            dataset="sample",
            limit=4,
            out=tmp_path / "run",
            **options,  # type: ignore[arg-type]
        )
    )
    assert result is not None
    dropped = [line["shots_dropped"] for line in result.lines]
    assert all(len(line["shots"]) == 3 - d for line, d in zip(result.lines, dropped, strict=True))
    assert 0 < sum(dropped) < 12
    kept = json.loads((tmp_path / "run" / "run.json").read_text())["shots"]
    count = sum(d > 0 for d in dropped)
    assert kept == {
        "shown": 12 - sum(dropped),
        "dropped": sum(dropped),
        "examples_with_dropped": count,
    }
    told = f"note: {sum(dropped)} shots in {count} examples are left out"
    assert told in capsys.readouterr().err


@pytest.mark.parametrize("name", SETTINGS)
def test_no_wording_says_that_every_word_was_hidden(name: str) -> None:
    # Labels stand elsewhere in the text of one post in six.
    shown = ours(name).render("I feel <mask>. Yes, sad.", 1)
    assert "Each <mask> hides a word for what the person felt." in shown
    assert "Each word" not in shown
