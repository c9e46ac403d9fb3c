"""Every option of every command with values that cannot be meant, the commands' own list asked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

FILES = (
    "a-folder",
    "a-file",
    "a-link-to-itself",
    "empty",
    "zeros.bin",
    "bom.csv",
    "half.jsonl",
)


def bad_files(folder: Path) -> None:
    """Files and folders that are of no use to anyone, beside the good ones."""
    (folder / "a-folder").mkdir()
    (folder / "a-file").write_text("not what you think\n")
    (folder / "a-link-to-itself").symlink_to("a-link-to-itself")
    (folder / "empty").touch()
    (folder / "zeros.bin").write_bytes(bytes(3000))
    (folder / "bom.csv").write_bytes("a;b\nä;ö\n".encode("utf-16"))
    (folder / "half.jsonl").write_bytes(b'{"id": "a", "text": "\xff\xfe')
    for name in ("csv", "jsonl", "parquet", "json", "yaml", "gguf", "zst", "gz", "xlsx"):
        (folder / f"junk.{name}").write_bytes(b"\x00\xff{[\x1b[31m\r\n" * 40)
        (folder / f"void.{name}").touch()


VALUES = (
    "", " ", ".", "..", "x" * 300, "x/" * 3000,
    "a-file/below", "\x1b[31mred\x07", "two\nlines", "half-\udcff", "\u202egnp", "-1", "0", "1e999",
    "nan", "9" * 25, "9" * 5000, "1.5", "missing", "org/name", "org/name@" + "0" * 40, "a b/c d",
    "https://127.0.0.1:9/v1", "http://[", "{}", "[]", "api:", "dummy:", "dummy:uniform@x", "@",
    "~nobody-of-that-name/x", "$HOME", "*", "sample", "junk.csv", "junk.jsonl", "junk.parquet",
    "junk.json", "junk.yaml", "junk.gguf", "junk.zst", "junk.gz", "junk.xlsx", "void.csv",
    "void.jsonl", "void.parquet", "void.json", "void.yaml", "void.gguf", "void.zst", "void.xlsx",
    *FILES,
)  # fmt: skip
# For what is only read: whoever runs this may be allowed to write anywhere.
READ = ("/proc/self", "/dev/null", "/dev/full", "/proc/self/mem")
_WRITES = ("out", "key", "export")


def commands() -> Iterator[tuple[str, Any]]:
    """Every command by its name, as Click knows it."""
    import typer.main

    from express_runners.cli import app

    queue: list[tuple[str, Any]] = [("", typer.main.get_command(app))]
    while queue:
        name, command = queue.pop(0)
        below = getattr(command, "list_commands", None)
        if below is None:
            yield name.strip().replace("train train", "train"), command
        else:
            queue += [(f"{name} {key}", command.get_command(None, key)) for key in below(None)]


def cases(good: dict[str, list[str]]) -> Iterator[tuple[str, list[str]]]:
    """Words with one value replaced or added; what is tried comes first."""
    for name, command in commands():
        if name not in good:
            continue
        for parameter in command.params:
            if parameter.name == "help" or getattr(parameter, "is_flag", False):
                continue
            for value in (*VALUES, *(() if parameter.name in _WRITES else READ)):
                words = changed(good[name], parameter, value)
                yield f"{name} {parameter.name}={value[:30]!r}", words


def changed(words: Sequence[str], parameter: Any, value: str) -> list[str]:
    """The words with this value of the parameter."""
    if parameter.param_type_name == "option":
        option = max(parameter.opts, key=len)
        if option in words:
            place = list(words).index(option) + 1
            return [*words[:place], value, *words[place + 1 :]]
        return [*words, option, value]
    # The first word that is neither the command's name nor an option.
    place = 2 if words[0] in ("dataset", "results", "study") else 1
    value = f"./{value}" if value.startswith("-") else value
    return [*words[:place], value, *words[place + 1 :]]
