"""The loading script: EXPRESS for the ``datasets`` library."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, cast

import datasets

from .schema import features
from .sources import Loaded, describe, load_all
from .splits import SPLITS

HOMEPAGE = "https://arxiv.org/abs/2509.09593"
"""The paper that EXPRESS comes from."""


@dataclass
class ExpressConfig(datasets.BuilderConfig):  # type: ignore[misc]  # untyped base
    """Which source the rows come from; its version is that of the source."""

    source: str = "express"  # as for `express_dataset.load_examples`

    def __post_init__(self) -> None:
        """Take the version from the source."""
        super().__post_init__()
        self.version = datasets.Version(describe(self.source).version)


class Express(datasets.GeneratorBasedBuilder):  # type: ignore[misc]  # untyped base
    """EXPRESS with the splits train, test and few_shot, in one config named "default".

    With a ``hash`` it is prepared where ``load_dataset("express")`` finds it: see
    ``express_dataset.install``.
    """

    BUILDER_CONFIG_CLASS = ExpressConfig

    def __init__(self, *args: Any, hash: str | None = None, **kwargs: Any) -> None:  # noqa: A002
        """Take the arguments of ``datasets.GeneratorBasedBuilder``, and ``source``.

        A hash names the data already. Without one the config's id must, or two sources would
        share a folder; but a bare name finds only folders whose id is the config's name.
        """
        self._loaded: dict[str, Loaded] | None = None
        self._named = hash is not None
        super().__init__(*args, hash=hash, **kwargs)

    def _create_builder_config(self, *args: Any, **kwargs: Any) -> tuple[Any, str]:
        # The same in datasets 4, which takes no `config_id` as an argument.
        config, config_id = super()._create_builder_config(*args, **kwargs)
        return config, "default" if self._named else config_id

    def use(self, loaded: dict[str, Loaded]) -> None:
        """Take rows that are loaded already, so that they are not read twice."""
        self._loaded = loaded
        whole = loaded["all"]
        notes = "".join(f" {note}." for note in whole.notes)
        self.info.description = f"{whole.description} Data: {whole.data}.{notes}"
        # Whose file it is, only its columns tell.
        self.info.citation, self.info.license = whole.citation, whole.license
        self.info.features = features(whole.further)

    def _info(self) -> datasets.DatasetInfo:
        origin = describe(self.config.source)
        return datasets.DatasetInfo(
            description=origin.description,
            citation=origin.citation,
            homepage=HOMEPAGE,
            license=origin.license,
            features=features(),
        )

    def _split_generators(self, dl_manager: Any) -> list[datasets.SplitGenerator]:
        # Read here: an error while examples are generated comes out wrapped in another.
        rows = self._rows()
        # A split without rows could be written, but the library cannot load it.
        return [
            datasets.SplitGenerator(name=name, gen_kwargs={"split": name})
            for name in SPLITS
            if rows[name].examples
        ]

    def _generate_examples(self, split: str) -> Iterator[tuple[int, dict[str, Any]]]:
        for number, example in enumerate(self._rows()[split].examples):
            yield number, example.cells()

    def _rows(self) -> dict[str, Loaded]:
        if self._loaded is None:
            self.use(load_all(self.config.source))
        return cast(dict[str, Loaded], self._loaded)
