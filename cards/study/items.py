"""Posts of a run on which person and model differ, drawn evenly from the kinds there are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Literal

from express_dataset import MASK
from express_dataset.errors import DataError
from express_metric.lexicon import Lexicon
from express_metric.plutchik import DIMENSIONS, EMOTIONS

from ..reports.sheet import Sheet
from .judged import Item, Judged

Differ = Literal["vector", "word"]
POSITIVE, NEGATIVE = DIMENSIONS.index("positive"), DIMENSIONS.index("negative")


@dataclass(frozen=True, slots=True)
class Drawn:
    """Posts for a study."""

    items: Sequence[Item]  # named p001, p002, ... in an order that tells nothing.
    examples: Mapping[str, tuple[str, str]]  # for each item the example and the post that it is
    fit: int  # how many posts could have been drawn


def draw(sheet: Sheet, posts: int, differ: Differ, single: bool, random: Random) -> Drawn:
    """Draw posts where the two sides differ at every mask, one segment of a post at most.

    They `differ` in the words' vectors, or only in the words; a `single` mask is all that a post
    may have. Every word of both sides must be known to the lexicon: two unknown words have no
    vectors that could differ, and a word without an explanation beside it would hint at the model.
    """
    run, texts = sheet.runs[0], sheet.told[0].texts
    if texts is None:
        raise DataError(f"{run.name}: {' '.join(sheet.told[0].notes) or 'there are no texts'}")
    if not any(reading.terms for reading in run.readings["revised"]):
        raise DataError(f"{run.name}: the model gave no answer that can be read; take another run")
    ids, owners = sheet.ids, sheet.posts or sheet.ids
    fitting = []
    seen = set()
    rows = list(range(len(run)))
    random.shuffle(rows)
    for row in rows:
        person, terms = run.references[row], run.readings["revised"][row].terms
        if terms is None or owners[row] in seen or texts[row].count(MASK) != len(person):
            continue
        if (single and len(person) > 1) or not _apart(person, terms, differ, run.lexicon):
            continue
        seen.add(owners[row])
        fitting.append((ids[row], owners[row], texts[row], person, tuple(terms)))
    if len(fitting) < posts:
        raise DataError(
            f"{run.name}: {len(fitting)} posts have sides that differ in {differ} at every mask"
            f"{', and one mask' if single else ''}, and --posts asks for {posts}: ask for fewer"
            f"{', or take --differ word' if differ == 'vector' else ''}"
        )
    strata = [strata_of(person, model, run.lexicon) for _, _, _, person, model in fitting]
    chosen = _spread([(one["family"], one["error"]) for one in strata], posts)
    random.shuffle(chosen)
    items, examples = [], {}
    for number, place in enumerate(chosen, 1):
        example, post, text, person, model = fitting[place]
        key = f"p{number:0{max(3, len(str(posts)))}d}"
        items.append(Item(key, person, model, text, strata[place]))
        examples[key] = (example, post)
    return Drawn(items, examples, len(fitting))


def _apart(person: Sequence[str], model: Sequence[str], differ: Differ, lexicon: Lexicon) -> bool:
    """Whether the sides differ at every mask, in words that the lexicon knows."""
    if len(person) != len(model) or any(word not in lexicon for word in (*person, *model)):
        return False
    if any(a == b for a, b in zip(person, model, strict=True)):
        return False
    return differ == "word" or all(
        (lexicon.vector(a) != lexicon.vector(b)).any() for a, b in zip(person, model, strict=True)
    )


def _spread(strata: Sequence[tuple[str, str]], most: int) -> list[int]:
    """Places of so many members that strata keep their shares, by largest remainder.

    >>> _spread([("a", ""), ("a", ""), ("a", ""), ("b", "")], 2)
    [0, 1]
    >>> _spread([("a", ""), ("b", ""), ("b", ""), ("a", "")], 2)
    [0, 1]
    """
    members: dict[tuple[str, str], list[int]] = {}
    for place, stratum in enumerate(strata):
        members.setdefault(stratum, []).append(place)
    shares = {name: most * len(inside) / len(strata) for name, inside in members.items()}
    taken = {name: int(share) for name, share in shares.items()}
    by_rest = sorted(shares, key=lambda name: (taken[name] - shares[name], name))
    for name in by_rest[: most - sum(taken.values())]:
        taken[name] += 1
    return [place for name, inside in members.items() for place in inside[: taken[name]]]


def strata_of(person: Sequence[str], model: Sequence[str], lexicon: Lexicon) -> dict[str, str]:
    """The groups of one post.

    `family` is the first of Plutchik's eight emotions that the person's first word carries;
    `error` tells whether the model's words differ in sign from the person's at any mask.

    >>> from express_metric import load_lexicon
    >>> strata_of(["scared"], ["happy"], load_lexicon("nrc"))["masks"]
    '1'
    """
    first = lexicon.vector(person[0])
    family = next((name for name, bit in zip(EMOTIONS, first, strict=False) if bit), "none")
    signs = [(_sign(a, lexicon), _sign(b, lexicon)) for a, b in zip(person, model, strict=True)]
    if any(a * b < 0 for a, b in signs):
        error = "opposite sign"
    elif all(a == b != 0 for a, b in signs):
        error = "same sign"
    else:
        error = "no clear sign"
    return {"masks": str(len(person)), "family": family, "error": error}


def with_strata(judged: Judged, lexicon: Lexicon) -> Judged:
    """The same answers with every post's groups by a lexicon."""
    items = {
        key: replace(item, strata=strata_of(item.person, item.model, lexicon))
        for key, item in judged.items.items()
        if len(item.person) == len(item.model)
    }
    return replace(judged, items={**judged.items, **items})


def _sign(word: str, lexicon: Lexicon) -> int:
    vector = lexicon.vector(word).astype(int)
    return int(vector[POSITIVE] - vector[NEGATIVE])
