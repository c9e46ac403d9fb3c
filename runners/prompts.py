"""What a model is shown: one template for each prompt setting."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

ZERO_SHOT = """\
A person told this story on social media. The words for what the person felt were replaced by \
<mask>. There {verb} {count} <mask>. Predict the hidden emotion {noun}. The answer is a list of \
exactly {count} {noun} in double quotes, in order. Only emotion words are allowed. Do not explain \
anything.

Story: {text}

Write the list of exactly {count} emotion {noun}, like {example}:"""


@dataclass(frozen=True, slots=True)
class Template:
    """A prompt's wording under a name.

    >>> ZERO_SHOT_TEMPLATE.render("I was <mask>.", 1).splitlines()[-1]
    'Write the list of exactly 1 emotion word, like ["word1"]:'
    >>> Template("mine", "{text}").hash != ZERO_SHOT_TEMPLATE.hash
    True
    """

    name: str
    source: str

    @property
    def hash(self) -> str:
        """First four hex digits of the wording's SHA-256; part of every signature."""
        return hashlib.sha256(self.source.encode()).hexdigest()[:4]

    @property
    def label(self) -> str:
        """Name and hash, as a signature shows them."""
        return f"{self.name}@{self.hash}"

    def render(self, text: str, n_masks: int) -> str:
        """The prompt for one example: `text` holds `n_masks` masks."""
        one = n_masks == 1
        shown = ", ".join(f'"word{i}"' for i in range(1, min(n_masks, 3) + 1))
        return self.source.format(
            text=text.strip(),
            count=n_masks,
            verb="is" if one else "are",
            noun="word" if one else "words",
            example=f"[{shown}]" if n_masks <= 3 else f"[{shown}, ...]",
        )


ZERO_SHOT_TEMPLATE = Template("zero-shot", ZERO_SHOT)
# A masked model is shown the text alone, with its own mask token.
FILL_MASK_TEMPLATE = Template("fill-mask", "{text}")
