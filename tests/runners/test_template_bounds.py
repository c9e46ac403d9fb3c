"""Templates of strangers are judged by their syntax: nothing in them runs on or grows."""

from __future__ import annotations

import pytest

from express_runners.errors import RunError
from express_runners.prompts.wording import parse

GROWING = [
    "{{ text }}{{ 2**1000000 }}",
    '{{ "a" * (10**10) }}',
    "{{ 7**(10**9) }}",
    '{{ "%1000000000d" % 1 }}',
    "{% for a in range(10**9) %}{% endfor %}{{ text }}",
    "{{ text | center(1000000000) }}",
    "{{ text | join(text) }}",
    "{{ text }}" + "{% set text = text ~ text %}" * 40,
    "{% set a = text %}" + "{% set a = [a, a] %}" * 40 + "{{ a }}",
    "{% set a %}{{ text }}{{ text }}{% endset %}{{ a }}",
    "{% for a in text %}" * 3 + "x" + "{% endfor %}" * 3,
    "{% macro a() %}{{ a() }}{% endmacro %}{{ text }}",
    "{{ " + "(" * 5000 + "1" + ")" * 5000 + " }}",
    "{{ " + "9" * 6000 + " }}",
    "{{ text" + " | upper" * 100 + " }}",
    "{{ text }}" * 20_000,
    "{{ text.format(1) }}",
]


@pytest.mark.parametrize("source", GROWING, ids=lambda source: source[:40])
def test_what_grows_or_runs_on_is_refused(source: str) -> None:
    with pytest.raises(RunError, match=r"^--template zero-shot"):
        parse("zero-shot", source)


@pytest.mark.parametrize(
    "source",
    [
        "{{ text }} {{ count + 1 }} {{ text | trim | upper }}",
        '{% for shot in shots %}{{ shot.labels | join(", ") }}{% endfor %}{{ text }}',
        '{% set cue = "So:" %}{{ text }}{{ cue }}{% if count == 1 %}one{% endif %}',
        "{% for shot in shots %}{{ loop.index }}. {{ shot.text }}{% endfor %}{{ text ~ example }}",
    ],
)
def test_what_a_wording_needs_is_allowed(source: str) -> None:
    assert parse("mine", source).source == source
