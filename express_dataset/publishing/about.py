"""What a reader of a dataset must be told beside its figures, for the card and for Croissant."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ..files import own_path
from ..reading.folders import BUILD
from ..sources import AUTHORS_REPO, PAPER_CITATION, Loaded


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """Where the rows come from, and what they can and cannot bear."""

    kind: str  # `sample`, `authors`, `built` (by `express dataset build`) or `own`
    synthetic: bool  # whether the texts were invented
    derived_from: tuple[str, ...]  # addresses of what it was made of
    collection: str  # where the texts come from
    preprocessing: str  # what was done to them
    annotation: str  # where the labels come from
    sensitive: str  # what in it is personal or hard to read
    biases: str  # whom it speaks for
    limits: str  # what the labels do not say
    uses: str  # what it is for, and what not
    impact: str  # what good and harm may come of it
    maintenance: str  # how a text is taken out


_MASKING = (
    "Emotion words in which writers tell of a feeling of their own are replaced by <mask>; the "
    "same word may stand elsewhere in the text (leaked). Such words are found by three patterns "
    "(I feel ..., I am ..., feeling ...) with the part of speech and the dependency of each word, "
    "out of a list of words for emotions. Long posts are cut into segments. Copies of a text "
    "never stand in two splits."
)
_ANNOTATION = (
    "Nobody annotated the texts. A label is the word that the writer used for the feeling, found "
    "by a program: self-disclosure, not a judgement by others."
)
_LIMITS = (
    "A label is one word that fitted, not the only one: other words may fit as well, and a writer "
    "may have hidden, exaggerated or misnamed a feeling, or have been ironic. The patterns miss "
    "feelings told in other ways, and a tagger errs now and then. Where the writer denies the "
    "feeling ('not <mask>') the mask is flagged as negated; where the word also stands unmasked "
    "in the text it is flagged as leaked: report figures with and without them. Public texts may "
    "be in the training data of the models that are tested."
)
_USES = (
    "To measure how well language models name the emotion that a person felt, in that person's "
    "own words. Not to infer the emotions or the mental health of individuals, not to watch or "
    "profile people, not to find out who wrote a text, and no substitute for clinical data."
)
_IMPACT = (
    "Models that understand how people speak of their feelings can support them better; the same "
    "skill can be used to manipulate people, and a wrong guess about a feeling can hurt."
)
_REDDIT_SENSITIVE = (
    "People tell of their own lives: health, relationships, grief, violence, self-harm and sexual "
    "experiences may occur, and strong language does. No names of accounts and no ids of posts "
    "are included, but a text can be found again by searching for it: do not quote texts "
    "verbatim without need, and do not try to identify or contact writers."
)
_REDDIT_BIASES = (
    "Those who post in English on Reddit in the communities sampled: younger, more often male and "
    "from North America than the population, and people who choose to write of their feelings. "
    "A few emotions are far more frequent than the rest."
)
_MAINTENANCE = (
    "Whoever finds a text of their own here can ask for its removal in the discussions of the "
    "repository; it is taken out in the next version."
)
_SAMPLE = About(
    kind="sample",
    synthetic=True,
    derived_from=(),
    collection="The posts were invented for the EXPRESS software, with a language model. No "
    "person lived what they tell. They are not the EXPRESS data, and figures on them cannot be "
    "compared with those of the paper.",
    preprocessing=_MASKING,
    annotation="A label is the emotion word that stood in the invented text where the mask is.",
    sensitive="No real person, account or post is in it. Some of the invented stories are of "
    "loss, illness and quarrel.",
    biases="The taste and the world of those who invented it: everyday life in English, with "
    "emotions spread more evenly than people's own.",
    limits="It is small and invented: it shows that software works, not how well models do. "
    "Its labels are single words, and other words may fit as well.",
    uses="To try and to test the EXPRESS software. Not to rank models.",
    impact="No good or harm is expected of it beyond its use as test data.",
    maintenance="It changes with the software that it belongs to.",
)
_OWN = About(
    kind="own",
    synthetic=False,
    derived_from=(),
    collection="The rows are the publisher's own, in the form of EXPRESS; where the texts come "
    "from is for the publisher to say.",
    preprocessing="Emotion words are replaced by <mask>. Copies of a text never stand in two "
    "splits.",
    annotation=_ANNOTATION,
    sensitive="Texts about feelings are personal. Whether they hold names or other traces of "
    "people is not known; treat them as if they did.",
    biases="Those whose texts were chosen; a few emotions are usually far more frequent than the "
    "rest.",
    limits=_LIMITS,
    uses=_USES,
    impact=_IMPACT,
    maintenance=_MAINTENANCE,
)
_BUILT = replace(
    _OWN,
    kind="built",
    collection="Public posts from dumps of Reddit, by `express dataset build`. Deleted, removed "
    "and short posts were left out. `build.json` tells of the inputs, the settings and the count "
    "of every reason.",
    preprocessing="Mentions of accounts and communities, links, e-mail addresses and phone "
    "numbers were replaced, ids became pseudonyms under a key that stays with the maker, and "
    f"authors were used to keep splits apart and then discarded. {_MASKING}",
    sensitive=_REDDIT_SENSITIVE,
    biases=_REDDIT_BIASES,
)
_AUTHORS = replace(
    _OWN,
    kind="authors",
    derived_from=(f"https://huggingface.co/datasets/{AUTHORS_REPO}",),
    collection="Public posts of Reddit, collected and masked by the authors of the paper 'Fluent "
    "but Unfeeling' (arXiv:2509.09593). This is their data with flags, pseudonyms for the posts "
    "and the splits train, test and few_shot added; their own publication is the original.",
    preprocessing=_MASKING,
    sensitive=_REDDIT_SENSITIVE,
    biases=_REDDIT_BIASES,
)


def is_authors(loaded: Loaded) -> bool:
    """Tell whether rows are those of the authors of EXPRESS.

    >>> from express_dataset import load_all_examples
    >>> is_authors(load_all_examples("sample")["all"])
    False
    """
    return loaded.citation == PAPER_CITATION or loaded.name == AUTHORS_REPO


def about(loaded: Loaded, source: str) -> About:
    """What a reader must be told of these rows.

    >>> from express_dataset import load_all_examples
    >>> about(load_all_examples("sample")["all"], "sample").kind
    'sample'
    """
    if is_authors(loaded):
        return _AUTHORS
    if loaded.name == "express-sample":
        return _SAMPLE
    return _BUILT if (own_path(source) / BUILD).is_file() else _OWN
