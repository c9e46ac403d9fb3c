"""What is learned, what is left out, and what the loss is on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from training.conftest import rows_of, write

from express_dataset import Example
from express_dataset.sources import load
from express_runners.config import RunConfig
from express_runners.engines.base import EngineOptions
from express_runners.engines.prompter import Prompter
from express_runners.errors import RunError
from express_runners.models import resolve
from express_runners.prompts.pool import same_story
from express_runners.prompts.wording import ours
from express_runners.training.options import TrainConfig
from express_runners.training.parts import NearTexts, divide
from express_runners.training.targets import IGNORED, Row, Targets
from express_runners.training.train import prepare

Tiny = Callable[[str], Path]
STORY = "one two three four five six seven eight nine ten i was <mask>"


def example(number: int, text: str = STORY, post: str = "") -> Example:
    return Example(f"e{number}", post or f"p{number}", text, ("sad",), 0)


def test_rows_that_stand_in_other_splits_are_left_out() -> None:
    apart = [example(1), example(2, "quite another text i felt <mask>")]
    train = [
        example(3, "something new i felt <mask>", post="p1"),
        example(4, STORY.upper()),
        example(5, f"{STORY} eleven"),
        example(6, "a story of its own i was <mask>"),
    ]
    parts = divide(train, apart, 0.0, 0)
    assert [row.id for row in parts.learned] == ["e6"]
    assert parts.left_out == {
        "post in test or few_shot": 1,
        "text in test or few_shot": 1,
        "near text in test or few_shot": 1,
    }


def test_near_texts_are_those_that_a_comparison_of_all_finds() -> None:
    rows = load("sample", split="all").examples
    texts = [row.text for row in rows][:60]
    changed = [" ".join(text.split()[: int(0.9 * len(text.split()))]) for text in texts[:30]]
    near = NearTexts(texts)

    def words(text: str) -> frozenset[str]:
        import re

        return frozenset(re.findall(r"\w+", text.lower()))

    for text in [*changed, "nothing of the kind <mask>"]:
        expected = any(same_story(words(text), words(other)) for other in texts)
        assert near.holds(text) == expected


def test_a_post_is_learned_or_held_back_as_a_whole() -> None:
    rows = [example(i, f"text number {i} <mask>", post=f"p{i // 3}") for i in range(300)]
    parts = divide(rows, [], 0.2, 7)
    learned = {row.post_id for row in parts.learned}
    held = {row.post_id for row in parts.validation}
    assert not learned & held
    assert 10 <= len(held) <= 30
    twice = [*rows, replace(rows[0], id="copy", post_id=next(iter(held)), text=rows[0].text)]
    again = divide(twice, [], 0.2, 7)
    texts = {row.text for row in again.learned}
    assert not texts & {row.text for row in again.validation}


def targets(folder: Path, several: str = "widen") -> tuple[Targets, Prompter]:
    model = resolve(str(folder))
    wording = ours("fill-mask" if model.family == "masked" else "zero-shot")
    prompter = Prompter(model, EngineOptions(wording))
    return Targets(prompter, model.family, several), prompter


@pytest.mark.parametrize("name", ["llama", "t5"])
def test_the_loss_is_on_the_answer_alone(name: str, tiny: Tiny) -> None:
    made, prompter = targets(tiny(name))
    row = made.row(example(1))
    assert isinstance(row, Row)
    prompt = prompter.prepare(example(1))
    learned = [token for token in row.labels if token != IGNORED]
    assert prompter.tokenizer.decode(learned[:-1]).strip() == '["sad"]'
    assert learned[-1] == prompter.tokenizer.eos_token_id
    assert row.ids[: len(prompt.ids)] == prompt.ids
    if name == "llama":
        assert row.labels[: len(prompt.ids)] == (IGNORED,) * len(prompt.ids)
        assert row.ids[len(prompt.ids) :] == tuple(learned)


def test_labels_of_several_tokens_are_widened_or_counted(tiny: Tiny) -> None:
    both = replace(
        example(1, "i was <mask> and <mask>"),
        labels=("night", "let down"),
        negated=(False,) * 2,
        leaked=(False,) * 2,
    )
    wide, prompter = targets(tiny("roberta"))
    mask = prompter.tokenizer.mask_token_id
    row = wide.row(both)
    assert isinstance(row, Row)
    learned = [label for label in row.labels if label != IGNORED]
    assert prompter.tokenizer.decode(learned) == " night let down"
    assert [i for i, t in enumerate(row.ids) if t == mask] == [
        i for i, label in enumerate(row.labels) if label != IGNORED
    ]
    narrow, _ = targets(tiny("roberta"), "leave-out")
    row = narrow.row(both)
    assert isinstance(row, Row)
    assert (row.ids.count(mask), row.unlearned) == (2, 1)
    assert narrow.row(replace(example(2), labels=("let down",))) == "no-target"


@pytest.mark.parametrize("odd", ["\\back", "it's", "none", 'a"b', "sad.", "50%"])
@pytest.mark.parametrize("name", ["llama", "t5", "roberta"])
def test_what_a_run_would_not_read_as_the_label_is_not_taught(
    name: str, odd: str, tiny: Tiny
) -> None:
    made, prompter = targets(tiny(name))
    row = replace(
        example(1, "i was <mask> and <mask>"),
        labels=("Night", odd),
        negated=(False,) * 2,
        leaked=(False,) * 2,
    )
    found = made.row(row)
    if name != "roberta":
        # The answer is one list: with a word that is no term none of it is read.
        assert found == "no-term"
        return
    assert isinstance(found, Row)
    learned = [label for label in found.labels if label != IGNORED]
    assert prompter.tokenizer.decode(learned) == " Night"
    assert found.unlearned == 1
    assert made.row(replace(example(2), labels=(odd,))) == "no-target"


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"split": "test"}, "only the train split"),
        ({"split": "few_shot"}, "only the train split"),
        ({"prompt": "cot"}, "no reasoning to learn"),
        ({"full": True, "rank": 4}, "belongs to an adapter"),
        ({"learning_rate": float("nan")}, "must be above 0"),
        ({"quantize": "8bit"}, "must be one of 4bit"),
        ({"validation": 1.0}, "below 1"),
        ({"model": "api:gpt"}, "no weights here"),
        ({"shots": 3}, "belongs to --prompt few-shot"),
    ],
)
def test_wrong_options_are_one_sentence(options: dict[str, object], named: str) -> None:
    asked: dict[str, object] = {"model": "m", "out": Path("o"), **options}
    with pytest.raises(RunError, match=named):
        TrainConfig(**asked)  # type: ignore[arg-type]


def test_nothing_left_to_learn_names_the_reasons(tiny: Tiny, tmp_path: Path) -> None:
    train = rows_of("train", 2)
    for word, row in zip(("rain", "snow"), train, strict=True):
        row["text"] = f"{word} " * 5_000 + row["text"]
    file = write(tmp_path / "rows.jsonl", [*rows_of("test", 1), *train])
    config = TrainConfig(str(tiny("llama")), tmp_path / "out", dataset=str(file))
    with pytest.raises(RunError, match=r"nothing is left .*too-long: 2"):
        prepare(config)
    file = write(tmp_path / "none.jsonl", rows_of("test", 2))
    with pytest.raises(ValueError, match="train"):
        prepare(replace(config, dataset=str(file)))


def test_the_prompt_is_that_of_a_run(
    tiny: Tiny, data: Path, template: Path, tmp_path: Path
) -> None:
    config = TrainConfig(
        str(tiny("llama")), tmp_path / "o", dataset=str(data), template=template, validation=0
    )
    found = prepare(config)
    asked = config.asking()
    assert isinstance(asked, RunConfig)
    assert (asked.template, asked.dataset) == (template, str(data))
    assert found.prompt.startswith("zero-shot@")
    assert found.setting.template.source == template.read_text()
