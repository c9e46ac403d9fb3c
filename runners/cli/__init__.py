"""The one command, `express`: the only room that sees the cards; so do the doors beside it."""

from .main import app as app
from .main import main as main
