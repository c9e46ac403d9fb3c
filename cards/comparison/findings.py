"""The paper's findings as checks that a set of runs confirms, refutes or leaves undecided.

Each finding has parts: one for each pair of runs, or each run, that it speaks of. A part is
confirmed where the interval of its figure lies wholly on the side that the finding says, refuted
where it lies wholly on the other; where there is a permutation test, corrected for the number of
comparisons, it must agree. That two runs are close takes two one-sided tests: the 90% interval lies
within the margin. The finding itself is confirmed (refuted) only where
every part is: such an all-or-nothing verdict keeps the level of its parts (Berger 1982). Fewer than
`MIN_POSTS` posts decide nothing. What pairs say of exact words is checked on vectors and F1 as
well, with verdicts of their own: p-values are corrected for all pairs on one figure. Runs are
paired only where nothing else but what the finding speaks of differs; a dummy, which is no model,
is no evidence for any.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence

from express_metric.analysis.affect_intensity import INSTALL
from express_metric.analysis.intensity import Scale, scales, shift
from express_metric.analysis.intervals import MIN_POSTS, Interval, smallest
from express_metric.analysis.masks import Masks
from express_metric.analysis.resampling import Resampling
from express_metric.analysis.significance import Analysis, Correction, correct
from express_metric.analysis.usage import diversity, excess
from express_metric.scoring import Counts

from .runs import COT, RANDOM, SIMILAR, ZERO_SHOT, Run
from .verdicts import ALSO, CONFIRMED, FIGURE, REFUTED, UNDECIDED, Finding, Part

ALPHA = 0.05
LOW = 0.5  # "low" in the paper: wrong more often than right
CLOSE = 0.05  # "close": within five points
# Parameters at most of a small masked model, at least of a large causal one.
SMALL, LARGE = 1e9, 7e9
DUMMY = "dummy"
OVERUSED = ("anxious", "grateful", "frustrated")


@dataclasses.dataclass(frozen=True)
class _Claim:
    name: str
    claim: str
    pairs: list[tuple[Run, Run]]
    sign: int  # whether the second run of a pair is said to be better (1) or worse (-1)
    figure: str = FIGURE


def wanted_pairs(runs: Sequence[Run], counts: Mapping[str, Counts]) -> list[tuple[str, str]]:
    """The pairs of runs, (first, second), that the findings compare.

    >>> wanted_pairs([], {})
    []
    >>> from express_metric import load_lexicon
    >>> runs = [Run(f"{i}", "m", "causal", setting, [], {}, None, None, load_lexicon("nrc"), {})
    ...         for i, setting in enumerate((ZERO_SHOT, COT))]
    >>> wanted_pairs(runs, {})
    [('0', '1')]
    """
    models = _models(runs)
    pairs = [(a.name, b.name) for claim in _claims(models) for a, b in claim.pairs]
    close = _closest(models, counts)
    if close:
        pairs.append((close[0].name, close[1].name))
    return list(dict.fromkeys(pairs))


def findings(
    runs: Sequence[Run],
    counts: Mapping[str, Counts],
    masks: Mapping[str, Masks],
    found: Analysis,
    correction: Correction,
    how: Resampling,
) -> list[Finding]:
    """Check every finding that the runs can speak of.

    Returns:
        The findings, in the paper's order; those that need other runs are left out, and all where
        every run is a dummy.
    """
    models = _models(runs)
    if not models:
        return []
    close = _closest(models, counts)
    result = [_low(models, found)]
    claims = _claims(models)
    compared = {
        figure: [
            *([_close(close, found, figure)] if close else []),
            *_pairwise(claims, found, correction, figure),
        ]
        for figure in (FIGURE, *ALSO)
    }
    for finding in compared[FIGURE]:
        also = {f: one for f in ALSO for one in compared[f] if one.name == finding.name}
        result.append(dataclasses.replace(finding, also=also))
    result += _pairwise(claims, found, correction, "valid_rate") + _single(models, masks, how)
    few = masks[models[0].name].n_posts < MIN_POSTS
    return [_told(finding, how.level, undecided=few) for finding in result]


def _models(runs: Sequence[Run]) -> list[Run]:
    """The runs that findings may speak of: models, none of which learned the answers.

    Rankings choose from given words: findings speak of them only where no model answered freely.
    """
    fair = [
        run
        for run in runs
        if run.family != DUMMY and all(one.fair for one in run.signatures.values())
    ]
    return [run for run in fair if not run.ranks] or fair


def _told(finding: Finding, level: float, *, undecided: bool) -> Finding:
    """The finding with what so many posts can show; of too few posts nothing is decided."""
    parts = (
        dataclasses.replace(
            part,
            verdict=UNDECIDED if undecided else part.verdict,
            smallest=smallest(part.figure, level),
        )
        for part in finding.parts
    )
    also = {f: _told(one, level, undecided=undecided) for f, one in finding.also.items()}
    return dataclasses.replace(finding, parts=tuple(parts), also=also)


def _claims(runs: Sequence[Run]) -> list[_Claim]:
    sizes = [(small, large) for small in runs for large in _next_size(small, runs)]

    def settings(first: str, second: str) -> list[tuple[Run, Run]]:
        return [
            (a, b)
            for a in runs
            for b in runs
            if (a.setting, b.setting) == (first, second) and _alike(a, b, same_model=True)
        ]

    reasoned = settings(ZERO_SHOT, COT)
    claims = [
        _Claim("size", "Accuracy grows with size inside a family.", sizes, 1),
        _Claim("chain of thought", "Chain of thought lowers accuracy.", reasoned, -1),
        _Claim("few-shot", "Few-shot examples raise accuracy.", settings(ZERO_SHOT, RANDOM), 1),
        _Claim("similar examples", "Similar examples raise it most.", settings(RANDOM, SIMILAR), 1),
        _Claim(
            "loss of format",
            "Chain of thought loses the form of the answer.",
            reasoned,
            -1,
            "valid_rate",
        ),
    ]
    return [claim for claim in claims if claim.pairs]


def _alike(a: Run, b: Run, *, same_model: bool) -> bool:
    """Whether two runs share everything that a finding does not speak of."""
    if same_model and (a.model, a.revision) != (b.model, b.revision):
        return False
    # Without shots on one side, their number is what the finding is about.
    same_shots = a.shots == b.shots or not (a.shots and b.shots)
    return same_shots and a.conditions == b.conditions


def _next_size(run: Run, runs: Sequence[Run]) -> list[Run]:
    """The runs of the next larger model of the same line, asked in the same way."""
    if run.parameters is None:
        return []
    larger = [
        (other.parameters, other)
        for other in runs
        if (other.line, other.setting) == (run.line, run.setting)
        and _alike(run, other, same_model=False)
        and other.parameters is not None
        and other.parameters > run.parameters
    ]
    least = min((parameters for parameters, _ in larger), default=None)
    return [other for parameters, other in larger if parameters == least]


def _closest(runs: Sequence[Run], counts: Mapping[str, Counts]) -> tuple[Run, Run] | None:
    """The best small masked and the best large causal run that answer freely.

    Zero-shot ones where there are any; a model whose size is not known is neither.
    """
    best = []
    for family, least, most in (("masked", 0.0, SMALL), ("causal", LARGE, math.inf)):
        kin = [
            run
            for run in runs
            if run.family == family
            and not run.ranks
            and run.parameters is not None
            and least <= run.parameters <= most
        ]
        kin = [run for run in kin if run.setting == ZERO_SHOT] or kin
        if not kin:
            return None
        best.append(max(kin, key=lambda run: int(counts[run.name]["lexical"].sum())))
    return best[0], best[1]


def _low(runs: Sequence[Run], found: Analysis) -> Finding:
    parts = []
    for run in runs:
        for figure in (FIGURE, "vector_accuracy"):
            shown = found.intervals[run.name][figure]
            verdict = _side(shown, LOW, -1)
            parts.append(Part(f"{run.name}, {figure}", shown, None, verdict))
    claim = "Exact-word and vector accuracy are low for all models."
    return Finding(
        "low accuracy", claim, f"accuracy, low if below {LOW:.0%}", "percent", tuple(parts), -1
    )


def _close(pair: tuple[Run, Run], found: Analysis, figure: str) -> Finding:
    masked, causal = pair
    compared = found.differences[masked.name, causal.name][figure]
    shown, narrow = compared.difference, compared.narrow
    verdict = UNDECIDED
    if narrow is not None and narrow.above(-CLOSE) and narrow.below(CLOSE):
        verdict = CONFIRMED
    elif shown.above(CLOSE) or shown.below(-CLOSE):
        verdict = REFUTED
    return Finding(
        "masked against causal",
        "Small masked models are close to large causal ones.",
        "gain of the best causal run over the best masked one, close if within "
        f"{100 * CLOSE:.0f} points either way",
        "points",
        (Part(f"{masked.name} to {causal.name}", shown, None, verdict),),
        -1,
    )


def _pairwise(
    claims: Sequence[_Claim], found: Analysis, correction: Correction, figure: str
) -> list[Finding]:
    """Claims on pairs of runs; p-values are corrected for all pairs on one figure."""
    claims = [one for one in claims if figure == one.figure or {figure, one.figure} <= _ACCURACIES]
    asked = [(claim, a.name, b.name) for claim in claims for a, b in claim.pairs]
    differences = [found.differences[a, b][figure] for _, a, b in asked]
    p_values = correct(
        [1.0 if one.p_value is None else one.p_value for one in differences], correction
    )
    parts: dict[str, list[Part]] = {}
    for (claim, a, b), difference, p_value in zip(asked, differences, p_values, strict=True):
        shown = difference.difference
        verdict = _side(shown, 0.0, claim.sign) if p_value < ALPHA else UNDECIDED
        parts.setdefault(claim.name, []).append(Part(f"{a} to {b}", shown, p_value, verdict))
    return [
        Finding(
            claim.name,
            claim.claim,
            _CHANGES[figure],
            "points",
            tuple(parts[claim.name]),
            claim.sign,
        )
        for claim in claims
    ]


_ACCURACIES = {FIGURE, *ALSO}
_CHANGES = {
    FIGURE: "change in exact-word accuracy",
    "vector_accuracy": "change in vector accuracy",
    "vector_f1": "change in vector F1",
    "valid_rate": "change in the share of answers that could be read",
}


def _single(runs: Sequence[Run], masks: Mapping[str, Masks], how: Resampling) -> list[Finding]:
    def each(measure: Callable[[Masks], Interval], sign: int) -> tuple[Part, ...]:
        shown = [(run.name, measure(masks[run.name])) for run in runs]
        return tuple(Part(name, value, None, _side(value, 0.0, sign)) for name, value in shown)

    def varied(name: str) -> Part:
        found = diversity(masks[name], how)
        sure = found.p_value is not None and found.p_value < ALPHA
        verdict = _side(found.entropy_change, 0.0, -1) if sure else UNDECIDED
        return Part(name, found.entropy_change, found.p_value, verdict)

    known = scales()

    def softened(name: str, scale: Scale) -> Part:
        net = shift(masks[name], how, scale).net
        # The scales differ in the sign of the same answers: one alone decides nothing.
        verdict = _side(net, 0.0, 1) if len(known) > 1 else UNDECIDED
        return Part(f"{name}, by {scale.name}", net, None, verdict)

    words = f"{', '.join(OVERUSED[:-1])} and {OVERUSED[-1]}"
    return [
        Finding(
            "overuse",
            f"Models overuse a few words ({words}).",
            "share of these among the model's words less their share among people's",
            "points",
            each(lambda table: excess(table, OVERUSED, how), 1),
        ),
        Finding(
            "less varied words",
            "Models' words are less varied than people's.",
            "entropy of the model's words less that of people's, in bits, among the labels' words",
            "bits",
            tuple(varied(run.name) for run in runs),
            -1,
        ),
        Finding(
            "softening",
            "Models soften intensity.",
            "softened less heightened, as a share of the errors in one family, by "
            + (
                " and by ".join(scale.name for scale in known)
                if len(known) > 1
                else f"{known[0].name} alone, which decides nothing without the other ({INSTALL})"
            ),
            "points",
            tuple(softened(run.name, scale) for run in runs for scale in known),
        ),
    ]


def _side(shown: Interval, value: float, sign: int) -> str:
    """Confirmed where the interval lies on the side of the sign, refuted on the other."""
    if shown.above(value):
        return CONFIRMED if sign > 0 else REFUTED
    if shown.below(value):
        return CONFIRMED if sign < 0 else REFUTED
    return UNDECIDED
