"""Inflected and derived emotion words -> the headword that EmoLex has.

EmoLex lists headwords: it has *scare* but not *scared*. People and models write the inflected
forms, so each is given the vector of a headword, chosen by these rules, in this order:

1. Never a headword of the opposite meaning: *careless* takes *carelessness*, not *care*.
2. An entry of the same stem with the same sense, the nearest part of speech first
   (*comfortable* takes *comfort*), unless EmoLex scores that entry for another sense
   (*motivated* does not take *motive*).
3. Otherwise the closest synonym (*stuck* takes *stagnant*, *obsessed* takes *fanatic*).

Words without a feeling of their own (*fine*, *okay*, *done*) are left out on purpose, as are
words whose feeling depends on the sentence (*emotional*). A word that EmoLex has is never here.
The tables are in alphabetical order, so that nothing depends on the order of choices. They were
written for this project and reproduce no part of EmoLex but the headwords' spelling.
"""

from __future__ import annotations

from .headwords_a_d import TABLE as TABLE_A_D
from .headwords_e_o import TABLE as TABLE_E_O
from .headwords_p_z import TABLE as TABLE_P_Z


def parse_table(table: str) -> dict[str, str]:
    """Read lines of ``headword: word, word``; an indented line goes on with the one before.

    Returns:
        Word to headword.

    >>> parse_table("scare: scared, freaked out,\\n    scary\\n")
    {'scared': 'scare', 'freaked out': 'scare', 'scary': 'scare'}
    >>> parse_table("")
    {}
    """
    pairs: dict[str, str] = {}
    for line in table.replace("\n    ", " ").splitlines():
        headword, _, words = line.partition(":")
        pairs.update((word.strip(), headword) for word in words.split(","))
    return pairs


HEADWORDS = parse_table(TABLE_A_D) | parse_table(TABLE_E_O) | parse_table(TABLE_P_Z)
