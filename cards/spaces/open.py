"""The Spaces: each can run on this machine, be written to a folder, and go to the Hub.

A static Space is a folder of files: its module's `stage(folder, options)` writes them. A Gradio
Space is an app that the installed package holds: its folder holds `app.py`, which starts it, and
`settings.json`, which says with what.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from express_dataset.errors import DataError

from .files import MANIFEST, read_manifest, write
from .kinds import SPACES, Space
from .options import SpaceOptions, check_options

Told = dict[str, Any]
"""What happened, ready for JSON: `space`, `sdk`, `files`, `folder`, `address` and `hub`."""


def open_space(options: SpaceOptions, tell: Callable[[Told], None]) -> None:
    """Run a Space here, or write its folder, or push it, or the last two."""
    check_options(options)
    space = SPACES[options.name]
    _check_slug(space, options.push)
    # What stands in the way is told before any work is done: a leaderboard can take minutes.
    before = _files_before(space, options.out) if options.out else []
    if options.push is not None:
        from express_dataset.hub_errors import require_login

        require_login(options.push)
    if options.out is None and options.push is None:
        from .serve import free_port

        free_port(options.port)
    told: Told = {"space": space.name, "sdk": space.sdk, "folder": None, "address": None}
    with tempfile.TemporaryDirectory() as scratch:
        staged = Path(scratch)
        told["files"] = space.stage(staged, options)
        told["hub"] = None
        if options.out is not None:
            _copy(staged, told["files"], options.out, before)
            told["folder"] = str(options.out)
        if options.push is not None:
            from .push import push

            told["hub"] = push(staged, space, options.push, private=options.private)
        if options.out is None and options.push is None:
            space.serve(staged, options, lambda address: tell(told | {"address": address}))
        else:
            tell(told)


def as_text(told: Told) -> str:
    """What happened, and what to do next, in lines."""
    name, hub = told["space"], told["hub"]
    slug = SPACES[name].slug or f"express-{name}"
    lines = []
    if told["address"]:
        lines.append(f"{told['address']}  open it in a browser; Ctrl-C ends it")
    if told["folder"]:
        lines += [str(Path(told["folder"]) / file) for file in told["files"]]
    if hub:
        same = "" if hub["changed"] else "nothing has changed, "
        lines.append(f"{hub['url']}  {same}at commit {hub['commit'][:12]}")
    if hub and name == "metric":
        lines.append(f'Next: evaluate.load("{hub["repo"]}")')
    elif not hub:
        lines.append(f"Next: express space {name} --push ORG/{slug}")
    return "\n".join(lines)


def _check_slug(space: Space, repo: str | None) -> None:
    if repo is not None and space.slug and repo.partition("/")[2] != space.slug:
        raise DataError(
            f"--push {repo}: this Space must be called ORG/{space.slug}, because `evaluate` looks "
            "for the file of its own name in it"
        )


def _files_before(space: Space, out: Path) -> list[str]:
    """What an earlier version of the same Space wrote into a folder; others are refused."""
    if out.exists() and not out.is_dir():
        raise DataError(f"--out {out} is a file; give the name of a folder")
    if not out.is_dir() or not any(out.iterdir()):
        return []
    try:
        known = read_manifest((out / MANIFEST).read_bytes())
    except OSError:
        known = {}
    if known.get("space") != space.name:
        raise DataError(
            f"--out {out} holds other files; give a new folder, or one that "
            f"`express space {space.name} --out` wrote"
        )
    files: list[str] = known["files"]
    return files


def _copy(staged: Path, files: list[str], out: Path, before: list[str]) -> None:
    """Copy to a folder; what was there before and is no longer part of the Space goes."""
    for name in files:
        write(out, name, (staged / name).read_bytes())
    for file in _inside(out, before):
        if file.relative_to(out.resolve()).as_posix() not in files:
            file.unlink()


def _inside(out: Path, names: list[str]) -> list[Path]:
    """The files of a list that are there; one that leads out of the folder is none of ours."""
    root = out.resolve()
    found = [(root / str(name)).resolve() for name in names]
    return [file for file in found if file.is_file() and file.is_relative_to(root)]
