"""What a model's words say beside the person's, in plain words."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from express_dataset import Example
from express_metric.analysis.confusion import signs, vector_name
from express_metric.analysis.intensity import level
from express_metric.analysis.ladder import RUNGS, rungs
from express_metric.analysis.masks import Masks, mask_table
from express_metric.lexicon import Lexicon, normal
from express_metric.parsing import PROTOCOLS, Reading
from express_metric.plutchik import SENTIMENTS
from express_metric.scoring import FIGURES, Scores, score

from ...words import LADDER, REASONS


@dataclasses.dataclass(frozen=True)
class Judged:
    """The answer under both protocols."""

    example: Example  # the visitor's
    tables: Mapping[str, Masks]  # for each protocol the table of masks
    scores: Mapping[str, Scores]  # for each protocol the figures
    lexicon: Lexicon  # where the vectors come from

    @property
    def masks(self) -> Masks:
        """The table of the protocol `revised`, which the page speaks of."""
        return self.tables["revised"]

    def answer(self, mask: int) -> str | None:
        """The model's word at a mask; None where it gave none."""
        code = int(self.masks.answer[mask])
        return None if code < 0 else self.masks.vocabulary[code]

    def kind(self, mask: int) -> str:
        """The rung on which the model's word stands, of `RUNGS`."""
        return RUNGS[int(rungs(self.masks)[mask])]


def judge(example: Example, readings: Mapping[str, Reading], lexicon: Lexicon) -> Judged:
    """Score one answer under both protocols."""
    labels = [example.labels]
    return Judged(
        example,
        {name: mask_table(labels, [readings[name]], lexicon, name) for name in PROTOCOLS},
        {name: score(labels, [readings[name]], lexicon, name) for name in PROTOCOLS},
        lexicon,
    )


def explain(judged: Judged, mask: int) -> list[str]:
    """What to think of the model's word at one mask: a few sentences."""
    label, answer = normal(judged.example.labels[mask]), judged.answer(mask)
    if answer is None:
        said = [f"You wrote \u201c{label}\u201d; no word of the model's can be set beside it."]
    elif answer == label:
        said = [f"You wrote \u201c{label}\u201d, and so would the model: the very word."]
    else:
        said = [
            f"You wrote \u201c{label}\u201d; the model would have said \u201c{answer}\u201d: "
            f"{_family(label, answer)}."
        ]
        said.append(_lexicon(judged, mask))
    if judged.example.negated[mask]:
        said.append(
            "You deny this feeling in the text; a model that goes by the mood alone misses that."
        )
    if judged.example.leaked[mask]:
        said.append("The word also stands unmasked in your post, so the model could copy it.")
    return said


def summary(judged: Judged) -> str:
    """The answer as a whole in one sentence.

    >>> from express_metric import load_lexicon
    >>> row = Example("a", "a", "<mask>, <mask>", ("sad", "glad"), 0, (False,) * 2, (False,) * 2)
    >>> readings = dict.fromkeys(PROTOCOLS, Reading(("sad", "angry")))
    >>> summary(judge(row, readings, load_lexicon("nrc")))
    'Of your 2 words: 1 the same word, 1 tone reversed.'
    """
    kinds = [judged.kind(mask) for mask in range(len(judged.masks))]
    counted = [f"{kinds.count(kind)} {LADDER[kind].name}" for kind in LADDER if kind in kinds]
    if len(kinds) == 1:
        return f"Your word and the model's: {LADDER[kinds[0]].name}."
    return f"Of your {len(kinds)} words: {', '.join(counted)}."


def difference(judged: Judged) -> str:
    """Why the two ways of counting agree or not on this answer."""
    paper, revised = (judged.scores[name].figures for name in PROTOCOLS)
    if all(paper[name] == revised[name] for name in FIGURES):
        return "Both ways of counting agree on this answer."
    if len({bool(table.valid.all()) for table in judged.tables.values()}) > 1:
        return (
            "They differ, because the answer counts as written in one way and not in the other: "
            "the paper accepts one form of list, and any text without a bracket as one word; the "
            "revised way reads every clear form, but never a sentence."
        )
    if not judged.masks.valid.any():
        return (
            "They differ, because the paper leaves answers that cannot be read out of its means, "
            "and the revised way counts each of their words as wrong."
        )
    said = [[table.vocabulary[code] for code in table.answer] for table in judged.tables.values()]
    if said[0] != said[1]:
        return (
            "They differ, because they read other words in the answer: the paper leaves marks such "
            "as full stops, and the numbers of a list, on a word, and the revised way takes them "
            "off."
        )
    blank = [word for word in judged.masks.vocabulary if not judged.lexicon.covers(word)]
    return (
        f"They differ, because the lexicon gives no emotion for {_quoted(blank, ' and ')}: for the "
        "paper two such words are alike, whatever they are, while the revised way lets such a "
        "word match only itself."
    )


def unread(judged: Judged) -> list[str]:
    """What could not be read of an answer, and why: a sentence for each protocol."""
    why = {}
    for name in PROTOCOLS:
        invalid = judged.scores[name].invalid
        if invalid:
            reason = next(iter(invalid))
            why[name] = REASONS[reason]
    if len(set(why.values())) == 1 and len(why) == len(PROTOCOLS):
        return [f"No words could be read from the answer: {why['paper']}."]
    ways = {"paper": "in the paper's way", "revised": "in the revised way"}
    return [f"Read {ways[name]}, there are no words: {said}." for name, said in why.items()]


def _family(label: str, answer: str) -> str:
    """Family and strength of two different words, by the scale of intensity."""
    one, other = level(label), level(answer)
    if one is None or other is None:
        missing = [word for word, place in ((label, one), (answer, other)) if place is None]
        return f"another word; the scale of intensity lacks {_quoted(missing, ' and ')}"
    if one[0] != other[0]:
        return f"another family of emotion, {other[0]} in place of {one[0]}"
    strength = "about as strong" if one[1] == other[1] else "stronger"
    if other[1] < one[1]:
        strength = "softer"
    return f"the same family of emotion ({one[0]}), {strength}"


def _lexicon(judged: Judged, mask: int) -> str:
    """What the lexicon says of two different words."""
    masks = judged.masks
    codes = int(masks.label[mask]), int(masks.answer[mask])
    label, answer = (int(masks.bits[code]) for code in codes)
    blank = [masks.vocabulary[code] for code in codes if not masks.bits[code]]
    if blank:
        return (
            f"The lexicon gives no emotion for {_quoted(blank, ' and ')}, so it cannot tell how "
            "close they are."
        )
    if masks.vector[mask]:
        return f"The lexicon gives both the same: {_names(label)}."
    shared = label & answer
    match judged.kind(mask):
        case "reversed":
            good = signs(masks)[masks.label[mask]] > 0
            one, other = ("good", "bad") if good else ("bad", "good")
            return f"It turns a {one} feeling into a {other} one."
        case "nothing":
            return "By the lexicon they have neither an emotion nor the tone in common."
        case "tone":
            return f"By the lexicon both carry {_names(shared)}, but no emotion in common."
    if not shared:
        return "By the lexicon they have no emotion in common, though they are of one family."
    return f"By the lexicon both carry {_names(shared)}, but they differ in the rest."


def _names(bits: int) -> str:
    """The emotions and sentiments of a vector, as one says them."""
    names = vector_name(bits).split("+")
    said = [f"a {name} tone" if name in SENTIMENTS else name for name in names]
    return " and ".join(filter(None, [", ".join(said[:-1]), said[-1]]))


def _quoted(words: Sequence[str], between: str) -> str:
    return between.join(f"\u201c{word}\u201d" for word in words)
