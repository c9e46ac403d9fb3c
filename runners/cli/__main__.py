"""`python -m express_runners.cli` is `express`."""

from .main import main

main()
