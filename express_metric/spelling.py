"""American spellings and British ones."""

from __future__ import annotations

import re

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
