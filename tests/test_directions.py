"""Imports run one way: from a room only to what stands on its left, and never in a circle.

Read from the source, inside functions and under TYPE_CHECKING too, so that no circle hides.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    "express_dataset": "express_dataset",
    "express_metric": "express_metric",
    "express_runners": "runners",
    "express_cards": "cards",
}
# From left to right; a room is a file or a folder.
RUNNERS = (
    "errors bounded typed server vocabulary config manifest gguf models prompts engines runs "
    "training planning harness"
)
CARDS = (
    "words drawings terminal hub_files pages comparison markdown reports dataset submissions "
    "study spaces"
)
ROOMS = [
    # What a user can mend, for every room; in the metric, because `evaluate` copies it from there.
    "express_metric.errors",
    # And the words' families, by which a label stands in a text in another form.
    "express_metric.headwords_i_z",
    "express_metric.headwords",
    "express_metric.terms",
    "express_dataset",
    "express_metric",
    *(f"express_runners.{room}" for room in RUNNERS.split()),
    *(f"express_cards.{room}" for room in CARDS.split()),
    "express_runners.cli",
    "express_runners.python",
    "express_runners.run",
    "express_runners.demo",
]
# The cards show runs; planning and harnesses are not theirs.
HIDDEN_FROM_CARDS = {"express_runners.planning", "express_runners.harness"}

Graph = Mapping[str, frozenset[str]]


def imported(tree: ast.Module, package: str, known: frozenset[str]) -> Iterator[str]:
    """The known modules that a file imports, wherever in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = parts[: len(parts) - node.level + 1] if node.level else []
            source = ".".join([*base, *([node.module] if node.module else [])])
            for alias in node.names:
                whole = f"{source}.{alias.name}"
                if whole in known:
                    yield whole
                elif source in known:
                    yield source


def read_imports(root: Path) -> Graph:
    """Every module of the four packages, with the modules of them that it imports."""
    files = {}
    for package, folder in PACKAGES.items():
        for file in (root / folder).rglob("*.py"):
            if not file.with_name("__init__.py").is_file():
                continue  # a recipe is a script that users start, no module
            parts = (package, *file.relative_to(root / folder).with_suffix("").parts)
            files[".".join(parts)] = file
    modules = {name.removesuffix(".__init__"): file for name, file in files.items()}
    known = frozenset(modules)
    graph = {}
    for name, file in modules.items():
        package = name if file.name == "__init__.py" else name.rpartition(".")[0]
        tree = ast.parse(file.read_text("utf-8"))
        graph[name] = frozenset(imported(tree, package, known)) - {name}
    return graph


def room(module: str) -> str | None:
    """The room that a module stands in; None for the doors of `runners` and `cards`."""
    for name in (module, *(module.rsplit(".", n)[0] for n in range(1, module.count(".") + 1))):
        if name in ROOMS:
            return name
    return None


def upward(graph: Graph) -> set[tuple[str, str]]:
    """Imports of something to the right, of a package's twin, or of what is hidden."""
    found = set()
    for module, others in graph.items():
        here = room(module)
        for other in others:
            there = room(other)
            if here is None or there is None or here == there:
                continue
            twins = {here, there} == {"express_dataset", "express_metric"}
            hidden = here.startswith("express_cards") and there in HIDDEN_FROM_CARDS
            if twins or hidden or ROOMS.index(there) > ROOMS.index(here):
                found.add((module, other))
    return found


def circles(graph: Graph) -> list[list[str]]:
    """Groups of nodes that reach each other, by Tarjan's algorithm."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    found = []

    def visit(node: str) -> None:
        number[node] = low[node] = len(number)
        stack.append(node)
        for other in graph.get(node, ()):
            if other not in number:
                visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], number[other])
        if low[node] == number[node]:
            group = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(group) > 1:
                found.append(sorted(group))

    for node in sorted(graph):
        if node not in number:
            visit(node)
    return found


def by_folder(graph: Graph) -> Graph:
    """The same imports between folders; a file beside subfolders stands for itself."""
    parents = {module.rpartition(".")[0] for module in graph}
    mixed = {parent.rpartition(".")[0] for parent in parents}

    def place(module: str) -> str:
        parent = module.rpartition(".")[0]
        return module if not parent or parent in mixed or module in parents else parent

    folded: dict[str, set[str]] = {}
    for module, others in graph.items():
        folded.setdefault(place(module), set()).update(place(other) for other in others)
    return {name: frozenset(others - {name}) for name, others in folded.items()}


@pytest.fixture(scope="module")
def graph() -> Graph:
    return read_imports(ROOT)


def test_every_module_has_a_room(graph: Graph) -> None:
    doors = {"express_runners", "express_cards"}
    # A recipe runs `express` as a process of its own, and imports nothing of it.
    alone = {module for module in graph if module.startswith("express_runners.recipes.")}
    assert {module for module in graph if room(module) is None} == doors | alone
    assert all(not graph[module] for module in alone)


def test_imports_run_one_way(graph: Graph) -> None:
    assert upward(graph) == set()


def test_no_circle_of_files(graph: Graph) -> None:
    assert circles(graph) == []


def test_no_circle_of_folders(graph: Graph) -> None:
    assert circles(by_folder(graph)) == []


def test_the_metric_knows_its_siblings_by_relative_imports() -> None:
    # `evaluate` copies what `express_alignment.py` names so, and what those files name.
    folder = ROOT / "express_metric"
    tree = ast.parse((folder / "express_alignment.py").read_text("utf-8"))
    named = {n.module for n in tree.body if isinstance(n, ast.ImportFrom) and n.level == 1}
    needed = set(named)
    queue = list(needed)
    while queue:
        source = ast.parse((folder / f"{queue.pop()}.py").read_text("utf-8"))
        for node in ast.walk(source):
            if isinstance(node, ast.ImportFrom) and node.level and node.module not in needed:
                needed.add(node.module)
                queue.append(str(node.module))
    assert needed == named


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("runners/runs/store.py", "def late() -> None:\n    from express_cards import pages\n"),
        (
            "express_dataset/schema.py",
            "def late() -> None:\n    from express_metric import scoring\n",
        ),
        ("cards/words.py", "def late() -> None:\n    from express_runners.cli import main\n"),
        ("cards/reports/report.py", "from express_runners.planning import sweep\n"),
        ("runners/config.py", "def late() -> None:\n    from . import runs\n"),
        ("express_metric/errors.py", "def late() -> None:\n    from . import terms\n"),
    ],
)
def test_an_import_that_runs_back_is_seen(tmp_path: Path, file: str, line: str) -> None:
    for folder in PACKAGES.values():
        for source in (ROOT / folder).rglob("*.py"):
            target = tmp_path / source.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(source.read_text("utf-8"), "utf-8")
    before = upward(read_imports(tmp_path))
    with (tmp_path / file).open("a", encoding="utf-8") as end:
        end.write(f"\n\n{line}")
    assert len(upward(read_imports(tmp_path)) - before) == 1
