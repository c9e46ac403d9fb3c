"""When an answer has ended, and what it is: the same for every way of generating."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from .base import Answer, Prompt, closed_list


class Ends:
    """Tells for one model when the tokens of an answer are complete.

    An answer ends at an end-of-sequence token, when its list is closed (unless it is wanted whole),
    or when its own budget is used up, so it does not depend on the rows it was computed with.
    """

    def __init__(self, model: Any, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        self._closing: dict[int, bool] = {}
        # Every end token the model or the tokenizer names (Llama 3 names two).
        ids = model.generation_config.eos_token_id
        named = ids if isinstance(ids, list) else [ids]
        self.tokens = sorted({i for i in (*named, tokenizer.eos_token_id) if i is not None})

    def reached(self, tokens: Sequence[int], prompt: Prompt) -> bool:
        """Whether the last of `tokens` ends the answer."""
        last = tokens[-1]
        if last in self.tokens or len(tokens) >= prompt.budget:
            return True
        return self._closes(last) and self._closed(prompt.opened + self._text(tokens), prompt)

    def answer(self, tokens: Sequence[int], prompt: Prompt) -> Answer:
        """The answer that `tokens` make; what comes after its end is ignored."""
        ends = (n for n in range(1, len(tokens)) if self.reached(tokens[:n], prompt))
        n = next(ends, len(tokens))
        written = list(tokens[:n])
        stopped = bool(written) and written[-1] in self.tokens
        text = prompt.opened + self._text(written[: n - stopped])
        finish = "eos" if stopped else "length"
        return Answer(text.strip(), "list" if self._closed(text, prompt) else finish, n - stopped)

    def _closes(self, token: int) -> bool:
        if token not in self._closing:
            # A line's end tells a list without quotes from a word in passing.
            self._closing[token] = any(sign in self._tokenizer.decode([token]) for sign in "]}\n")
        return self._closing[token]

    @staticmethod
    def _closed(text: str, prompt: Prompt) -> bool:
        masks = len(prompt.example.labels)
        return not prompt.whole and closed_list(text, prompt.cue, masks) is not None

    def _text(self, tokens: Sequence[int]) -> str:
        text: str = self._tokenizer.decode(list(tokens), skip_special_tokens=True)
        return text
