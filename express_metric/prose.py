"""Terms in lines of prose: behind a cue, in quotes or bold, in a sentence on feeling."""

from __future__ import annotations

import re
from typing import TypeGuard

from .brackets import Candidate, choose
from .terms import CUE_WORDS, NOUN, NTH, SEPARATOR, Found, Reason, all_terms, strip_edges, term

_SPAN = re.compile(
    r"(?<![\w\"])\"([^\"\n*]{1,60})\"(?!\w)|(?<!\w)'([^'\n*]{1,60})'(?!\w)"
    r"|(?<!\*)\*{1,2}([^*\n]{1,60})\*{1,2}(?!\*)|`([^`\n]{1,60})`"
)
DASH = r"[-\u2013\u2014]"
_CUE_END = re.compile(r":|=|\b(?:is|are|be|would be)\b", re.IGNORECASE)
HEDGE = re.compile(
    r"^(?:(?:most|more|very) )?(?:likely|probably|possibly|perhaps|maybe|clearly|definitely|simply"
    r"|best described as|probable|either|as follows)\b:?\s*(?:to be )?",
    re.IGNORECASE,
)
_TAIL = re.compile(
    r",? (?:not|rather than|instead of|as opposed to|but not|because|since|due to|given that|which"
    r"|though|although|even (?:if|though)|as (?:the|he|she|they|it|in)|respectively)\b.*"
    r"|, respectively\b.*",
    re.IGNORECASE | re.DOTALL,
)
ASIDE = re.compile(rf"\s+(?:{DASH}{{1,2}}|->)\s+|:\s|\s\(|\s=\s")
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
_THEN = re.compile(r"(?:\band)?,?\s*\b(?:then|later(?: on)?|afterwards|finally)\b,?\s*", re.I)
_STAGE = re.compile(
    rf"\b(?:at (?:first|last)|initially|originally|{NTH}|then|later|afterwards?|eventually|finally"
    r"|(?:at|in|by|toward|towards) the (?:start|beginning|end)|now)\b"
    r"[^.;\n]{0,40}?\b(?:feel(?:s|ing)?|felt|is|was|becomes|became) "
    r"(?!feeling|felt)(?:(?:so|very|really|quite) )?([^.,;:!?\n]{2,60})",
    re.IGNORECASE,
)
_ARROW = re.compile(r"\s(?:->|=>|\u2192)\s")
_WHICH_MASK = re.compile(
    rf"\s?\((?:for )?(?:the )?(?:{NTH}|(?:{NTH} )?<?mask>?[^()\n]{{0,12}})\)"
    rf"|\s(?:for|in|as) (?:the )?{NTH} (?:one|<?mask>?|{NOUN})\b",
    re.IGNORECASE,
)
_NTH_PLACE = re.compile(rf"\bthe {NTH}\b|\b{NOUN} #?\d\b", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"[\[{][^\[\]{}]*[\]}]")
_NOT_BUT = re.compile(r"\bnot [\w' -]{2,40}?,? (?:but|just) (?:rather |just )?", re.IGNORECASE)
_MAX_CUE_WORDS = 12
_ASKED = {"which", "what", "whether"}  # "which emotion is meant" names none


def fits(found: Found | None, masks: int | None) -> TypeGuard[tuple[str, ...]]:
    return isinstance(found, tuple) and len(found) == masks


def after_cue(lines: list[str]) -> Found | None:
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
                found, below_tried = bare(lines[place + 1 :]), True
            if found and (found is Reason.AMBIGUOUS or not isinstance(found, Reason)):
                return found
    return None


def _after_word(rest: str) -> Found:
    """Read what follows "is" or a colon: hedges before it and reasons after it are taken off."""
    plain = _TAIL.sub("", HEDGE.sub("", rest[:200])) if len(rest) <= 200 else rest
    found = spread_terms(plain)
    sentence = re.split(r"[.!?](?:\s|$)", plain)[0]
    for part in (sentence, ASIDE.split(sentence, maxsplit=1)[0]):
        if isinstance(found, Reason) and found is not Reason.AMBIGUOUS:
            found = spread_terms(part)
    return found


def bare(lines: list[str]) -> Found | None:
    """Read lines that are nothing but terms: all of them, or else the last, or else the first."""
    said = [line for line in lines if not line.endswith(("!", "?", ":"))]
    lines = said or lines[-1:]
    if not lines:
        return None
    every = [spread_terms(_ARROW.sub(", ", _NOT_BUT.sub("", line))) for line in lines]
    if not any(isinstance(found, Reason) for found in every):
        return tuple(word for found in every for word in found)
    alone = [_alone(line) for line in (lines[-1], lines[0])]
    for found in (every[-1], every[0], *alone):
        if found is Reason.AMBIGUOUS or not isinstance(found, Reason):
            return found
    return every[-1]


def _alone(line: str) -> Found:
    """Read a term before an aside in parentheses, or before the sentences that explain it."""
    head = re.split(rf"\s\(|[.!](?:\s|$)|\s{DASH}{{1,2}}\s", line[:300], maxsplit=2)
    found = spread_terms(head[0])
    if len(head) > 1 and re.match(rf"\s{DASH}", line[len(head[0]) :]):
        # Two terms set apart by a dash are no term with an aside.
        return found if spread_terms(head[1]) is Reason.SENTENCE else Reason.NOT_A_TERM
    if len(head) > 1 and line[len(head[0])] == "!" and isinstance(found, tuple):
        return spread_terms(head[1])
    return found


def stages(text: str, masks: int | None) -> Found | None:
    """Read "At first she feels happy, later she is sad" where there are as many masks as stages."""
    found = all_terms(_AFTER_FELT.sub("", part) for part in _STAGE.findall(text))
    return found if masks and masks > 1 and fits(found, masks) else None


def marked_words(text: str, masks: int | None) -> Found | None:
    """Read the words that prose puts in quotes or bold, if they are all one answer."""
    marked = []
    text = _IN_BRACKETS.sub(" ", text)
    for match in _SPAN.finditer(text):
        found = term(match.group(match.lastindex or 0))
        if not isinstance(found, Reason):
            marked.append(Candidate(match.start(), match.end(), (found,)))
    places = [match.start() for match in _NTH_PLACE.finditer(text)]
    said = [one for one in marked if places and one.start > places[0]]
    by_place = [sum(place < one.start for place in places) for one in said]
    if masks and masks == len(places) > 1 and by_place == [*range(1, masks + 1)]:
        # "For the first mask, "stuck" fits best. For the second, ...": a word for each place.
        return tuple(word for one in said for word in one.found)
    return choose(text, marked, masks, prose=True)


def felt(text: str, masks: int | None) -> Found | None:
    """Read "The person feels guilty about it." where it is all that is said of feeling."""
    said = [
        spread_terms(_AFTER_FELT.sub("", (match[1] or match[2]).strip(' *_"')))
        for match in _FELT.finditer(_NOT_BUT.sub("", text))
    ]
    if len(said) == masks != 1 and all(fits(found, 1) for found in said):
        said = [tuple(word for found in said for word in found)]
    if len(set(said)) != 1:
        return None
    found = said[0]
    if isinstance(found, Reason) or found[0].split()[0] in ("like", "no", "nothing"):
        return found if found is Reason.AMBIGUOUS else None
    return found


def spread_terms(line: str) -> Found:
    """Read terms separated by commas, semicolons, "and" or "&"."""
    line = _WHICH_MASK.sub("", re.sub(r"\A\W*\((?!\w\)|[ivx]+\))([^()\n]*)\)\W*\Z", r"\1", line))
    parts = SEPARATOR.split(strip_edges(_THEN.sub(", ", line)))
    parts = [part for part in parts if part.strip(" .,")]
    if len(parts) > 1 and parts[-1].strip(". ").lower() == "respectively":
        parts.pop()
    return all_terms(parts)
