"""What a prompt template may hold: nothing that takes long or grows, whoever wrote it.

Judged by its syntax alone; no part of it is evaluated.
"""

from __future__ import annotations

from typing import Any

from express_dataset.errors import require

from ..errors import RunError

MOST_CHARACTERS = 64 * 1024
MOST_NODES = 4000
_DEEPEST = 60
_DEEPEST_LOOP = 2
# Those that make nothing longer than what they are given.
_FILTERS = frozenset({"capitalize", "count", "default", "first", "int", "join", "last", "length"})
_FILTERS |= {"list", "lower", "sort", "string", "title", "trim", "unique", "upper", "wordcount"}
_TESTS = frozenset({"defined", "divisibleby", "eq", "even", "in", "ne", "none", "number", "odd"})
_TESTS |= {"string", "undefined"}
# Each may double what it is given, and the next one that again.
_MOST_DOUBLED = 8


def read_tree(environment: Any, source: str, where: str) -> Any:
    """The syntax tree of a template that stays within bounds."""
    jinja = require("jinja2", "run")
    if len(source) > MOST_CHARACTERS:
        raise RunError(
            f"{where} has {len(source)} characters: a template has at most {MOST_CHARACTERS}."
        )
    try:
        tree = environment.parse(source)
    except jinja.TemplateSyntaxError as error:
        raise RunError(f"{where}, line {error.lineno}: {error.message}") from error
    except (RecursionError, ValueError, AssertionError, OverflowError, MemoryError) as error:
        raise RunError(f"{where} cannot be read: it is nested too deep, or no template.") from error
    _check(tree, where)
    return tree


def _check(tree: Any, where: str) -> None:
    nodes = require("jinja2.nodes", "run")
    growing: tuple[Any, ...] = (nodes.Pow, nodes.Mul, nodes.Mod, nodes.Call)
    growing += (nodes.Macro, nodes.CallBlock, nodes.AssignBlock)
    alone = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends)
    queue, seen, doubled = [(tree, 0, 0)], 0, 0
    while queue:
        node, depth, loops = queue.pop()
        seen += 1
        at = f"{where}, line {node.lineno or 1}"
        loops += isinstance(node, nodes.For)
        if isinstance(node, alone):
            raise RunError(f"{at}: a template stands alone, without imports.")
        doubled += isinstance(node, nodes.Add | nodes.Concat)
        grows = isinstance(node, growing) and not _counts_masks(node, nodes)
        if grows or doubled > _MOST_DOUBLED or _holds_names(node, nodes):
            what = type(node).__name__.lower()
            raise RunError(f"{at}: a template may not hold what can grow or run on ({what}).")
        for kind, known in ((nodes.Filter, _FILTERS), (nodes.Test, _TESTS)):
            if isinstance(node, kind) and node.name not in known:
                name = kind.__name__.lower()
                told = ", ".join(sorted(known))
                raise RunError(f"{at}: '{node.name}' is no {name} that a template may use: {told}.")
        if seen > MOST_NODES or depth > _DEEPEST or loops > _DEEPEST_LOOP:
            raise RunError(f"{at}: a template may not be so long or nested so deep.")
        queue += [(child, depth + 1, loops) for child in node.iter_child_nodes()]


def _counts_masks(node: Any, nodes: Any) -> bool:
    """Whether it is `range(count)`, whose length is the number of masks."""
    if not isinstance(node, nodes.Call) or node.kwargs or len(node.args) != 1:
        return False
    names = [getattr(part, "name", None) for part in (node.node, node.args[0])]
    return names == ["range", "count"]


def _holds_names(node: Any, nodes: Any) -> bool:
    """Whether it is a list of what is not plainly written there, or joins by such."""
    if isinstance(node, nodes.List | nodes.Tuple | nodes.Dict) and getattr(node, "ctx", "") != (
        "store"
    ):
        return node.find(nodes.Name) is not None
    joins = isinstance(node, nodes.Filter) and node.name == "join"
    return joins and not all(isinstance(one, nodes.Const) for one in node.args)
