"""Take out of a post what could point to a person, and what could break the masking.

This comes before masking, so that the offsets of masks stay true.
"""

from __future__ import annotations

import hashlib
import hmac
import html
import re
from functools import partial

MASK_LOOKALIKE = "(mask)"
"""What a ``<mask>`` or ``[MASK]`` that the author typed becomes."""

USER, COMMUNITY, LINK, EMAIL, PHONE = "[user]", "[community]", "[link]", "[email]", "[phone]"
"""What stands where something was taken out."""

# Written as code points, because the characters themselves cannot be seen.
INVISIBLE = "\u00ad\u180e\u200b\u2060\ufeff"
"""Characters with no width and no meaning: soft hyphens, zero-width spaces, byte order marks."""

JOINERS = "\u200c\u200d\u200e\u200f\u202a-\u202e\u2066-\u2069"
"""Joiners and direction marks, as the inside of a regex class. Persian, Arabic and emoji need
them, so they go only where they touch a Latin letter, inside which they can only hide a word."""

_DROPPED = re.compile(f"[{INVISIBLE}]+")
_JOINED = re.compile(f"[{JOINERS}]+")
_LINE_ENDS = re.compile("\r\n?|[\u0085\u2028\u2029\x0b\x0c]")
_SPACES = re.compile("[\x00-\x08\x0e-\x1f\x7f-\x9f\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]")
_AMPERSANDS = re.compile(r"&(?:amp;)+")
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_MASK = re.compile(r"<\s*mask\s*>|\[\s*mask\s*\]", re.IGNORECASE)

_URL_END = r"(?:\([^\s()]*\)|[^\s<>()\[\]\"])+"
_NOT_AMOUNT = r"(?<![\w.,$€£-])"

# What to look for first (cheap, and nearly always absent), what to replace, and by what.
# Order matters: a link may hold a mention or a number, and an address looks like a handle.
_PERSONAL: tuple[tuple[re.Pattern[str], re.Pattern[str], str], ...] = tuple(
    (re.compile(hint), re.compile(pattern, re.IGNORECASE), word)
    for hint, pattern, word in (
        ("://", r"\b(?:https?|ftp)://" + _URL_END, LINK),
        ("[wW]{3}[.]", r"\bwww\." + _URL_END, LINK),
        # Both take whole runs of what a name can hold, so that none is begun again within.
        ("@", r"[\w.+%-]++(?P<rest>@[\w-]++(?:\.[\w-]++)++)?+", EMAIL),
        (
            r"[\[({]\s*[aA][tT]\s*[\])}]",
            r"(?P<lead>[.+-]*+)(?:\b\w[\w.+-]*+"
            r"(?P<rest>\s*+[\[({]\s*+at\s*+[\])}]\s*+[\w-]++"
            r"(?:\s*[\[({]\s*dot\s*[\])}]\s*[\w-]+|\.[a-z]{2,})+)?+)?+",
            EMAIL,
        ),
        (
            r"[.](?i:com|org|net|edu|gov|co[.]uk|io|gg|ly)\b|[.][a-zA-Z]{2,6}/",
            r"(?<![\w@.-])(?:[a-z0-9-]+\.)+"
            r"(?:(?:com|org|net|edu|gov|co\.uk|io|gg|ly)(?![\w-])(?:/[^\s<>()\[\]\"]*)?"
            r"|[a-z]{2,6}/[^\s<>()\[\]\"]+)",
            LINK,
        ),
        ("/", r"(?<![\w/])/?u(?:ser)?/[\w-]{2,}", USER),
        ("/", r"(?<![\w/])/?r/\w{2,}", COMMUNITY),
        ("@", r"(?<![\w@.])@\w{3,}", USER),
        (r"[+]\d", r"(?<![\w+])\+\d{1,3}(?:[ ().-]{0,3}\d){7,12}(?!\d)", PHONE),
        (
            r"\d{3}[ ).-]{0,2}\d{3}",
            _NOT_AMOUNT + r"(?:1[ .-]?)?\(?\d{3}\)?[ .-]?\d{3}[ .-]?\d{4}(?![\w-])",
            PHONE,
        ),
        (
            r"0\d{2,4}[ .-]?\d{3}",
            _NOT_AMOUNT + r"0\d{2,4}[ .-]?\d{3,4}[ .-]?\d{3,4}(?![\w-])",
            PHONE,
        ),
        (r"0\d[ .-]\d", _NOT_AMOUNT + r"0\d(?:[ .-]\d{2}){4}(?![\w-])", PHONE),
        (r"\d{3}-\d{4}", _NOT_AMOUNT + r"\d{3}-\d{4}(?![\w-])", PHONE),
    )
)


def scrub(text: str) -> str:
    """Rewrite a post so that it names nobody and can be masked safely.

    HTML entities become characters, line ends and spaces their plain forms, and invisible
    characters go. User names, communities, links, e-mail addresses and phone numbers become
    a word in brackets. A mask that the author typed becomes ``(mask)``.

    >>> scrub("Ask u/some_one on r/advice &amp; call 555-123-4567.")
    'Ask [user] on [community] & call [phone].'
    >>> scrub("I feel &lt;mask&gt;, see https://example.org/a.")
    'I feel (mask), see [link].'
    """
    return scrub_counting(text)[0]


def scrub_counting(text: str) -> tuple[str, int]:
    """Rewrite a post as `scrub` does, and count the masks that its author typed."""
    if "&" in text:
        text = _unescape(text)
    if not text.isascii():
        text = _JOINED.sub(_unjoined, _DROPPED.sub("", text))
    text = _SPACES.sub(" ", _LINE_ENDS.sub("\n", text))
    text, typed = _MASK.subn(MASK_LOOKALIKE, text)
    for hint, pattern, word in _PERSONAL:
        if hint.search(text):
            text = pattern.sub(partial(_replaced, word), text)
    return text.strip(), typed


def _unjoined(found: re.Match[str]) -> str:
    """Nothing where joiners touch a Latin letter, else the joiners."""
    text, start, end = found.string, found.start(), found.end()
    around = text[max(0, start - 1) : start] + text[end : end + 1]
    return "" if any(one.isascii() and one.isalpha() for one in around) else found[0]


def _replaced(word: str, found: re.Match[str]) -> str:
    """The word, and the stop of the sentence where a link has taken it along."""
    link, parts = found[0], found.groupdict()
    if "rest" in parts:
        return f"{parts.get('lead') or ''}{word}" if parts["rest"] else link
    return word + link[len(link.rstrip(".,;:!?'*_")) :] if word == LINK else word


def _unescape(text: str) -> str:
    """Undo HTML escapes, those escaped twice too (dumps hold ``&amp;#x200B;``)."""
    for _ in range(4):
        changed = _ENTITY.sub(lambda found: html.unescape(found[0]), _AMPERSANDS.sub("&", text))
        if changed == text:
            break
        text = changed
    return text


class Pseudonyms:
    """Names for posts and authors that only the holder of the key can make.

    >>> names = Pseudonyms(b"0123456789abcdef")
    >>> names.of("post", "abc123") == names.of("author", "abc123")
    False
    """

    def __init__(self, key: bytes) -> None:
        self._key = key

    def __repr__(self) -> str:
        return "Pseudonyms(a secret key)"

    def of(self, kind: str, name: str) -> str:
        """Give the pseudonym of a name."""
        return hmac.new(self._key, f"{kind}/{name}".encode(), hashlib.sha256).hexdigest()[:16]
