"""A command's options taken from a configuration class, so that the two cannot drift apart."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields
from typing import Annotated, Any, TypeVar, get_args, get_type_hints

from ..config import SEVERAL

Config = TypeVar("Config")


def takes(config: type[Config]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make a Typer command of a function whose first parameter is a configuration object.

    Every field of the dataclass `config`, annotated with `typer.Option` or `typer.Argument`,
    becomes an option; the function's further parameters stay options of their own. A text that is
    marked as `SEVERAL` may be given again and again: it becomes one, with commas between.
    """

    def decorate(function: Callable[..., None]) -> Callable[..., None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        hints = get_type_hints(config, include_extras=True)
        names = [field.name for field in fields(config)]  # type: ignore[arg-type]
        several = [name for name in names if SEVERAL in get_args(hints[name])]
        for name in several:
            hints[name] = Annotated[list[str] | None, *get_args(hints[name])[1:]]

        def command(**values: Any) -> None:
            for name in several:
                values[name] = ",".join(values[name] or ()) or None
            settings = {name: values.pop(name) for name in names}
            function(config(**settings), **values)

        parameters = [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=inspect.Parameter.empty if field.default is MISSING else field.default,
                annotation=hints[field.name],
            )
            for field in fields(config)  # type: ignore[arg-type]
        ]
        parameters += [p.replace(kind=inspect.Parameter.KEYWORD_ONLY) for p in own]
        command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        command.__annotations__ = {p.name: p.annotation for p in parameters}
        command.__name__, command.__doc__ = function.__name__, function.__doc__
        return command

    return decorate
