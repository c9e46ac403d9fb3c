"""The demo Space without a browser: marks, models, explanations, and what is refused."""

from __future__ import annotations

import doctest
import importlib
import re
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import tiny_models
from support.fault_server import Fault, FaultServer, serving

from express_cards.spaces.demo import marks
from express_cards.spaces.demo.answering import Answered, Answerer
from express_cards.spaces.demo.explain import difference, explain, judge, summary, unread
from express_cards.spaces.demo.settings import DemoError, Settings, from_file
from express_cards.spaces.demo.view import result
from express_dataset import DataError, Example, load_examples
from express_dataset.construct.masking import mask
from express_metric import PROTOCOLS, Reading, Reason, load_lexicon
from express_runners.engines import load_engine
from express_runners.engines.api import faults
from express_runners.engines.base import EngineOptions
from express_runners.errors import RunError
from express_runners.models import resolve
from express_runners.prompts.wording import ours

NASTY = "I typed <mask> and <script>alert(1)</script> \U0001f622. I felt gutted and let down."
PAGE = Path(marks.__file__).parent
NRC = load_lexicon("nrc")


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Folders of tiny models by their names."""
    folder = tmp_path_factory.mktemp("models")
    names = ("llama", "roberta", "t5")
    return {name: str(tiny_models.make(name, folder / name)) for name in names}


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(faults, "FIRST_WAIT", 0.01)
    for name in ("EXPRESS_API_KEY", "OPENAI_API_KEY"):
        monkeypatch.delenv(name, raising=False)


def example(*labels: str, negated: bool = False) -> Example:
    """An example with these labels."""
    flags = (negated,) * len(labels)
    return Example("a", "a", "<mask> " * len(labels), labels, 0, flags, (False,) * len(labels))


def both(*terms: str) -> dict[str, Reading]:
    return dict.fromkeys(PROTOCOLS, Reading(terms))


@pytest.mark.parametrize("name", ["answering", "explain", "marks", "page", "settings", "view"])
def test_the_examples_run(name: str) -> None:
    module = importlib.import_module(f"express_cards.spaces.demo.{name}")
    found = doctest.testmod(module)
    assert found.failed == 0
    assert found.attempted > 0


@given(st.text())
def test_the_pieces_are_the_text(text: str) -> None:
    cut = marks.pieces(text)
    assert "".join(cut) == text
    assert len(cut) % 2 == 1
    assert all(any(letter.isalnum() for letter in word) for word in cut[1::2])


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("don't, so-so - ok", ["don't", "so-so", "ok"]),
        ("\u05d4\u05e8\u05d2\u05e9\u05ea\u05d9 \u05e2\u05e6\u05d5\u05d1", None),
        ("<mask>", ["mask"]),
        ("\u2764\ufe0f sad\U0001f622", ["sad"]),
        ("\u0926\u0941\u0916\u0940", ["\u0926\u0941\u0916\u0940"]),
    ],
)
def test_words(text: str, words: list[str] | None) -> None:
    assert marks.pieces(text)[1::2] == (words or text.split())


@given(st.text("ab ,", max_size=9), st.booleans())
def test_marks_stay_with_their_words_when_others_are_added(added: str, before: bool) -> None:
    old = "one sad two"
    new = f"{added} {old}" if before else f"{old} {added}"
    (place,) = marks.panel_marks(marks.panel(old, [1]), new)
    assert marks.pieces(new)[1::2][place] == "sad"


@pytest.mark.parametrize(
    "value", [None, "x", 7, [], {}, {"pieces": "a", "marked": [0]}, {"pieces": ["", "a", ""]}]
)
def test_what_no_browser_of_ours_sends_is_no_mark(value: object) -> None:
    assert marks.panel_marks(value, "a") == []


def test_marks_outside_of_the_text_are_dropped() -> None:
    panel = {"pieces": ["", "sad", ""], "marked": [0, 1, -1, True, "0", 10**9]}
    assert marks.panel_marks(panel, "sad") == [0]


@pytest.mark.parametrize(
    ("text", "places", "said"),
    [
        (" \n", [], "There is no post yet"),
        ("sad", [], "No word is marked"),
        ("a" * 5000, [0], "5,000 characters"),
        ("sad, " * 9, range(9), "9 emotion words are marked"),
        ("so very sad today", range(4), "more than 3 words"),
        ("the end", [0], "\u201cthe\u201d cannot be the word"),
        ("42", [0], "\u201c42\u201d cannot be"),
    ],
)
def test_what_cannot_be_asked_is_a_sentence(text: str, places: Any, said: str) -> None:
    with pytest.raises(DemoError) as caught:
        marks.marked(text, places)
    assert said in str(caught.value)


def test_what_is_typed_as_a_mask_is_none() -> None:
    words = marks.pieces(NASTY)[1::2]
    places = [words.index(word) for word in ("gutted", "let", "down")]
    found = marks.marked(NASTY, places)
    assert found.example.labels == ("gutted", "let down")
    assert found.example.text.count("<mask>") == 2
    assert [NASTY[begin:end] for begin, end in found.spans] == ["gutted", "let down"]


def test_the_sample_posts_are_masked_as_the_sample_is() -> None:
    rows = {row.id: row for row in load_examples("sample", split="all").examples}
    for key, title in marks.POSTS.items():
        found = marks.marked(*marks.posts()[title]).example
        assert (found.text, found.labels) == (rows[key].text, rows[key].labels)
        assert (found.negated, found.leaked) == (rows[key].negated, rows[key].leaked)


def test_words_are_found_as_the_dataset_finds_them() -> None:
    pytest.importorskip("spacy")
    for text, _ in marks.posts().values():
        words = marks.pieces(text)[1::2]
        assert [words[place].lower() for place in marks.find(text)] == list(mask(text).labels)


def test_a_local_model_ranks_the_words_and_the_persons_own(models: dict[str, str]) -> None:
    asked = marks.marked("I felt zonked and sad.", [2, 4]).example
    for name in models:
        answerer = Answerer(Settings(model=models[name]))
        answerer.ask(models[name], example("sad"))
        held = answerer._engine
        found = answerer.ask(models[name], asked)
        assert answerer._engine is held, "the model was loaded again for a visitor's word"
        assert found.ranks is not None
        shares = [found.probability(0, term) or 0.0 for term in found.terms]
        assert sum(shares) == pytest.approx(1, abs=1e-2)
        # A masked model ranks words of one token only.
        assert ("zonked" in found.terms) is (name != "roberta")
        if name == "roberta":
            assert found.ranks[0]["reference"] is None
        else:
            place = sorted(shares, reverse=True).index(shares[found.terms.index("zonked")]) + 1
            assert found.ranks[0]["reference"] == pytest.approx(place, abs=3)
        # The same as the runners' own engine says.
        local = resolve(models[name])
        template = ours("fill-mask" if name == "roberta" else "zero-shot")
        options = EngineOptions(template, vocabulary=answerer.vocabulary(asked))
        engine = load_engine(local, options)
        assert engine.answer([engine.prepare(asked)])[0].completion == found.completion
        # The next visitor does not see the word.
        assert "zonked" not in answerer.ask(models[name], example("sad")).terms


def test_one_model_is_in_memory(models: dict[str, str]) -> None:
    import weakref

    answerer = Answerer(Settings(model=f"{models['llama']},{models['roberta']}"))
    assert answerer.state(models["llama"]) == "cold"
    first = answerer.ask(models["llama"], example("sad"))
    assert answerer.state(models["llama"]) == "ready"
    held = weakref.ref(answerer._engine)
    assert answerer.ask(models["roberta"], example("sad")).model == "roberta"
    assert held() is None
    assert answerer.ask(models["llama"], example("sad")).completion == first.completion


def test_a_model_that_was_not_offered_is_refused(models: dict[str, str]) -> None:
    with pytest.raises(DemoError, match="no such model"):
        Answerer(Settings(model=models["llama"])).ask(models["roberta"], example("sad"))


def test_a_post_too_long_for_the_model_is_a_sentence(models: dict[str, str]) -> None:
    asked = Example("a", "a", "\u20ac" * 3000 + " <mask>", ("sad",), 0)
    with pytest.raises(DemoError, match="too long for llama, which reads up to 2,048"):
        Answerer(Settings(model=models["llama"])).ask(models["llama"], asked)


def test_a_served_model_writes_freely_and_one_question_at_a_time() -> None:
    with serving(FaultServer(says='Sure: ["furious"]', always=Fault("slow"))) as server:
        answerer = Answerer(Settings(model="api:org/name", base_url=server.url))
        asked = marks.marked("I was angry.", [2]).example
        found: list[Answered] = []
        threads = [
            threading.Thread(target=lambda: found.append(answerer.ask("api:org/name", asked)))
            for _ in range(3)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [one.readings["revised"].terms for one in found] == [("furious",)] * 3
    assert found[0].ranks is None
    assert server.most_under_way == 1
    assert all("angry" not in prompt for prompt in server.prompts)


def test_a_server_that_fails_tells_the_visitor_no_secret(
    capfd: pytest.CaptureFixture[str],
) -> None:
    echo = Fault("status", 400, b'{"error": {"message": "cannot read: I was <mask> at Ann\'s"}}')
    with serving(FaultServer(always=echo)) as server:
        answerer = Answerer(Settings(model="api:org/name", base_url=server.url))
        with pytest.raises(DemoError) as caught:
            answerer.ask("api:org/name", marks.marked("I was angry at Ann's.", [2]).example)
    assert str(caught.value).startswith("org/name cannot be reached at the moment")
    told = str(caught.value) + "".join(capfd.readouterr())
    assert "Ann" not in told
    assert server.url not in str(caught.value)
    assert "express run --model api:org/name" in told


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (Settings(model="./nothing"), "no such folder"),
        (Settings(model="org/name", base_url="http://x/v1"), "is for a served model"),
        (Settings(model="api:x", base_url="ftp://x"), "must be an address"),
        (Settings(model="api:x,api:x"), "two models have one name"),
        (Settings(model="dummy:uniform", lexicon="nothing.csv"), "no such lexicon"),
    ],
)
def test_a_wrong_start_is_told_at_the_start(settings: Settings, said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        Answerer(settings)


@pytest.mark.parametrize("text", ["nonsense", "[1]", '{"modle": "x"}', '"model"'])
def test_settings_that_cannot_be_read(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.json"
    file.write_text(text, "utf-8")
    with pytest.raises(DataError, match=r"some of model, adapter, base_url, lexicon"):
        from_file(file)


@pytest.mark.parametrize(
    ("label", "answer", "said"),
    [
        ("furious", "angry", "the same family of emotion (anger), softer."),
        ("annoyed", "furious", "the same family of emotion (anger), stronger."),
        ("sad", "sad", "and so would the model: the very word."),
        ("sad", "angry", "another family of emotion, anger in place of sadness."),
        ("happy", "sad", "It turns a good feeling into a bad one."),
        ("sad", "happy", "It turns a bad feeling into a good one."),
        ("sad", "zzz", "The lexicon gives no emotion for \u201czzz\u201d"),
        ("zzz", "sad", "the scale of intensity lacks \u201czzz\u201d"),
    ],
)
def test_the_explanation(label: str, answer: str, said: str) -> None:
    assert said in " ".join(explain(judge(example(label), both(answer), NRC), 0))


def test_denied_and_leaked_feelings_are_pointed_out() -> None:
    asked = marks.marked("I am not sad. Sad people cry.", [3]).example
    told = " ".join(explain(judge(asked, both("tired"), NRC), 0))
    assert "You deny this feeling" in told
    assert "also stands unmasked" in told


@pytest.mark.parametrize(
    ("readings", "said"),
    [
        (both("sad"), "agree"),
        (both("zzz"), "the lexicon gives no emotion for \u201czz\u201d and \u201czzz\u201d"),
        ({"paper": Reading(None), "revised": Reading(("sad",))}, "counts as written in one way"),
        (dict.fromkeys(PROTOCOLS, Reading(None, Reason.EMPTY)), "leaves answers that cannot be"),
        ({"paper": Reading(("sad.",)), "revised": Reading(("sad",))}, "read other words in"),
    ],
)
def test_why_the_protocols_differ(readings: dict[str, Reading], said: str) -> None:
    label = "zz" if readings["paper"].terms == ("zzz",) else "sad"
    assert said in difference(judge(example(label), readings, NRC))


def test_an_answer_with_too_many_words_is_told() -> None:
    assert unread(judge(example("sad"), both("sad", "mad"), NRC)) == [
        "No words could be read from the answer: not as many words as are hidden."
    ]


def test_what_is_shown_is_escaped() -> None:
    words = marks.pieces(NASTY)[1::2]
    asked = marks.marked(NASTY, [words.index("gutted")])
    evil = "<img src=x onerror=alert(1)>"
    judged = judge(asked.example, both(evil), NRC)
    page = result(asked, Answered(evil, evil, both(evil), None, ()), judged)
    assert "<script" not in page
    assert "<img" not in page
    assert "&lt;mask&gt; and &lt;script&gt;alert(1)&lt;/script&gt; \U0001f622" in page


def test_the_card_fits_the_hub_and_gradio() -> None:
    gradio = pytest.importorskip("gradio")
    yaml = pytest.importorskip("yaml")
    card = yaml.safe_load((PAGE / "README.md").read_text("utf-8").split("---")[1])
    assert card["sdk"] == "gradio"
    assert card["sdk_version"] == gradio.__version__
    assert card["app_file"] == "app.py"
    assert len(card["short_description"]) <= 60


def test_nothing_typed_is_kept_by_gradio(models: dict[str, str]) -> None:
    from express_cards.spaces.demo.page import build

    blocks = build(Settings(model=models["llama"]))
    config = blocks.get_config_file()
    called = [one for one in config["dependencies"] if one["backend_fn"]]
    assert called
    assert {one["api_visibility"] for one in called} == {"private"}
    assert not blocks.analytics_enabled


def test_an_error_while_loading_is_no_traceback(models: dict[str, str], tmp_path: Path) -> None:
    import shutil

    from express_cards.spaces.demo.page import _Page

    broken = tmp_path / "broken"
    shutil.copytree(models["llama"], broken)
    page = _Page(Answerer(Settings(model=str(broken))))
    (broken / "config.json").unlink()
    *_, (status, answer) = page.ask("I am sad", marks.panel("I am sad", [2]), str(broken))
    assert "config.json is missing" in status
    assert answer == ""
    with pytest.raises(RunError):
        resolve(str(broken))


def test_a_shared_tone_is_not_called_a_shared_emotion() -> None:
    row = Example("a", "a", "I felt <mask>.", ("sad",), 0)
    answer = Reading(("terrified",))
    judged = judge(row, {"paper": answer, "revised": answer}, load_lexicon("nrc"))
    assert judged.kind(0) == "tone"
    assert summary(judged) == "Your word and the model's: only the tone shared."
    told = " ".join(explain(judged, 0))
    assert "both carry a negative tone, but no emotion in common" in told
