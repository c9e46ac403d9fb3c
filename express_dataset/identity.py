"""Which mask of a post a mask is, so that segments and whole posts can be compared mask by mask."""

from __future__ import annotations

from collections.abc import Iterable

from .errors import DataError
from .flags import MASK
from .schema import Example


def mask_identities(
    segments: Iterable[Example], whole_posts: Iterable[Example]
) -> dict[str, tuple[tuple[str, int], ...]]:
    """For each segment's id, what each of its masks is: a post and the mask's number in it, from 0.

    The masks of a whole post are its numbers in order. Segments can overlap, so that one mask can
    stand in two of them; segments of posts that `whole_posts` lacks are left out.

    Raises:
        DataError: a segment is no part of its post, so the two are not of one build.

    >>> whole = Example("w", "p", "I felt <mask>. Then I was <mask>.", ("sad", "glad"), 0)
    >>> part = Example("s", "p", "Then I was <mask>.", ("glad",), 1)
    >>> mask_identities([part], [whole])
    {'s': (('p', 1),)}
    """
    posts = {post.post_id: post.text for post in whole_posts}
    starts: dict[str, int] = {}
    found = {}
    # In the order of the post: what stands twice in it is looked for behind what came before.
    for row in sorted(segments, key=lambda one: one.segment):
        text = posts.get(row.post_id)
        if text is None:
            continue
        start = text.find(row.text, starts.get(row.post_id, 0))
        if start < 0:
            raise DataError(
                f"segment {row.segment} of post {row.post_id} is no part of that post: build both "
                "from the same dumps with the same settings, one of them with --whole-posts"
            )
        starts[row.post_id] = start
        first = text.count(MASK, 0, start)
        found[row.id] = tuple((row.post_id, first + place) for place in range(len(row.labels)))
    return found
