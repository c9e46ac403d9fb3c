"""Nothing that points to a person, and nothing that looks like a mask, gets past the scrubbing."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.growth import growth

from express_dataset.construct.scrub import INVISIBLE, Pseudonyms, scrub, scrub_counting
from express_dataset.flags import MASK

CASES = [
    # mentions
    ("thanks u/some_one!", "thanks [user]!"),
    ("thanks /u/Some-One, and /r/advice.", "thanks [user], and [community]."),
    ("user/some_one told r/sub_two", "[user] told [community]"),
    ("my @insta_name is new", "my [user] is new"),
    ("and/or his/her, 24/7, w/r/t, km/h", "and/or his/her, 24/7, w/r/t, km/h"),
    # links
    ("see https://example.org/a?b=1&c=2.", "see [link]."),
    ("[my page](https://example.org/a_(b)) there", "[my page]([link]) there"),
    ("(http://example.org)", "([link])"),
    ("www.example.org/x, ok", "[link], ok"),
    ("on reddit.com/r/advice/comments/1 today", "on [link] today"),
    ("join discord.gg/abc", "join [link]"),
    ("It's over.me too. i.e. this", "It's over.me too. i.e. this"),
    # e-mail addresses
    ("write to a.b+c@mail.example.co.uk.", "write to [email]."),
    ("name (at) example (dot) com", "[email]"),
    ("a@b a@b.org+c@d.org", "a@b [email][email]"),
    ("..me.too [at] x.org, me@", "..[email], me@"),
    # phone numbers
    ("call 555-123-4567 now", "call [phone] now"),
    ("call (555) 123-4567.", "call [phone]."),
    ("call +44 7911 123456 or 07911 123456", "call [phone] or [phone]"),
    ("06 12 34 56 78 is mine", "[phone] is mine"),
    ("5551234567", "[phone]"),
    ("on 2019-05-12, in 1990-2000, $5551234567", "on 2019-05-12, in 1990-2000, $5551234567"),
    ("1,234,567 of 10 000 000", "1,234,567 of 10 000 000"),
    # entities and characters
    ("salt &amp; pepper &lt;3", "salt & pepper <3"),
    ("a&amp;#x200B;b", "ab"),
    ("it&#39;s I&rsquo;m", "it's I\u2019m"),
    ("AT&T & co; &nosuch;", "AT&T & co; &nosuch;"),
    ("ne\u200bver fe\u200del", "never feel"),
    ("a\r\nb\rc\u2028d", "a\nb\nc\nd"),
    ("a\xa0b\u3000c\x00d", "a b c d"),
    # joiners stay where they carry meaning
    ("\U0001f468\u200d\U0001f469", "\U0001f468\u200d\U0001f469"),
    ("\u0645\u06cc\u200c\u062e\u0648", "\u0645\u06cc\u200c\u062e\u0648"),
    # masks
    ("I feel <mask> and [MASK]", "I feel (mask) and (mask)"),
    ("< Mask > [ mask ]", "(mask) (mask)"),
    ("&lt;mask&gt; &amp;lt;mask&amp;gt; <ma\u200bsk>", "(mask) (mask) (mask)"),
]  # fmt: skip


HOSTILE: dict[str, Callable[[int], str]] = {
    "a handle without an address": lambda n: "a" * n + " @",
    "many handles": lambda n: "a@" * (n // 2),
    "joiners": lambda n: "\u200d" * n,
    "a spelled address": lambda n: "a." * (n // 2) + " [at]",
    "dots before one": lambda n: "." * n + " [at]",
    "words before one": lambda n: "a (" * (n // 3) + "(at)",
    "a way to nowhere": lambda n: "a." * (n // 2) + "com/x",
    "brackets": lambda n: "http://" + "(" * n,
    "ampersands": lambda n: "&amp;" * (n // 5),
    "digits": lambda n: "1" * n + " 555-1234",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_time_grows_with_the_text_and_no_faster(name: str) -> None:
    assert growth(scrub, HOSTILE[name]) < 9


@pytest.mark.parametrize(("raw", "clean"), CASES)
def test_scrub(raw: str, clean: str) -> None:
    assert scrub(raw) == clean


PIECES = st.sampled_from(
    [
        "<mask>",
        "[MASK]",
        "&lt;",
        "&gt;",
        "&amp;",
        "&#109;",
        "&#x200B;",
        "u/",
        "r/",
        "@",
        "http://",
        ".",
        ".com",
        "mask",
        "m",
        "<",
        ">",
        "a",
        "555-",
        "\u200b",
        " ",
    ]
)


@given(st.lists(st.one_of(PIECES, st.text(max_size=5)), max_size=25).map("".join))
def test_no_mask_and_nothing_invisible_is_left(raw: str) -> None:
    clean = scrub(raw)
    assert MASK not in clean
    assert "[mask]" not in clean.lower()
    assert not set(INVISIBLE) & set(clean)


@given(st.text())
def test_plain_words_are_left_alone(text: str) -> None:
    words = " ".join(part for part in text.split() if part.isalpha() and part.isascii())
    assert scrub(words) == words


@pytest.mark.parametrize(
    ("raw", "count"),
    [
        ("<mask> and [ MASK ]", 2),
        ("&lt;mask&gt;", 1),
        ("<ma\u200bsk>", 1),
        ("(mask), <masks>, mask", 0),
    ],
)
def test_typed_masks_are_counted(raw: str, count: int) -> None:
    assert scrub_counting(raw) == (scrub(raw), count)


def test_pseudonyms_hang_on_the_key() -> None:
    one, other = Pseudonyms(bytes(32)), Pseudonyms(bytes(31) + b"1")
    assert one.of("post", "abc") != other.of("post", "abc")
    assert one.of("post", "abc") != one.of("author", "abc")
    assert "00000000" not in repr(one)
