"""How strong an emotion word is: a scale of our own, whose source `intensity_scale.toml` tells."""

import tomllib
from pathlib import Path

from ..terms import british

# Family -> five levels, mild first; words of a level are separated by commas.
_SCALE: dict[str, list[str]] = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))

INTENSITY: dict[str, tuple[str, int]] = {
    spelt: (family, level)
    for family, levels in _SCALE.items()
    for level, words in enumerate(levels, 1)
    for word in words.split(", ")
    for spelt in (word, british(word))
}
"""Term -> (family, level from 1 to 5)."""
