"""The one command, `express`: the only room that sees the cards."""

from .main import app as app
from .main import main as main
