"""`make demo`: a real, very small language model on the embedded sample."""

from __future__ import annotations

import sys

from express_runners.cli.main import main
from express_runners.models import packaged_model

if __name__ == "__main__":
    sys.argv = ["express", "run", "--model", str(packaged_model()), "--dataset", "sample"]
    sys.argv += ["--split", "test", "--out", "runs/demo"]
    main()
