"""What a term is under the protocol `revised`, and the reasons why an answer holds none."""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Iterable


class Reason(enum.StrEnum):
    """Why a row is invalid; "not scored" is a counted outcome, so each has a name."""

    EMPTY = "empty"  # no answer, a blank one, or an empty list
    TRUNCATED = "truncated"  # an unclosed <think> block or an unclosed final list
    REFUSAL = "refusal"  # "unknown", "none", "I cannot ..."
    SENTENCE = "sentence"  # prose where terms should be
    NOT_A_TERM = "not-a-term"  # numbers, symbols, a placeholder of the prompt
    NO_LIST = "no-list"  # no form that can be read
    WRONG_COUNT = "wrong-count"  # terms, but not as many as there are masks
    TOO_LONG = "too-long"  # the model was not asked: the prompt does not fit into its context
    AMBIGUOUS = "ambiguous"  # "sad or upset": several answers, none of which is chosen


def words(text: str) -> frozenset[str]:
    """A set of words written as one text."""
    return frozenset(text.split())


Found = tuple[str, ...] | Reason

CUE_WORDS = words(
    """
    answer answers emotion emotions term terms word words feeling feelings prediction predictions
    predicted label labels mask masks output response result list solution fit fill fills choice
    guess
    """
)
NOUN = r"(?:mask(?:ed)?|word|token|emotion|term|label|answer|blank|feeling)"
NTH = r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|next|last|\d(?:st|nd|rd|th))"
SEPARATOR = re.compile(
    r"(?<=\w\w)\.\s+|\s*[,;\n|]\s*(?:and\s+|&\s*)?|\s+(?:and|&)\s+", re.IGNORECASE
)
_ALTERNATIVE = re.compile(r",?\s+or(?: (?:maybe|perhaps|possibly|even))?\s+|\s*/\s*", re.IGNORECASE)
_MAX_WORDS = 3
_MAX_LETTERS = 60
_WORD = re.compile(r"[^\W\d_]+(?:['-][^\W\d_]+)*")
_LEAD = re.compile(
    r"^(?:[-*+\u2022\u00b7\u2013\u2014>#]+\s+|[([]?\d{1,2}[.):\]]+\s*|#\d{1,2}\s*[:.)]*\s*"
    r"|<?\[?mask(?:ed)?(?: word| token)?\s?\d{0,2}\]?>?\s*#?\d{0,2}\s*(?:[:=)]|->|- )\s*)",
    re.IGNORECASE,
)
_EDGES = " \t\n\"'`*_.,;:!?~\u2026"
_REFUSALS = frozenset(
    [
        *("none", "unknown", "n/a", "na", "nan", "null", "nil", "unclear", "undetermined"),
        *("no emotion", "no emotions", "no answer", "invalid output", "cannot determine"),
        *("unanswerable", "indeterminate", "indeterminable", "unidentifiable", "inconclusive"),
    ]
)
# What stands where a word for an emotion should, by kind: what answers are made of, what code and
# forms write for a missing value, what scrubbers put in place of a name, what agrees or denies.
_PLACEHOLDERS = words(
    """
    emotion emotions feeling feelings word words term terms label labels mask masks
    masked token tokens placeholder answer answers output outputs response responses result results
    list lists item items entry option options prediction predictions example examples sentence text
    context story explanation reasoning reason final

    string str array json python undefined unspecified value values key type object true false yes
    no maybe end stop start begin null todo tbd

    redacted removed deleted censored omitted user username usernames name names url link email
    person author speaker narrator writer address phone number date location
    """
)
# One of these makes any phrase a remark about the answer: "unknown emotion", "not mentioned".
_REMARKS = words(
    """
    emotion emotions placeholder mask masks masked context insert mentioned specified stated given
    provided applicable available described unspecified undefined token label adjective noun
    information info details answer response output question prompt
    """
)
_DECLINED = (
    r"(?:comply|assist|help|answer|provide|predict|determine|identify|label|respond|continue|complete"
    r"|fulfil\w*|process|engage|say|tell|infer|offer|do that)"
)
_REFUSAL_CUES = re.compile(
    r"\b(?:as an ai|i(?: am|'m) (?:\w+ )?(?:sorry|unable|not able|not comfortable)"
    r"|i (?:do not|don't) know|i (?:must|have to|will) (?:respectfully )?decline"
    r"|(?:i|we) (?:cannot|can't|can not|could not|couldn't|won't|will not)"
    r"|i(?:'d| would) (?:rather|prefer) not|(?:isn't|not) (?:possible|appropriate) (?:to|for)"
    rf"|(?:unable|not able|declin\w+|refus\w+) to {_DECLINED}"
    rf"|(?:cannot|can't) (?:be determined|{_DECLINED}))\b"
    r"|\A\W*(?:i am |i'm )?sorry,? (?:but|i)\b"
)
# A term that holds one of these is a piece of a sentence: pronouns, articles, auxiliary verbs,
# conjunctions and question words. Prepositions and "not" are allowed: "on edge", "let down".
_FUNCTION_WORDS = words(
    """
    i me my mine myself you your yours yourself he him his himself she her hers herself it its
    itself we us our ours ourselves they them their theirs themselves this that these those who whom
    whose which what when where why how someone something everyone everything a an the am is are was
    were be been being have has had having do does did will would shall should can could may might
    feel feels felt must cannot and or but nor because if although while there here as than then so
    """
)
_ISE = re.compile(r"(?<=[a-z])(i|y)z(?=(?:e|ed|es|er|ers|ing|ingly|ation|ations|able)$)")
_NOT_ISE = re.compile(r"(?:siz|priz|seiz|maiz|baiz|friz)")
_OUR = re.compile(
    r"^((?:dis|un|mis|self-)?(?:ard|arm|behavi|clam|col|enam|endeav|fav|ferv|harb|hon|hum|lab"
    r"|neighb|od|rig|rum|sav|splend|tum|val|vig))or(?!ous|ar|at|if|ist|ial|y|o|io)"
)
_STEMS = {
    "appall$": "appal",
    "center$": "centre",
    "centered": "centred",
    "coz(?=y|i)": "cos",
    "defense": "defence",
    "offense": "offence",
    "pretense": "pretence",
    "enroll$": "enrol",
    "fulfill(?=$|ment)": "fulfil",
    "gray": "grey",
    "hemorrh": "haemorrh",
    "judgment": "judgement",
    "luster$": "lustre",
    "skeptic": "sceptic",
    "skillful": "skilful",
    "willful": "wilful",
    "somber": "sombre",
    "specter": "spectre",
    "practiced": "practised",
    "(trave|marve|leve|quarre)l(?=ed|ing|er)": r"\1ll",
    "smolder": "smoulder",
}
_SPELLINGS = [(re.compile(f"^{pattern}"), spelling) for pattern, spelling in _STEMS.items()]


def term(text: str) -> str | Reason:
    """Read one item of an answer as a term, or say why it is none.

    Leading numbers, bullets and mask names and surrounding quotes, emphasis and punctuation are
    taken off. A term has one to three words of letters, hyphens and apostrophes, none of which is
    a pronoun, an article, an auxiliary verb or a conjunction.

    >>> term("2) **Fed up**.")
    'fed up'
    """
    if len(text) > 4 * _MAX_LETTERS:
        return Reason.SENTENCE
    plain = text.translate(_PLAIN)
    # Lower case can change what an edge is (the dotted capital I): strip after it.
    clean = strip_edges(plain.lower())
    if clean in _REFUSALS or _REFUSAL_CUES.search(clean):
        return Reason.REFUSAL
    parts = clean.split()
    if len(parts) <= 2 * _MAX_WORDS and _is_placeholder(parts):
        return Reason.NOT_A_TERM
    if len(parts) > _MAX_WORDS or len(clean) > _MAX_LETTERS:
        return Reason.SENTENCE if len(parts) > _MAX_WORDS else Reason.NOT_A_TERM
    if not all(map(_is_word, parts)):
        return Reason.NOT_A_TERM
    if any(_is_function_word(word) for word in parts):
        return Reason.SENTENCE
    return " ".join(parts)


def all_terms(items: Iterable[str]) -> Found:
    """Read every item as a term, or say why one is none; "sad or upset" is ambiguous."""
    terms: list[str] = []
    for item in items:
        found = term(item)
        if isinstance(found, Reason):
            either = _ALTERNATIVE.split(re.sub(r"^\W*either ", "", item[:200]))
            if len(either) > 1 and not any(isinstance(term(word), Reason) for word in either):
                return Reason.AMBIGUOUS
            return found
        terms.append(found)
    return tuple(terms) or Reason.EMPTY


def strip_edges(text: str) -> str:
    """Take numbering, bullets, mask names, quotes, emphasis and punctuation off both ends.

    >>> strip_edges("- **sad**.")
    'sad'
    """
    # A few rounds undo any sane nesting, and bound the time on an insane one.
    for _ in range(4):
        text = _LEAD.sub("", text.strip(_EDGES), count=1).strip(_EDGES)
    return text


def is_refusal(text: str) -> bool:
    """Tell whether prose says that there will be no answer.

    >>> is_refusal("I'm sorry, but I can't help with that.")
    True
    """
    return bool(_REFUSAL_CUES.search(text.lower()))


def plain_text(text: str) -> str:
    """Even out how a text is written, so that the same words are the same characters.

    NFKC, typographic quotes and hyphens in ASCII, no control or zero-width characters, no emoji,
    no LaTeX around words, no backslash before quotes.

    >>> plain_text("\u201csad\u201d, $\\\\boxed{\\\\text{angry}}$")
    '"sad",  [angry] '
    """
    if not text.isascii():
        text = re.sub("(\\d)\ufe0f?\u20e3", r"\1. ", text)
    text = text.translate(_PLAIN)
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_PLAIN)
        text = "".join(" " if unicodedata.category(c) in _PICTURES else c for c in text)
    if "\\" in text:
        if re.search(r"\\[\"']", text):
            # Written as a string inside a string: the outer quotes go with the backslashes.
            text = re.sub(r"\\+([\"'])", r"\1", text).replace("\\n", "\n")
            text = re.sub(r"[\"'](?=[\[{])|(?<=[\]}])[\"']", "", text)
        text = re.sub(r"\\(?:text|math)[a-z]{0,6}\{([^{}\n]{0,200})\}", r"\1", text)
        text = re.sub(r"\\boxed\s?\{([^{}\n]{0,300})\}", r"[\1]", text)
        text = re.sub(r"\\[\[\]()]|\$\$?", " ", text)
    return text


def even_marks(text: str) -> str:
    """Marks as in `plain_text`, but character for character: what it drops becomes a space."""
    return text.translate({mark: plain or " " for mark, plain in _PLAIN.items()})


def _is_placeholder(parts: list[str]) -> bool:
    remark = len(parts) > 1 and (not _REMARKS.isdisjoint(parts) or parts[-1] in ("word", "term"))
    return remark or all(part in _PLACEHOLDERS for part in parts)


def _is_word(part: str) -> bool:
    if not part.isascii():
        part = "".join(c for c in part if unicodedata.category(c)[0] != "M")
    return bool(_WORD.fullmatch(part))


def _is_function_word(word: str) -> bool:
    head, _, _ = word.partition("'")
    return head in _FUNCTION_WORDS or word.endswith("n't")


# Symbols such as emoji, and what changes their looks.
_PICTURES = ("So", "Cs", "Co")
_PLAIN: dict[int, str | None] = {
    **dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f\u00ab\u00bb\u2033\u300c\u300d"), '"'),
    **dict.fromkeys(map(ord, "\u2018\u2019\u201a\u201b\u2032\u2039\u203a\u00b4"), "'"),
    **dict.fromkeys(map(ord, "\u2010\u2011"), "-"),
    **dict.fromkeys(map(ord, "\uff0c\u3001\u060c"), ","),
    **dict.fromkeys(map(ord, "\u3010\uff3b"), "["),
    **dict.fromkeys(map(ord, "\u3011\uff3d"), "]"),
    **dict.fromkeys(map(ord, "\uff1a"), ":"),
    **dict.fromkeys(map(ord, "\u00a0\u202f\u2007\u3000\t\v\f"), " "),
    **dict.fromkeys(map(ord, "\r\u2028\u2029\x85"), "\n"),
    **dict.fromkeys(
        (c for c in (*range(32), *range(127, 160)) if chr(c) not in "\t\n\v\f\r\x85"), None
    ),
    **dict.fromkeys((*range(0x200B, 0x2010), *range(0x202A, 0x202F), *range(0x2060, 0x2065)), None),
    0xFEFF: None,
    0xFE0F: None,
    **dict.fromkeys(range(0x1F3FB, 0x1F400), None),
    0x00AD: None,
}


def british(word: str) -> str:
    """The British spelling of an American word; the word itself where there is no other.

    >>> british("demoralized"), british("honored"), british("vigorous")
    ('demoralised', 'honoured', 'vigorous')
    """
    if not _NOT_ISE.search(word):
        word = _ISE.sub(r"\1s", word)
    word = _OUR.sub(r"\1our", word)
    for pattern, spelling in _SPELLINGS:
        word = pattern.sub(spelling, word)
    return word
