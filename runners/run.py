"""The launchers' door: `accelerate launch -m express_runners.run ...` and `torchrun -m ...`.

`express run` takes the same options; from Python call `run`.
"""

from __future__ import annotations

import sys

from .runs.run import run as run


def main() -> None:
    """`python -m express_runners.run OPTIONS` is `express run OPTIONS`."""
    from .cli import main as express

    sys.argv[1:1] = ["run"]
    express()


if __name__ == "__main__":
    main()
