"""Intervals hold the truth as often as they say, or are marked; tests alarm as rarely as said."""

from __future__ import annotations

import numpy as np
import pytest
from support.worlds import coverage, entropy_coverage, hits

from express_metric.analysis.significance import mcnemar

# At most a third of the worlds of a cell may be marked where its coverage counts as sound.
SOUND = 1 / 3


# The whole grid of 15 cells is tests/benchmarks/bench_coverage.py.
@pytest.mark.parametrize(("posts", "share"), [(60, 0.5), (200, 0.1), (200, 0.9)])
def test_an_interval_that_is_not_marked_covers(posts: int, share: float) -> None:
    held, marked = coverage(posts, share, worlds=200, draws=300, seed=1)
    assert marked < SOUND
    # 95% of 200 worlds, less three standard errors; and less the draws' own unsteadiness.
    assert held >= 0.89


@pytest.mark.parametrize(
    ("posts", "share"), [(30, 0.5), (30, 0.03), (60, 0.1), (200, 0.03), (200, 0.98)]
)
def test_an_interval_at_the_edge_is_marked(posts: int, share: float) -> None:
    _, marked = coverage(posts, share, worlds=20, draws=200, seed=2)
    assert marked >= 1 - SOUND


def test_a_model_that_draws_words_as_people_do_is_not_less_varied() -> None:
    """By the list of all posts its interval missed 0 in 93 of 100 worlds of 300 posts."""
    held, marked, found = entropy_coverage(posts=300, sharpness=1.0, worlds=12)
    assert held >= 0.75
    assert marked == 1
    assert found <= 0.25


def test_mcnemar_by_posts_alarms_as_rarely_as_it_says() -> None:
    """Taken mask by mask, one in six comparisons of equal models was found different."""
    rng = np.random.default_rng(3)
    worlds, by_posts, by_masks = 400, 0, 0
    for _ in range(worlds):
        sums = hits(rng, 120, 0.5)
        post = np.repeat(np.arange(120), sums[:, 1].astype(int))
        # Of each post one of two equal models knows what it is about.
        better = rng.random(120) < 0.5
        sure = rng.random(len(post)) < 0.8
        first = np.where(better[post], sure, ~sure)
        by_posts += mcnemar(first, ~first, post).p_value < 0.05
        by_masks += mcnemar(first, ~first).p_value < 0.05
    assert by_posts / worlds <= 0.07
    assert by_masks / worlds > 0.1
