"""The Space: the page comes from the installed package, its settings from the file beside."""

from pathlib import Path

from express_cards.spaces.demo.page import build, launch_options
from express_cards.spaces.demo.settings import from_file

if __name__ == "__main__":
    settings = from_file(Path(__file__).with_name("settings.json"))
    build(settings).launch(**launch_options())
