"""A prompt setting: which wording, and which solved examples are shown with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from express_metric.signature import safe_value

from ..errors import RunError
from .similarity import DEFAULT_ENCODER
from .wording import Template, from_file, ours

if TYPE_CHECKING:
    from ..config import RunConfig

DEFAULT_SHOTS = 5


@dataclass(frozen=True, slots=True)
class Setting:
    """What a model is shown beside the story.

    >>> Setting(ours("few-shot"), 5, "similar", encoder="all-MiniLM-L6-v2").name
    'few-shot-5-similar'
    >>> Setting(ours("few-shot"), 3, "random", seed=7).name
    'few-shot-3-random-seed7'
    """

    template: Template  # the wording
    shots: int = 0  # solved examples per prompt
    # random (one draw for the run), random-per-example, or similar; empty without
    choice: str = ""
    seed: int = 0  # of the draw
    encoder: str = ""  # what tells which examples are similar; empty without
    distance: str = "cosine"  # what nearest means for them, cosine or euclidean
    masks: str = "any"  # any, or same for shots with as many masks as the asked example
    pool: str = "few_shot"  # few_shot, or all-others: all examples but the asked post's
    chat: bool = True  # whether a model's chat template is applied, where it has one

    @property
    def name(self) -> str:
        """The setting as a signature names it, without the template's hash."""
        parts = [self.template.name]
        if self.shots:
            parts += [str(self.shots), self.choice]
        if self.choice != "similar" and self.seed:
            parts.append(f"seed{self.seed}")
        if self.encoder not in ("", DEFAULT_ENCODER):
            parts.append(safe_value(self.encoder.rstrip("/").rpartition("/")[2]).replace("@", "-"))
        if self.distance != "cosine":
            parts.append(self.distance)
        if self.masks == "same":
            parts.append("same-masks")
        if self.pool != "few_shot":
            parts.append(self.pool)
        if not self.chat:
            parts.append("no-chat-template")
        return "-".join(parts)


def setting_of(config: RunConfig, family: str) -> Setting:
    """The prompt setting that a run's options ask for."""
    if family == "masked":
        if config.prompt != "zero-shot" or config.template:
            asked = f"--prompt {config.prompt}" if not config.template else "--template"
            raise RunError(
                f"{asked} does not fit --model {config.model}: a masked model is shown the story "
                "alone and fills its masks; use --prompt zero-shot without a template"
            )
        return Setting(ours("fill-mask"))
    name = config.prompt
    template = from_file(name, config.template) if config.template else ours(name)
    # Other families have no chat template, and a server that is asked freely applies its own.
    applied = family == "causal" or (family == "api" and config.decode == "rank")
    chat = not (config.no_chat_template and applied)
    if name != "few-shot":
        return Setting(template, chat=chat)
    choice = config.shot_choice or "random"
    similar = choice == "similar"
    return Setting(
        template,
        config.shots or DEFAULT_SHOTS,
        choice,
        0 if similar else config.seed,
        (config.encoder or DEFAULT_ENCODER) if similar else "",
        config.distance or "cosine",
        config.shot_masks or "any",
        config.shot_pool or "few_shot",
        chat,
    )
