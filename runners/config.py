"""What a run is asked for, checked before anything is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from .errors import RunError
from .server import API, LOCAL, SERVED, TOKEN_PARAMETERS, check_served, check_server, is_dummy
from .vocabulary import OTHER_MASKS

SPLITS = ("train", "test", "few_shot", "all")
FAMILIES = ("masked", "seq2seq", "causal")
DTYPES = ("auto", "float32", "bfloat16", "float16")
DEVICES = ("auto", "cpu", "cuda")
DECODES = ("free", "rank")
QUANTIZE = ("8bit", "4bit")
SPREAD = ("layers", "tensor")
PROMPTS = ("zero-shot", "few-shot", "cot")
SEEN = ("refuse", "allow", "leave-out")
SHOT_CHOICES = ("random", "random-per-example", "similar")
SHOT_MASKS = ("any", "same")
SHOT_POOLS = ("few_shot", "all-others")
DISTANCES = ("cosine", "euclidean")
SEVERAL = "several"
"""Marks an option that may be repeated: its values stand in one text, with commas between."""
TFIDF = "tfidf"
# What `--as-published` stands for; the encoder where shots are similar, the rest of shots where
# there are any.
PUBLISHED = {"max_new_tokens": 256, "whole_answers": True}
PUBLISHED_SHOTS = {"shots": 4, "shot_masks": "same", "shot_pool": "all-others"}
PUBLISHED_ENCODER = "google-bert/bert-base-uncased"
CHOICES = {
    "split": SPLITS,
    "family": FAMILIES,
    "dtype": DTYPES,
    "device": DEVICES,
    "prompt": PROMPTS,
    "shot_choice": SHOT_CHOICES,
    "shot_masks": SHOT_MASKS,
    "shot_pool": SHOT_POOLS,
    "distance": DISTANCES,
    "decode": DECODES,
    "other_masks": OTHER_MASKS,
    "quantize": QUANTIZE,
    "seen": SEEN,
    "spread": SPREAD,
    "token_parameter": TOKEN_PARAMETERS,
}


NUMBERS = (
    "limit",
    "shots",
    "batch_size",
    "concurrency",
    "max_total_tokens",
    "replicas",
    "max_new_tokens",
)

Strict = Annotated[
    bool, typer.Option("--strict", help="Refuse the data where a row of it cannot be an example.")
]
LeaveOut = Annotated[
    bool,
    typer.Option(
        "--leave-out-misfits",
        help="Leave out such rows of a file of your own; those of the authors' are by default.",
    ),
]


@dataclass(frozen=True, slots=True)
class RunConfig:
    """The settings of one run; each field is an option of `express run`.

    Raises:
        RunError: a value is not one of those allowed.

    >>> RunConfig(model="org/name", out=Path("runs/name")).split
    'test'
    >>> RunConfig(model="org/name", out=Path("runs/name"), limit=0)
    Traceback (most recent call last):
    ...
    express_runners.errors.RunError: --limit must be at least 1, got 0
    """

    model: Annotated[
        str,
        typer.Option(
            help="A Hub id (org/name or org/name@revision), a folder, a .gguf file, api:NAME (on a "
            "server), or dummy:uniform, dummy:most-frequent, dummy:oracle."
        ),
    ]
    out: Annotated[Path, typer.Option(help="The run's folder; the same command goes on there.")]
    dataset: Annotated[
        str, typer.Option(help="express, sample, a CSV, JSONL or Parquet file, or a Hub id.")
    ] = "express"
    split: Annotated[
        str, typer.Option(help="train, test (the default), few_shot or all.", show_default=False)
    ] = ""
    name: Annotated[
        str | None,
        typer.Option(help="What tables and pages call the model; as --model by default."),
    ] = None
    adapter: Annotated[
        str | None,
        typer.Option(help="An adapter over the model: a folder of `express train`, or a Hub id."),
    ] = None
    seen: Annotated[
        str,
        typer.Option(
            help="Examples that the model was trained on: refuse, allow (their number stands in "
            "the signature, and no ranking takes the run) or leave-out."
        ),
    ] = "refuse"
    as_published: Annotated[
        bool,
        typer.Option(
            "--as-published",
            help="The paper's experiment: --split all, --max-new-tokens 256, --whole-answers, "
            "--no-chat-template; few-shot with --shots 4, --shot-masks same, --shot-pool "
            "all-others, and similar ones by google-bert/bert-base-uncased.",
        ),
    ] = False
    strict: Strict = False
    leave_out_misfits: LeaveOut = False
    limit: Annotated[int | None, typer.Option(help="Only the first N examples.")] = None
    prompt: Annotated[
        str, typer.Option(help="zero-shot, few-shot or cot (chain of thought, then the list).")
    ] = "zero-shot"
    shots: Annotated[
        int | None, typer.Option(help="Solved examples in a few-shot prompt; 5 by default.")
    ] = None
    shot_choice: Annotated[
        str | None,
        typer.Option(
            help="random (one draw for the run, the default), random-per-example, or similar "
            "(nearest to the story, nearest last)."
        ),
    ] = None
    encoder: Annotated[
        str | None,
        typer.Option(
            help="What finds similar shots: all-MiniLM-L6-v2 (the default), another "
            "sentence-transformers model, or tfidf (no download)."
        ),
    ] = None
    distance: Annotated[
        str | None,
        typer.Option(help="What nearest means for similar shots: cosine (the default), euclidean."),
    ] = None
    shot_masks: Annotated[
        str | None,
        typer.Option(help="any (the default), or same: shots with as many masks as the story."),
    ] = None
    shot_pool: Annotated[
        str | None,
        typer.Option(
            help="Where shots come from: few_shot (that split, the default), or all-others: every "
            "example but those of the asked post and near copies of its text."
        ),
    ] = None
    seed: Annotated[int, typer.Option(help="Seed of the draw of random shots.")] = 0
    template: Annotated[
        Path | None,
        typer.Option(
            help="Your own wording of the prompt: a Jinja file that may use text, count, example "
            "and shots."
        ),
    ] = None
    no_chat_template: Annotated[
        bool,
        typer.Option(
            "--no-chat-template", help="Give a chat model the bare prompt, as to a base model."
        ),
    ] = False
    max_new_tokens: Annotated[
        int | None,
        typer.Option(
            help="Most tokens of an answer, reasoning included; by default 32, 16 for each mask, "
            "and 512 or 4,096 more where reasoning is asked for or a model's own."
        ),
    ] = None
    whole_answers: Annotated[
        bool,
        typer.Option(
            "--whole-answers", help="Let a model go on after its list, and judge all it writes."
        ),
    ] = False
    decode: Annotated[
        str,
        typer.Option(
            help="free (greedy text) or rank (a probability for each term of a vocabulary)."
        ),
    ] = "free"
    vocabulary: Annotated[
        str | None,
        typer.Option(
            help="Terms for --decode rank: train (labels of the train split, the default) or a "
            "text file with a term per line."
        ),
    ] = None
    other_masks: Annotated[
        str | None,
        typer.Option(
            help="What --decode rank shows at the other masks: empty (the default of masked "
            "models) or picks, the likeliest terms of the masks before (of all others)."
        ),
    ] = None
    lexicon: Annotated[
        str | None, typer.Option(help="nrc, express or a CSV file; the data's own by default.")
    ] = None
    family: Annotated[
        str | None, typer.Option(help="masked, seq2seq or causal; read from the model by default.")
    ] = None
    dtype: Annotated[
        str,
        typer.Option(
            help="auto (float32 on a CPU, bfloat16 on a GPU), float32, bfloat16, float16."
        ),
    ] = "auto"
    device: Annotated[str, typer.Option(help="auto, cpu or cuda.")] = "auto"
    batch_size: Annotated[
        int | None, typer.Option(help="Most examples side by side; chosen by memory.")
    ] = None
    quantize: Annotated[str | None, typer.Option(help="8bit or 4bit weights, by bitsandbytes.")] = (
        None
    )
    spread: Annotated[
        str | None,
        typer.Option(
            help="For a model larger than one GPU: layers (one process, layers dealt to all GPUs) "
            "or tensor (every layer split among the processes that torchrun starts)."
        ),
    ] = None
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run code that comes with the model.")
    ] = False
    base_url: Annotated[
        str | None,
        typer.Option(
            help="OpenAI-compatible server of api:NAME; may be repeated, or several with commas "
            "between. Hugging Face's by default."
        ),
        SEVERAL,
    ] = None
    serve: Annotated[
        str | None,
        typer.Option(
            help="Start a server for the run and ask it: vllm, sglang, transformers, llama.cpp, "
            "or a command with {model} and {port} in it."
        ),
    ] = None
    replicas: Annotated[
        int, typer.Option(help="Servers that --serve starts; GPUs are dealt to them.")
    ] = 1
    log_with: Annotated[
        str | None,
        typer.Option(help="Log the figures: trackio, tensorboard, wandb, or as Accelerate knows."),
    ] = None
    serve_timeout: Annotated[
        float, typer.Option(help="Seconds until a server that --serve started is given up.")
    ] = 1800.0
    concurrency: Annotated[int, typer.Option(help="Most requests to the server at a time.")] = 8
    max_total_tokens: Annotated[
        int | None, typer.Option(help="Stop before the server has used more tokens than this.")
    ] = None
    retries: Annotated[
        int, typer.Option(help="Further attempts after 429, 5xx, a time-out or a lost connection.")
    ] = 6
    request_timeout: Annotated[
        float, typer.Option(help="Seconds until a request to the server counts as lost.")
    ] = 120.0
    token_parameter: Annotated[
        str,
        typer.Option(
            help="What a server calls the limit of an answer's tokens: max_tokens, or "
            "max_completion_tokens, as newer hosted models want it."
        ),
    ] = TOKEN_PARAMETERS[0]
    reasoning_tokens: Annotated[
        int | None,
        typer.Option(
            help="Further tokens for a model that reasons first: 4,096 by default for a local one "
            "whose chat template has marks for it, none for a served one."
        ),
    ] = None
    no_temperature: Annotated[
        bool,
        typer.Option(
            "--no-temperature",
            help="Leave the temperature to a server that refuses 0; its answers vary by chance.",
        ),
    ] = False

    @property
    def misfits(self) -> str | None:
        """What is done about rows that cannot be examples, for `load_all`."""
        # Inside, so that `express --help` reads no library.
        from express_dataset.sources import misfits_asked

        return misfits_asked(self.strict, self.leave_out_misfits)

    def __post_init__(self) -> None:
        if self.strict and self.leave_out_misfits:
            _ = self.misfits  # refuses them together
        self._fill_in()
        check_served(self.model, {name: getattr(self, name) for name in (*SERVED, *LOCAL)})
        served_only = {
            "--token-parameter": self.token_parameter != TOKEN_PARAMETERS[0],
            "--no-temperature": self.no_temperature,
        }
        served_only = {} if self.serve else served_only
        check_server(self.model, self.base_url, self.retries, self.request_timeout, served_only)
        if (self.reasoning_tokens or 0) < 0:
            raise RunError(f"--reasoning-tokens must be at least 0, got {self.reasoning_tokens}")
        for name in NUMBERS:
            value = getattr(self, name)
            if value is not None and value < 1:
                option = name.replace("_", "-")
                raise RunError(f"--{option} must be at least 1, got {value}")
        for name, allowed in CHOICES.items():
            value = getattr(self, name)
            if value is not None and value not in allowed:
                option = name.replace("_", "-")
                raise RunError(f"--{option} must be one of {', '.join(allowed)}, got {value!r}")
        self._check_shots()
        self._check_decoding()

    def _fill_in(self) -> None:
        """What `--as-published` leaves open, and the default split."""
        default = "all" if self.as_published else "test"
        filled: dict[str, object] = {"split": self.split or default}
        if self.as_published:
            if self.decode == "rank":
                raise RunError("--as-published is for free answers: leave out --decode rank")
            filled |= {name: value for name, value in PUBLISHED.items() if not getattr(self, name)}
            filled["no_chat_template"] = not (self.serve or self.model.startswith(API))
            if self.prompt == "few-shot":
                filled |= {k: v for k, v in PUBLISHED_SHOTS.items() if getattr(self, k) is None}
                if self.shot_choice == "similar" and self.encoder is None:
                    filled["encoder"] = PUBLISHED_ENCODER
        for name, value in filled.items():
            object.__setattr__(self, name, value)

    def _check_decoding(self) -> None:
        if self.decode == "rank" and (self.max_new_tokens or self.whole_answers):
            raise RunError(
                "--max-new-tokens and --whole-answers are of free answers: leave them out, or use "
                "--decode free"
            )
        served = self.serve or self.model.startswith(API)
        if self.no_chat_template and served and self.decode == "free":
            raise RunError(
                f"--no-chat-template: the server of {self.model} applies its own; leave it out"
            )
        if self.reasoning_tokens and self.max_new_tokens:
            raise RunError(
                "--max-new-tokens counts reasoning too: leave out --reasoning-tokens, or the other"
            )
        for name in ("vocabulary", "other_masks"):
            if getattr(self, name) is not None and self.decode != "rank":
                raise RunError(
                    f"--{name.replace('_', '-')} belongs to --decode rank, but this is --decode "
                    f"{self.decode}: leave it out or ask for rank"
                )
        if self.decode == "rank" and is_dummy(self.model):
            raise RunError(
                f"--decode rank needs a model's own scores, which {self.model} does not give: use "
                "--decode free, or a local model"
            )
        if self.decode == "rank" and self.prompt == "cot":
            raise RunError(
                "--decode rank scores terms right after the prompt, so a model cannot reason "
                "first: use --prompt zero-shot or few-shot with it"
            )

    def _check_shots(self) -> None:
        """An option that would change nothing is a misunderstanding: it is refused."""
        for name in ("shots", "shot_choice", "shot_masks", "shot_pool"):
            if getattr(self, name) is not None and self.prompt != "few-shot":
                raise RunError(
                    f"--{name.replace('_', '-')} belongs to --prompt few-shot, but this is "
                    f"--prompt {self.prompt}: leave it out or ask for few-shot"
                )
        for name in ("encoder", "distance"):
            if getattr(self, name) is not None and self.shot_choice != "similar":
                raise RunError(
                    f"--{name} belongs to --shot-choice similar: leave it out or ask for similar"
                )
        if self.distance == "euclidean" and self.encoder == TFIDF:
            raise RunError(
                "--distance euclidean orders tfidf's vectors, whose lengths are one, as cosine "
                "does: leave it out, or give another --encoder"
            )
