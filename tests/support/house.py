"""What the house measures: `python tests/support/house.py [CHECKOUT] [--tree]`.

Files, lines, docstring share, floors and folders of the four packages, read from the source. A
file's floor is one above the highest file that it imports; a file that imports none is on floor 1.
"""

from __future__ import annotations

import argparse
import ast
import statistics
import sys
from collections import Counter
from pathlib import Path

FOLDERS = ("express_dataset", "express_metric", "runners", "cards")
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

    def share(top: str) -> float:
        inside = [file for file in files if file.relative_to(root).parts[0] == top]
        return 100 * sum(documented[f] for f in inside) / sum(lines[f] for f in inside)

    return {
        "files": len(files),
        "lines": total,
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
    given = parser.parse_args()
    for name, value in measure(given.checkout).items():
        sys.stdout.write(f"{name:28}{value}\n")
    if given.tree:
        for top in FOLDERS:
            for file in sorted((given.checkout / top).rglob("*.py")):
                count = file.read_text("utf-8").count("\n")
                sys.stdout.write(f"{count:6}  {file.relative_to(given.checkout)}\n")


if __name__ == "__main__":
    main()
