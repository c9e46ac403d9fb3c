"""The launchers' door: `accelerate launch -m express_runners.run ...` and `torchrun -m ...`.

`express run` takes the same options.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any


class _Door(ModuleType):
    """Importing this module puts it in the place of the function `express_runners.run`."""

    def __call__(self, *args: Any, **options: Any) -> Any:
        from .python import run

        return run(*args, **options)


def main() -> None:
    """`python -m express_runners.run OPTIONS` is `express run OPTIONS`."""
    from .cli import main as express

    sys.argv[1:1] = ["run"]
    express()


if __name__ == "__main__":
    main()
else:
    sys.modules[__name__].__class__ = _Door
