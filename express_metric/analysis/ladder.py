"""How wrong is an answer: a ladder from the same word to a feeling turned into its contrary."""

from __future__ import annotations

import numpy as np

from ..plutchik import DIMENSIONS, EMOTIONS
from .confusion import signs
from .intensity import places
from .masks import Masks
from .resampling import Ints

LADDER = ("same", "synonym", "shared", "tone", "nothing", "reversed")
"""The rungs of masks that can be judged, the best first."""

RUNGS = (*LADDER, "unknown", "none")
"""With those that cannot: a word without emotions in the lexicon, and no answer."""

_FEELINGS = (1 << len(EMOTIONS)) - 1
_TONES = (1 << len(DIMENSIONS)) - 1 - _FEELINGS


def rungs(masks: Masks) -> Ints:
    """The rung of each mask, as its place in `RUNGS`; shape (m,).

    ``same``: the very word. ``synonym``: a word of the same vector, or of the same family and
    level on the scale of intensity. ``reversed``: one word is good and the other bad, whatever
    else they share. ``shared``: some of the eight emotions. ``tone``: no emotion, but the
    sentiment. ``nothing``: both words have a vector, and no dimension in common.
    """
    label, answer = masks.label, np.where(masks.valid, masks.answer, masks.label)
    one, other = masks.bits[label], masks.bits[answer]
    family, height = places(masks)
    equal = (height[label] > 0) & (family[label] == family[answer])
    equal &= height[label] == height[answer]
    sign = signs(masks)
    # The first that holds counts.
    rules = {
        "none": ~masks.valid,
        "same": masks.lexical,
        "synonym": (one == other) & (one > 0) | equal,
        "unknown": (one == 0) | (other == 0),
        "reversed": sign[label] * sign[answer] < 0,
        "shared": one & other & _FEELINGS > 0,
        "tone": one & other & _TONES > 0,
    }
    found: Ints = np.select(
        list(rules.values()), [RUNGS.index(name) for name in rules], RUNGS.index("nothing")
    ).astype(np.int64)
    return found
