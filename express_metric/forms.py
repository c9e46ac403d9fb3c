"""The clear forms in which `revised` reads an answer.

The text is evened out and its reasoning, chat markup, invented further examples and explanation are
set apart (`express_metric.reasoning`). What is left is tried in this order:

1. Lists and objects in brackets, `\\boxed{}` and tool calls among them (`express_metric.brackets`).
2. Rows of a table; numbered, bulleted or "mask 1: ..." lines, unless they list reasons.
3. Text after the last cue such as "Answer:" or "The emotions are".
4. Nothing but terms: one a line, or separated by commas, semicolons, "and" or "&". Where prose
   stands around, such a line must be the last or the first.
5. Words in quotes or bold, and one sentence that says what somebody feels.

Every step reads the text once, so the time is linear in its length.
"""

from __future__ import annotations

import re

from .brackets import from_brackets, once
from .prose import (
    ASIDE,
    DASH,
    HEDGE,
    after_cue,
    bare,
    felt,
    fits,
    marked_words,
    spread_terms,
    stages,
)
from .reasoning import answer_part, before_explanation, first_turn, without_reasons
from .terms import (
    CUE_WORDS,
    NOUN,
    NTH,
    Found,
    Reason,
    all_terms,
    is_refusal,
    plain_text,
    strip_edges,
    term,
)

_END = (
    r"[*_>\])`]{0,4}\s*(?:\(?[#_]?\d{1,2}\)?)?[*_`]{0,2}\s*"
    rf"(?:[:=)]|[-=]>|\u2192|{DASH} |(?:is|was)\b)"
)
_ENUMERATOR = re.compile(
    # A bullet, a number, "<mask> 1:", "Emotion 1:" or "The first mask is".
    r"^[\"'*_(`]{0,3}(?:(?:[-+\u2022\u00b7\u2013]|(?<=\*))\s+"
    rf"|\d{{1,2}}(?:[.):]+\**\s*|\s?=| {DASH} )"
    r"|\[\d{1,2}\]\s+"
    r"|\(?[a-h][.)] "
    rf"|[<\[]{{0,2}}mask(?:ed)?(?: word| token)?[>\]]{{0,2}}[\s_]*#?\d{{0,2}}{_END}"
    rf"|{NOUN}[\s_]*#?\d{{1,2}}{_END}"
    rf"|(?:the )?{NTH} [\"'`*]{{0,2}}(?:<mask>|{NOUN}(?: {NOUN})?)[\"'`*]{{0,2}}{_END})",
    re.IGNORECASE,
)
_INLINE_NUMBER = re.compile(
    rf"(?:^|[\s,;])(?:(?:{NOUN})\s*#?)?[(\[]?\d{{1,2}}[.):\]]\s+", re.IGNORECASE
)
# What names a place: "[1]", "#2", "b)", "mask_1:", "Emotion two =", "first:", "then:".
_LABEL = re.compile(
    r"(?:(?:^|(?<=[\s,;.]))(?:[-*+\u2022] )?[(\[<*`\"]{0,3}(?:the )?"
    rf"(?:(?:{NTH} )?{NOUN}[>\]`*]{{0,3}}[\s_]?(?:#?\d{{1,2}}|one|two|three|four|five|[a-h])?"
    rf"|#?\d{{1,2}}|[a-h]|i{{1,3}}|{NTH}|then|later|finally|now)[)\].`*>]{{0,3}}"
    rf"(?:\s?(?:[:=]|[-=]?>|\u2192|{DASH}(?=\s))|(?<=[\d)\].])(?=\s)|(?<=\d[.>]))"
    r"[\s*`]{0,3})+",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    rf"\b{NTH}(?:(?: (?:{NOUN}|one)){{1,2}}(?: is| was| would be|:)|:) ([^.,;:]{{1,60}}?)"
    r"(?=[.,;:]|$| and | while | whereas )",
    re.IGNORECASE,
)
_HEADING_WORDS = CUE_WORDS | {"final", "predicted", "hidden", "masked", "the", "my"}
_REASONS_LISTED = re.compile(
    r"^\W*(?:(?:my |the |step.by.step )?(?:reason(?:ing|s)?|analysis|explanation|context|steps?"
    r"|thoughts?|clues?|evidence|observations?|key (?:points|clues|phrases)|rationale|events"
    r"|summary))\b",
    re.IGNORECASE,
)
# Marks that elsewhere set off an aside, or offer a choice: between as many terms as masks, places.
_APART = re.compile(r"\s+(?:-{1,2}>?|=>|\u2192|\u2013|\u2014|/)\s+")
_INTRO = re.compile(r"\A[^\n]{1,200}:[*_ ]*\n\s*(?=\S)")
_OPENER = re.compile(
    r"\A(?:sure|certainly|absolutely|of course|okay|ok|alright|right|well|yes|no|h+m+|great|got it"
    r"|understood|thanks|thank you)(?: thing| question)?\.\s+(?=\S)",
    re.IGNORECASE,
)
_CHECKBOX = re.compile(r"^([-*+]) \[[ xX]?\] ", re.MULTILINE)
_PLAIN_LIST = re.compile(
    r"\[([\"'])[A-Za-z]+(?:[ -][A-Za-z]+)*\1(?:, \1[A-Za-z]+(?:[ -][A-Za-z]+)*\1)*\]"
)


def find_terms(completion: str, masks: int | None = None) -> Found:
    """Read a completion by the protocol ``revised``: at least one term, or the reason for none.

    Where several candidates are left, the one with as many places as `masks` counts.

    >>> find_terms('Sure! ```json\\n["sad", "angry"]\\n```')
    ('sad', 'angry')
    """
    if _PLAIN_LIST.fullmatch(completion):
        # What most answers are, read at once.
        found = all_terms(completion[2:-2].split(completion[1] + ", " + completion[1]))
        if not isinstance(found, Reason):
            return found if masks == 1 else once(found, masks)
    part = answer_part(plain_text(completion))
    if isinstance(part, Reason):
        return part
    text = _OPENER.sub("", _CHECKBOX.sub(r"\1 ", first_turn(part)))
    if not text:
        return Reason.EMPTY
    head = before_explanation(text)
    found = _read(head, masks) if head != text else Reason.EMPTY
    if head and head != text and not fits(found, masks):
        # Each answer may have a reason of its own below it.
        every = _read(without_reasons(text), masks)
        found = every if fits(every, masks) else found
    if isinstance(found, Reason) and found not in (Reason.AMBIGUOUS, Reason.TRUNCATED):
        found = _read(text, masks)
    # One place alone says nothing of repetition: "sad, sad" are two answers.
    return found if isinstance(found, Reason) or masks == 1 else once(found, masks)


def _read(text: str, masks: int | None) -> Found:
    if not text:
        return Reason.EMPTY
    if text[0] == "(" and text[-1] == ")":
        text = f"[{text[1:-1]}]"
    placed = _placed(text, masks)
    if placed:
        return placed
    found, stands = from_brackets(text, masks)
    if found is not None and stands:
        # Quoted words may stand beside a list: "['sad'], 'angry'".
        every = spread_terms(re.sub(r"[\[\]]", "", text))
        alone = isinstance(found, Reason) or fits(found, masks) or not fits(every, masks)
        return found if alone else every
    elsewhere = _from_lines(text, masks)
    strong = not isinstance(elsewhere, Reason) or elsewhere in (Reason.REFUSAL, Reason.AMBIGUOUS)
    return elsewhere if found is None or strong else found


def _placed(text: str, masks: int | None) -> Found | None:
    """Read nothing but terms, each behind a label or set apart by marks, as many as masks."""
    apart = _APART.split(text) if masks else []
    for parts in (_LABEL.split(_INTRO.sub("", text)), apart):
        spread = [spread_terms(part) for part in parts if part.strip(" ,;.\n")]
        if len(spread) == (masks or len(parts) - 1) > 1 and all(fits(found, 1) for found in spread):
            return tuple(word for found in spread for word in found)
    return None


def _from_lines(text: str, masks: int | None) -> Found:
    lines = [line.strip() for line in text.split("\n") if line.strip(" *_`\"'#-")]
    if not lines:
        return Reason.NOT_A_TERM
    # A heading alone on its line, as "### Answer", is no term.
    lines = [line for line in lines if len(lines) == 1 or not _is_heading(line)] or lines
    listed, reasons = _enumerated(lines)
    if reasons is not None:
        lines = [line for line in lines if not _ENUMERATOR.match(line)] or lines
    for found in (_table(lines), listed, _ordinal(lines), after_cue(lines), bare(lines)):
        if found is Reason.AMBIGUOUS:
            return found
        if found is not None and not isinstance(found, Reason):
            if len(found) == masks or not masks:
                return found
            # The answer may come first and be talked about behind it, or stand in each item.
            others = (spread_terms(lines[0]), _in_items(lines))
            return next((one for one in others if fits(one, masks)), found)
    if is_refusal(text):
        return Reason.REFUSAL
    for found in (
        *(
            stages(text, masks),
            marked_words(text, masks),
            _in_items(lines),
            felt(text, masks),
            reasons,
        ),
    ):
        if found is Reason.AMBIGUOUS or (found is not None and not isinstance(found, Reason)):
            return found
    reason = spread_terms(lines[-1])
    return reason if isinstance(reason, Reason) else Reason.NO_LIST


def _table(lines: list[str]) -> Found | None:
    """Read the column of a Markdown table that holds the terms."""
    rows = [[c.strip() for c in line.strip("|").split("|")] for line in lines if line[0] == "|"]
    rows = [row for row in rows if not all(re.fullmatch(r":?-*:?", cell) for cell in row)]
    if len(rows) < 2 or len({len(row) for row in rows}) != 1:
        return None
    if any(row[0].isdigit() for row in rows[:1]):
        rows.insert(0, [""] * len(rows[0]))  # a table without a head
    columns = list(zip(*rows, strict=True))
    named = [c for c in columns if CUE_WORDS & set(c[0].lower().split()) and term(c[0]) != c[0]]
    # "Mask" heads the numbers, "emotion" the words: the last named column that holds terms.
    for column in (*reversed(named), *reversed(columns)):
        found = all_terms(column[1:])
        if not isinstance(found, Reason):
            return found
    return None


def _enumerated(lines: list[str]) -> tuple[Found | None, Found | None]:
    """Read the last run of numbered, bulleted or mask lines, an item or an inline list each.

    Apart from it the last run under a heading such as "Reasoning:".
    """
    runs: list[list[str]] = []
    heads: list[str] = []
    before = ""
    inside = False
    for line in lines:
        if _ENUMERATOR.match(line):
            if not inside:
                runs.append([])
                heads.append(before)
            runs[-1].append(line)
            inside = True
        else:
            before, inside = line, False
    found: list[Found | None] = [None, None]
    for run, head in zip(runs, heads, strict=True):
        read = _items(run)
        numbered = [line for line in run if line[0].isdigit()]
        if isinstance(read, Reason) and 1 < len(numbered) < len(run):
            # What is bulleted below a number explains it.
            read = _items(numbered)
        place = 1 if _REASONS_LISTED.match(head) else 0
        if found[place] is None or not isinstance(read, Reason):
            found[place] = read
    return found[0], found[1]


def _items(run: list[str]) -> Found | None:
    terms: list[str] = []
    for line in run:
        rest = _ENUMERATOR.sub("", _ENUMERATOR.sub("", line, count=1).strip(), count=1)
        for part in filter(None, map(str.strip, _INLINE_NUMBER.split(rest))):
            found = spread_terms(part)
            if found is Reason.AMBIGUOUS:
                return found
            if isinstance(found, Reason):
                found = spread_terms(ASIDE.split(strip_edges(part), maxsplit=1)[0])
            if isinstance(found, Reason):
                return found
            terms.extend(found)
    return tuple(terms) or None


def _in_items(lines: list[str]) -> Found | None:
    """Read the one term that each item names behind a cue or marks, if every item does."""
    items = [line for line in lines if _ENUMERATOR.match(line)]
    found = [after_cue([item]) or marked_words(item, 1) for item in items]
    said = [one[0] for one in found if fits(one, 1)]
    return tuple(said) if len(said) == len(items) > 1 else None


def _is_heading(line: str) -> bool:
    return set(re.findall(r"[^\W\d_]+", line.lower())) <= _HEADING_WORDS


def _ordinal(lines: list[str]) -> Found | None:
    """Read "The first mask is happy. The second mask is sad."."""
    parts = _ORDINAL.findall(" ".join(lines))
    return all_terms(HEDGE.sub("", part) for part in parts) if len(parts) > 1 else None
