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

from .brackets import Candidate, choose, from_brackets, once
from .reasoning import answer_part, before_explanation, first_turn, without_reasons
from .terms import (
    CUE_WORDS,
    NOUN,
    NTH,
    SEPARATOR,
    Found,
    Reason,
    all_terms,
    is_refusal,
    plain_text,
    strip_edges,
    term,
)

_SPAN = re.compile(
    r"(?<![\w\"])\"([^\"\n]{1,60})\"(?!\w)|(?<!\w)'([^'\n]{1,60})'(?!\w)"
    r"|(?<!\*)\*{1,2}([^*\n]{1,60})\*{1,2}(?!\*)|`([^`\n]{1,60})`"
)
_DASH = r"[-\u2013\u2014]"
_END = (
    r"[*_>\])`]{0,4}\s*(?:\(?[#_]?\d{1,2}\)?)?[*_`]{0,2}\s*"
    rf"(?:[:=)]|[-=]>|\u2192|{_DASH} |(?:is|was)\b)"
)
_ENUMERATOR = re.compile(
    # A bullet, a number, "<mask> 1:", "Emotion 1:" or "The first mask is".
    r"^[\"'*_(`]{0,3}(?:(?:[-+\u2022\u00b7\u2013]|(?<=\*))\s+"
    rf"|\d{{1,2}}(?:[.):]+\**\s*|\s?=| {_DASH} )"
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
    rf"(?:\s?(?:[:=]|[-=]?>|\u2192|{_DASH}(?=\s))|(?<=[\d)\].])(?=\s)|(?<=\d[.>]))"
    r"[\s*`]{0,3})+",
    re.IGNORECASE,
)
_ORDINAL = re.compile(
    rf"\b{NTH}(?:(?: {NOUN}){{1,2}}(?: is| was| would be|:)|:) ([^.,;:]{{1,60}}?)"
    r"(?=[.,;:]|$| and | while | whereas )",
    re.IGNORECASE,
)
_HEADING_WORDS = CUE_WORDS | {"final", "predicted", "hidden", "masked", "the", "my"}
_CUE_END = re.compile(r":|=|\b(?:is|are|be|would be)\b", re.IGNORECASE)
_HEDGE = re.compile(
    r"^(?:(?:most|more|very) )?(?:likely|probably|possibly|perhaps|maybe|clearly|definitely|simply"
    r"|best described as|probable|either|as follows)\b:?\s*(?:to be )?",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r",? (?:not|rather than|instead of|as opposed to|but not|because|since|due to|given that|which"
    r"|as (?:the|he|she|they|it|in)|respectively)\b.*|, respectively\b.*",
    re.IGNORECASE | re.DOTALL,
)
_ASIDE = re.compile(rf"\s+(?:{_DASH}{{1,2}}|->)\s+|:\s|\s\(|\s=\s")
_FELT = re.compile(
    r"\b(?:feel(?:s|ing)?|felt)\b (?:(?:so|very|really|quite|a bit|rather|extremely|truly) )?"
    r"([^.,;:!?\n]{2,80})"
    r"|(?:\A|[.;]\s)\W*(?:i am|i'm|(?:i|he|she|they|the \w{4,9}) (?:is|was|were|are)"
    r"|a (?:deep |strong )?(?:feeling|sense) of(?: being)?"
    r"|(?:i'd|i would|i'll) (?:choose|pick|say|guess|go with))"
    r" (?!feeling|felt)(?:(?:so|very|really) )?([^.,;:!?\n]{2,40})\W*\Z",
    re.IGNORECASE,
)
_AFTER_FELT = re.compile(
    r"(?<=\w) (?:about|because|since|as|for|when|that|at|over|after|by|with|due|in|on|towards?|of"
    r"|from|to|until|while|though|but|so|and (?:is|was|has|wants?)|now|here|there|this|again)\b.*",
    re.IGNORECASE,
)
_REASONS_LISTED = re.compile(
    r"^\W*(?:(?:my |the |step.by.step )?(?:reason(?:ing|s)?|analysis|explanation|context|steps?"
    r"|thoughts?|clues?|evidence|observations?|key (?:points|clues|phrases)|rationale|events"
    r"|summary))\b",
    re.IGNORECASE,
)
# Marks that elsewhere set off an aside, or offer a choice: between as many terms as masks, places.
_APART = re.compile(r"\s+(?:-{1,2}>?|=>|\u2192|\u2013|\u2014|/)\s+")
_THEN = re.compile(r"(?:\band)?,?\s*\b(?:then|later(?: on)?|afterwards|finally)\b,?\s*", re.I)
_STAGE = re.compile(
    rf"\b(?:at (?:first|last)|initially|originally|{NTH}|then|later|afterwards?|eventually|finally"
    r"|(?:at|in|by|toward|towards) the (?:start|beginning|end)|now)\b"
    r"[^.;\n]{0,40}?\b(?:feel(?:s|ing)?|felt|is|was|becomes|became) "
    r"(?!feeling|felt)(?:(?:so|very|really|quite) )?([^.,;:!?\n]{2,60})",
    re.IGNORECASE,
)
_OPENER = re.compile(
    r"\A(?:sure|certainly|absolutely|of course|okay|ok|alright|right|well|yes|no|h+m+|great|got it"
    r"|understood|thanks|thank you)(?: thing| question)?\.\s+(?=\S)",
    re.IGNORECASE,
)
_CHECKBOX = re.compile(r"^([-*+]) \[[ xX]?\] ", re.MULTILINE)
_ARROW = re.compile(r"\s(?:->|=>|\u2192)\s")
_WHICH_MASK = re.compile(
    rf"\s?\((?:for )?(?:the )?(?:{NTH}|(?:{NTH} )?<?mask>?[^()\n]{{0,12}})\)"
    rf"|\s(?:for|in|as) (?:the )?{NTH} (?:one|<?mask>?|{NOUN})\b",
    re.IGNORECASE,
)
_IN_BRACKETS = re.compile(r"[\[{][^\[\]{}]*[\]}]")
_NOT_BUT = re.compile(r"\bnot [\w' -]{2,40}?,? (?:but|just) (?:rather |just )?", re.IGNORECASE)
_PLAIN_LIST = re.compile(
    r"\[([\"'])[A-Za-z]+(?:[ -][A-Za-z]+)*\1(?:, \1[A-Za-z]+(?:[ -][A-Za-z]+)*\1)*\]"
)
_MAX_CUE_WORDS = 12
_ASKED = {"which", "what", "whether"}  # "which emotion is meant" names none


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
    if head and head != text and not _fits(found, masks):
        # Each answer may have a reason of its own below it.
        every = _read(without_reasons(text), masks)
        found = every if _fits(every, masks) else found
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
        return found
    elsewhere = _from_lines(text, masks)
    strong = not isinstance(elsewhere, Reason) or elsewhere in (Reason.REFUSAL, Reason.AMBIGUOUS)
    return elsewhere if found is None or strong else found


def _placed(text: str, masks: int | None) -> Found | None:
    """Read nothing but terms, each behind a label or set apart by marks, as many as masks."""
    apart = _APART.split(text) if masks else []
    for parts in (_LABEL.split(text), apart):
        spread = [_spread(part) for part in parts if part.strip(" ,;.\n")]
        if len(spread) == (masks or len(parts) - 1) > 1 and all(
            _fits(found, 1) for found in spread
        ):
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
    for found in (_table(lines), listed, _ordinal(lines), _after_cue(lines), _bare(lines)):
        if found is Reason.AMBIGUOUS:
            return found
        if found is not None and not isinstance(found, Reason):
            first = _spread(lines[0])
            # The answer may come first and be talked about behind it.
            return first if len(found) != masks and _fits(first, masks) else found
    if is_refusal(text):
        return Reason.REFUSAL
    for found in (_stages(text, masks), _marked(text, masks), _felt(text), reasons):
        if found is Reason.AMBIGUOUS or (found is not None and not isinstance(found, Reason)):
            return found
    reason = _spread(lines[-1])
    return reason if isinstance(reason, Reason) else Reason.NO_LIST


def _fits(found: Found, masks: int | None) -> bool:
    return not isinstance(found, Reason) and len(found) == masks


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
        place = 1 if _REASONS_LISTED.match(head) else 0
        if found[place] is None or not isinstance(read, Reason):
            found[place] = read
    return found[0], found[1]


def _items(run: list[str]) -> Found | None:
    terms: list[str] = []
    for line in run:
        rest = _ENUMERATOR.sub("", _ENUMERATOR.sub("", line, count=1).strip(), count=1)
        for part in filter(None, map(str.strip, _INLINE_NUMBER.split(rest))):
            found = _spread(part)
            if found is Reason.AMBIGUOUS:
                return found
            if isinstance(found, Reason):
                found = _spread(_ASIDE.split(strip_edges(part), maxsplit=1)[0])
            if isinstance(found, Reason):
                return found
            terms.extend(found)
    return tuple(terms) or None


def _is_heading(line: str) -> bool:
    return set(strip_edges(line).lower().split()) <= _HEADING_WORDS


def _ordinal(lines: list[str]) -> Found | None:
    """Read "The first mask is happy. The second mask is sad."."""
    parts = _ORDINAL.findall(" ".join(lines))
    return all_terms(_HEDGE.sub("", part) for part in parts) if len(parts) > 1 else None


def _after_cue(lines: list[str]) -> Found | None:
    """Read what follows the last "Answer:", "The emotions are" and the like."""
    below_tried = False
    for place in range(len(lines) - 1, -1, -1):
        for match in _CUE_END.finditer(lines[place][:200]):
            head = re.findall(r"[a-z]+", lines[place][: match.start()].lower())
            named = CUE_WORDS & set(head) or head == ["a"]
            if len(head) > _MAX_CUE_WORDS or not named or _ASKED & set(head):
                continue
            rest = lines[place][match.end() :].strip(" *_")
            if rest:
                found: Found | None = _after_word(rest)
            elif below_tried:
                continue
            else:
                found, below_tried = _bare(lines[place + 1 :]), True
            if found and (found is Reason.AMBIGUOUS or not isinstance(found, Reason)):
                return found
    return None


def _after_word(rest: str) -> Found:
    """Read what follows "is" or a colon: hedges before it and reasons after it are taken off."""
    plain = _TAIL.sub("", _HEDGE.sub("", rest[:200])) if len(rest) <= 200 else rest
    found = _spread(plain)
    if isinstance(found, Reason) and found is not Reason.AMBIGUOUS:
        found = _spread(_ASIDE.split(re.split(r"[.!?](?:\s|$)", plain)[0], maxsplit=1)[0])
    return found


def _bare(lines: list[str]) -> Found | None:
    """Read lines that are nothing but terms: all of them, or else the last, or else the first."""
    said = [line for line in lines if not line.endswith(("!", "?", ":"))]
    lines = said or lines[-1:]
    if not lines:
        return None
    every = [_spread(_ARROW.sub(", ", _NOT_BUT.sub("", line))) for line in lines]
    if not any(isinstance(found, Reason) for found in every):
        return tuple(word for found in every for word in found)
    alone = [_alone(line) for line in (lines[-1], lines[0])]
    for found in (every[-1], every[0], *alone):
        if found is Reason.AMBIGUOUS or not isinstance(found, Reason):
            return found
    return every[-1]


def _alone(line: str) -> Found:
    """Read a term before an aside in parentheses, or before the sentences that explain it."""
    head = re.split(rf"\s\(|[.!](?:\s|$)|\s{_DASH}{{1,2}}\s", line[:300], maxsplit=2)
    found = _spread(head[0])
    if len(head) > 1 and re.match(rf"\s{_DASH}", line[len(head[0]) :]):
        # Two terms set apart by a dash are no term with an aside.
        return found if _spread(head[1]) is Reason.SENTENCE else Reason.NOT_A_TERM
    if len(head) > 1 and line[len(head[0])] == "!" and isinstance(found, tuple):
        return _spread(head[1])
    return found


def _stages(text: str, masks: int | None) -> Found | None:
    """Read "At first she feels happy, later she is sad" where there are as many masks as stages."""
    found = all_terms(_AFTER_FELT.sub("", part) for part in _STAGE.findall(text))
    return found if masks and masks > 1 and _fits(found, masks) else None


def _marked(text: str, masks: int | None) -> Found | None:
    """Read the words that prose puts in quotes or bold, if they are all one answer."""
    marked = []
    text = _IN_BRACKETS.sub(" ", text)
    for match in _SPAN.finditer(text):
        found = term(match.group(match.lastindex or 0))
        if not isinstance(found, Reason):
            marked.append(Candidate(match.start(), match.end(), (found,)))
    return choose(text, marked, masks, prose=True)


def _felt(text: str) -> Found | None:
    """Read "The person feels guilty about it." where it is all that is said of feeling."""
    said = {
        _spread(_AFTER_FELT.sub("", (match[1] or match[2]).strip(' *_"')))
        for match in _FELT.finditer(_NOT_BUT.sub("", text))
    }
    if len(said) != 1:
        return None
    found = said.pop()
    if isinstance(found, Reason) or found[0].split()[0] in ("like", "no", "nothing"):
        return found if found is Reason.AMBIGUOUS else None
    return found


def _spread(line: str) -> Found:
    """Read terms separated by commas, semicolons, "and" or "&"."""
    line = _WHICH_MASK.sub("", line)
    parts = SEPARATOR.split(strip_edges(_THEN.sub(", ", line)))
    parts = [part for part in parts if part.strip(" .,")]
    if len(parts) > 1 and parts[-1].strip(". ").lower() == "respectively":
        parts.pop()
    return all_terms(parts)
