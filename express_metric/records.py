"""Files of results -> references and readings -> scores of both protocols."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

from .errors import MetricError
from .lexicon import Lexicon, caution, normal
from .parsing import PROTOCOLS, Protocol, Reading, list_of_words, read, read_terms
from .scoring import score
from .signature import UNKNOWN, Signature
from .tables import ANSWERS, LISTS, Table, plain_name, read_table


@dataclasses.dataclass(frozen=True)
class Results:
    """One model's answers on some examples, read from a file."""

    name: str  # the stem of the file's name
    references: list[tuple[str, ...]]  # for each example its labels
    readings: dict[Protocol, list[Reading]]  # for each protocol a reading for each example
    ids: list[str] | None  # the examples' ids; None where the file has none
    # the posts that the examples come from; None where the file does not tell
    post_ids: list[str] | None
    fingerprint: str  # sha256 of ids and references: two models' files on the same data share it
    columns: dict[str, str]  # role (`references`, `answers`, `id`, `post_id`) to the column used

    def __len__(self) -> int:
        return len(self.references)


def read_results(
    path: str | Path, *, columns: Mapping[str, str] | None = None, separator: str | None = None
) -> Results:
    """Read a file of results: CSV, JSONL or Parquet.

    The authors' result files are taken as they are: ``labels`` and ``output``, else
    ``output_formatted``, as list literals. Else the labels stand in ``references`` or ``labels``
    and the answers in ``completion`` (raw text) or ``predictions`` (lists of terms), not in both.
    Where ``number_of_labels`` or a text with ``<mask>`` is there, it must agree with the labels.
    Ids and posts, where there are any, stand in every row, and no id stands twice. A plain word is
    a list of one, "sad, lonely" a list of two, and rows may mix these forms.

    Args:
        columns: the column of a role (``references``, ``answers``, ``id``) by name.
        separator: what parts the cells of a CSV file, if its first line does not show it.

    Raises:
        MetricError: for a file that is missing, empty, not UTF-8, cut off or without the columns,
            and for a row that cannot be right; the message names the row or line.

    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp()) / "mine.jsonl"
    >>> _ = path.write_text('{"references": ["sad"], "completion": "1. Sad"}\\n')
    >>> read_results(path).readings["revised"][0].terms
    ('sad',)
    """
    table = read_table(Path(path), columns, separator)
    references = list(_references(table))
    if not references:
        raise MetricError(f"{table.path}: there are no rows; expected one for each example")
    _check_counts(table, references)
    ids = table.texts("id")
    return Results(
        name=plain_name(table.path).stem,
        references=references,
        readings=_readings(table, references),
        ids=ids,
        post_ids=table.texts("post_id"),
        fingerprint=fingerprint(references, ids),
        columns=table.names,
    )


def fingerprint(references: Sequence[Sequence[str]], ids: Sequence[str] | None = None) -> str:
    """Hash the data that answers are scored on: the ids, if any, and the labels.

    Where there are ids, the order of the rows makes no difference.

    Returns:
        The sha256, 64 hexadecimal digits; a signature shows the first eight.

    >>> fingerprint([["Sad"]]) == fingerprint([["sad"]])
    True
    """
    known = {label: normal(label) for label in set(chain.from_iterable(references))}
    labels = [[known[label] for label in row] for row in references]
    content = json.dumps([None, labels] if ids is None else sorted(zip(ids, labels, strict=True)))
    return hashlib.sha256(content.encode()).hexdigest()


def score_results(
    results: Results,
    lexicon: Lexicon,
    *,
    data: str | None = None,
    split: str = UNKNOWN,
    prompt: str = UNKNOWN,
    decode: str = UNKNOWN,
) -> dict[str, dict[str, Any]]:
    """Score results by both protocols.

    Args:
        results: from `read_results`.
        lexicon: where vectors come from.
        data: the dataset's name for the signature; ``results@`` and the fingerprint if None, so
            that two models' files on the same data have the same.
        split: the split's name.
        prompt: the prompt's name.
        decode: how the model's words were chosen.

    Returns:
        For ``paper`` and ``revised`` what `Scores.to_dict` holds, ``signature`` and ``note``, what
        to know of the figures; JSON-ready.

    Raises:
        MetricError: where a name does not fit a signature.

    >>> from express_metric import load_lexicon
    >>> one = [Reading(("sad",))]
    >>> results = Results("a", [("sad",)], {"paper": one, "revised": one}, None, None, "f" * 64, {})
    >>> scores = score_results(results, load_lexicon("nrc"))
    >>> scores["paper"]["lexical_accuracy"], scores["revised"]["n_masks"]
    (1.0, 1)
    """
    named = data or f"results@{results.fingerprint[:8]}"
    report: dict[str, dict[str, Any]] = {}
    for protocol in PROTOCOLS:
        scores = score(results.references, results.readings[protocol], lexicon, protocol)
        signature = Signature(
            named, split, scores.n_examples, protocol, lexicon.label, prompt, decode
        )
        note = caution(lexicon.label, protocol)
        report[protocol] = {**scores.to_dict(), "signature": str(signature), "note": note}
    return report


def _references(table: Table) -> Iterator[tuple[str, ...]]:
    known: dict[Any, tuple[str, ...]] = {}
    name = table.names["references"]
    for row, cell in enumerate(table.roles["references"]):
        key = cell if isinstance(cell, str) else None
        labels = known.get(key) if key is not None else None
        if labels is None:
            found = _word_list(cell, table, row, name)
            if not found:
                raise MetricError(
                    f"{table.where(row)}: the column {name} is empty; expected at least one label"
                )
            if not all(map(str.strip, found)):
                raise MetricError(f"{table.where(row)}: the column {name} holds an empty label")
            labels = tuple(normal(label) for label in found)
            if key is not None:
                known[key] = labels
        yield labels


def _readings(table: Table, references: Sequence[Sequence[str]]) -> dict[Protocol, list[Reading]]:
    name = table.names["answers"]
    cells = table.roles["answers"]
    if name in ANSWERS and name not in LISTS:
        texts = [_text(cell, table, row, name) for row, cell in enumerate(cells)]
        # Models repeat themselves: each text is read once for each number of masks.
        asked = list(zip(texts, map(len, references), strict=True))
        once = {
            one: tuple(read(one[0], protocol, one[1]) for protocol in PROTOCOLS)
            for one in set(asked)
        }
        both = zip(*map(once.__getitem__, asked), strict=True)
        return dict(zip(PROTOCOLS, map(list, both), strict=True))
    found = [
        _answer(_cell(cell, table, row, name), len(own))
        for row, (cell, own) in enumerate(zip(cells, references, strict=True))
    ]
    return {
        protocol: [
            read(answer, protocol, len(own))
            if isinstance(answer, str)
            else read_terms(answer, protocol)
            for answer, own in zip(found, references, strict=True)
        ]
        for protocol in PROTOCOLS
    }


def _answer(cell: str | list[str] | None, masks: int) -> str | tuple[str, ...] | None:
    """A list, a list written as text, as many words as there are masks, or any other text."""
    if not isinstance(cell, str):
        return None if cell is None else tuple(cell)
    words = list_of_words(cell)
    if words is None and cell.strip():
        parts = [part.strip() for part in cell.split(",")]
        words = parts if len(parts) == masks and plain_words(parts) else None
    return cell if words is None else tuple(words)


def _text(cell: object, table: Table, row: int, name: str) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell
    raise MetricError(
        f"{table.where(row)}: the column {name} holds a {type(cell).__name__}; expected raw text "
        "(lists of terms belong in the column predictions)"
    )


def _cell(cell: object, table: Table, row: int, name: str) -> str | list[str] | None:
    if cell is None or isinstance(cell, str):
        return cell
    if isinstance(cell, list) and all(isinstance(word, str) for word in cell):
        return cell
    raise _no_list(cell, table, row, name)


def _word_list(cell: object, table: Table, row: int, name: str) -> list[str]:
    found = _cell(cell, table, row, name)
    if isinstance(found, str):
        words = list_of_words(found)
        if words is None:
            words = [part.strip() for part in re.split(r"[,;|]", found)]
            words = words if plain_words(words) else None
        found = words
    if found is None:
        raise _no_list(cell, table, row, name)
    return found


def plain_words(words: Sequence[str]) -> bool:
    """Whether these may be labels: words of letters, apostrophes and hyphens.

    >>> plain_words(["let down"]), plain_words(["['sad'"])
    (True, False)
    """
    return bool(words) and all(re.fullmatch(r"[^\W\d_][\w' \u2019-]*", word) for word in words)


def _no_list(cell: object, table: Table, row: int, name: str) -> MetricError:
    shown = repr(cell) if len(repr(cell)) <= 60 else repr(cell)[:57] + "..."
    return MetricError(
        f"{table.where(row)}: the column {name} holds {shown}; expected a list of words such as "
        "['sad', 'angry'], or plain words with commas between them"
    )


def _check_counts(table: Table, references: list[tuple[str, ...]]) -> None:
    for role, said in (("number", "says {}"), ("masks", "has {} masks")):
        numbers = table.roles.get(role)
        if numbers is None:
            continue
        for row, (number, labels) in enumerate(zip(numbers, references, strict=True)):
            if number in (None, "") or number == len(labels):
                continue
            # Through pandas a whole number comes back as 1.0 where a column has gaps.
            if str(number).removesuffix(".0") not in (str(len(labels)), "nan"):
                raise MetricError(
                    f"{table.where(row)}: there are {len(labels)} labels but the column "
                    f"{table.names[role]} {said.format(number)}; the two must agree"
                )
