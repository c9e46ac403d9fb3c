"""What the house measures: `python tests/support/house.py [CHECKOUT] [--rooms] [--tree]`.

Files, lines, docstring share, floors and folders of the four packages, read from the source. A
file's floor is one above the highest file that it imports; a file that imports none is on floor 1.

Lines "of later features" are those of files and rooms that came whole after the house was laid out:
training, the study, servers, the paper's figures, what is by topic or by rung. Lines "of the first
scope" are all others. Features grew inside those too, as options and branches, and that growth is
counted there: the second figure is too high rather than too low.
"""

from __future__ import annotations

import argparse
import ast
import statistics
import sys
from collections import Counter
from pathlib import Path

FOLDERS = ("express_dataset", "express_metric", "runners", "cards")
LATER = (
    *("cards/study/", "cards/spaces/study/", "runners/cli/study.py", "cards/spaces/demo/guard.py"),
    *("runners/training/", "runners/cli/train.py", "runners/manifest.py", "runners/runs/seen.py"),
    *("runners/planning/dry_training.py", "runners/planning/taught.py", "runners/runs/serve.py"),
    *("runners/runs/guard.py", "runners/engines/api/ranking.py", "runners/cli/reproduce.py"),
    *("cards/comparison/paper", "cards/comparison/published.py", "cards/comparison/whole_posts.py"),
    *("cards/comparison/groups.py", "cards/comparison/verdicts.py", "cards/reports/paper.py"),
    *("cards/reports/feelings.py", "cards/reports/glance.py", "express_metric/analysis/clean.py"),
    *("express_metric/analysis/ladder.py", "express_metric/analysis/affect_intensity.py"),
    *("express_dataset/grouping.py", "express_dataset/known.py"),
)
"""How the paths of later features begin."""

NAMES = {"runners": "express_runners", "cards": "express_cards"}


def docstring_lines(tree: ast.Module) -> int:
    """Lines of all docstrings, those below constants included."""
    return sum(
        (node.end_lineno or node.lineno) - node.lineno + 1
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


def module(root: Path, file: Path) -> str:
    """The import name of a file."""
    parts = list(file.relative_to(root).with_suffix("").parts)
    parts[0] = NAMES.get(parts[0], parts[0])
    return ".".join(parts).removesuffix(".__init__")


def sources(tree: ast.Module, name: str, is_package: bool) -> set[str]:
    """Everything that a file imports, by absolute name; names in modules included."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = name.split(".") if is_package else name.split(".")[:-1]
            base = parts[: len(parts) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            found |= {source} | {f"{source}.{alias.name}" for alias in node.names}
    return found


def floors(graph: dict[str, set[str]]) -> dict[str, int]:
    """The floor of each file; files in a circle count as if the way back were not there."""
    floor: dict[str, int] = {}

    def visit(name: str, above: tuple[str, ...]) -> int:
        if name not in floor:
            below = [visit(o, (*above, name)) for o in graph[name] if o not in (*above, name)]
            floor[name] = 1 + max(below, default=0)
        return floor[name]

    for name in graph:
        visit(name, ())
    return floor


def measure(root: Path) -> dict[str, object]:
    """The figures of a checkout."""
    files = {
        file: file.read_text("utf-8")
        for top in FOLDERS
        for file in sorted((root / top).rglob("*.py"))
    }
    trees = {file: ast.parse(text) for file, text in files.items()}
    lines = {file: text.count("\n") for file, text in files.items()}
    total = sum(lines.values())
    documented = {file: docstring_lines(tree) for file, tree in trees.items()}
    names = {module(root, file): file for file in files}
    graph = {
        name: sources(trees[file], name, file.name == "__init__.py") & names.keys() - {name}
        for name, file in names.items()
    }
    raises = sum(isinstance(node, ast.Raise) for tree in trees.values() for node in ast.walk(tree))
    crowd = Counter(str(file.parent.relative_to(root)) for file in files)

    later = sum(n for f, n in lines.items() if f.relative_to(root).as_posix().startswith(LATER))

    def share(top: str) -> float:
        inside = [file for file in files if file.relative_to(root).parts[0] == top]
        return 100 * sum(documented[f] for f in inside) / sum(lines[f] for f in inside)

    return {
        "files": len(files),
        "lines": total,
        "  of later features": later,
        "  of the first scope": total - later,
        "median file": statistics.median(lines.values()),
        "longest file": max(lines.values()),
        "docstring lines in 100": round(100 * sum(documented.values()) / total, 1),
        **{f"  {top}": round(share(top), 1) for top in FOLDERS},
        "floors": max(floors(graph).values()),
        "raises in 1,000 lines": round(1000 * raises / total, 1),
        "fullest folder": "{} ({})".format(*crowd.most_common(1)[0]),
    }


def main() -> None:
    """Print the figures, and the tree where it is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkout", nargs="?", type=Path, default=Path(__file__).parents[2])
    parser.add_argument("--tree", action="store_true", help="also each file with its lines")
    parser.add_argument("--rooms", action="store_true", help="also each folder with its lines")
    given = parser.parse_args()
    for name, value in measure(given.checkout).items():
        sys.stdout.write(f"{name:28}{value}\n")
    files = [file for top in FOLDERS for file in sorted((given.checkout / top).rglob("*.py"))]
    lines = {f.relative_to(given.checkout): f.read_text("utf-8").count("\n") for f in files}
    rooms: Counter[Path] = Counter()
    for file, count in lines.items():
        rooms[file.parent] += count
    for asked, counts in ((given.rooms, rooms), (given.tree, lines)):
        for path, count in counts.items() if asked else ():
            sys.stdout.write(f"{count:6}  {path}\n")


if __name__ == "__main__":
    main()
