"""Models of every class the runners know, made small: random weights, a tokenizer of our sample.

`make(name, folder)` writes one as `save_pretrained` does, so that a test loads it like any other.
"""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

FAMILIES = {
    "roberta": "masked",
    "longformer": "masked",
    "t5": "seq2seq",
    "llama": "causal",
    "gemma2": "causal",
}
NAMES = tuple(FAMILIES)

VOCABULARY = 800
HIDDEN = 32
CONTEXT = 2048
# A masked model can rank words of one token only.
WHOLE = ("sad", "happy", "lonely", "angry", "ashamed", "anxious", "proud", "tired", "afraid")
SPECIAL = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
CHAT_TEMPLATE = (
    "{{ bos_token }}{% for message in messages %}"
    "<|{{ message['role'] }}|>\n{{ message['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
)


def make(name: str, folder: Path, *, chat: bool = False, seed: int = 0) -> Path:
    """Write the model `name` (one of `NAMES`) with its tokenizer into `folder`.

    Args:
        chat: give the tokenizer a chat template; "llama" and "gemma2" only.
        seed: of the random weights, which are large, so that answers differ between examples.
    """
    import torch

    tokenizer = _tokenizer(name, chat)
    torch.manual_seed(seed)
    model = _model(name, tokenizer)
    model.eval().save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


@cache
def _trained() -> str:
    """A byte-level BPE tokenizer of the embedded sample, as JSON."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    rows = files("express_dataset.sample").joinpath("examples.jsonl").read_text("utf-8")
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY,
        special_tokens=SPECIAL,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([json.loads(row)["text"] for row in rows.splitlines()], trainer)
    return str(tokenizer.to_str())


def _tokenizer(name: str, chat: bool) -> Any:
    from tokenizers import AddedToken, Tokenizer, processors
    from transformers import PreTrainedTokenizerFast

    backend, masked = Tokenizer.from_str(_trained()), FAMILIES[name] == "masked"
    if masked:
        backend.add_tokens([AddedToken(f" {word}", normalized=False) for word in WHOLE])
    before = "" if name == "t5" else "<s> "
    after = "" if FAMILIES[name] == "causal" else " </s>"
    marks = [(mark, backend.token_to_id(mark)) for mark in ("<s>", "</s>")]
    backend.post_processor = processors.TemplateProcessing(
        single=f"{before}$A{after}", special_tokens=marks
    )
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token=None if name == "t5" else "<s>",
        eos_token="</s>",
        unk_token="<unk>",
        pad_token="<pad>",
        mask_token="<mask>" if masked else None,
        model_max_length=CONTEXT,
        model_input_names=["input_ids", "attention_mask"],
    )
    if chat:
        tokenizer.chat_template = CHAT_TEMPLATE
    return tokenizer


def _model(name: str, tokenizer: Any) -> Any:
    import transformers as hf

    ids = {"pad_token_id": tokenizer.pad_token_id, "eos_token_id": tokenizer.eos_token_id}
    if name == "t5":
        return hf.T5ForConditionalGeneration(
            hf.T5Config(
                vocab_size=len(tokenizer),
                d_model=HIDDEN,
                d_kv=8,
                d_ff=2 * HIDDEN,
                num_layers=2,
                num_heads=4,
                decoder_start_token_id=tokenizer.pad_token_id,
                initializer_factor=3.0,
                **ids,
            )
        )
    common = {
        "vocab_size": len(tokenizer),
        "hidden_size": HIDDEN,
        "intermediate_size": 2 * HIDDEN,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "initializer_range": 0.5,
        "bos_token_id": tokenizer.bos_token_id,
        **ids,
    }
    if name == "roberta":
        positions = CONTEXT + tokenizer.pad_token_id + 1
        return hf.RobertaForMaskedLM(
            hf.RobertaConfig(max_position_embeddings=positions, type_vocab_size=1, **common)
        )
    if name == "longformer":
        positions = CONTEXT + tokenizer.pad_token_id + 1
        return hf.LongformerForMaskedLM(
            hf.LongformerConfig(
                max_position_embeddings=positions,
                type_vocab_size=1,
                attention_window=[32, 32],
                **common,
            )
        )
    common |= {"num_key_value_heads": 2, "max_position_embeddings": CONTEXT}
    if name == "llama":
        return hf.LlamaForCausalLM(hf.LlamaConfig(**common))
    # A window shorter than a prompt, so that Gemma 2's alternating sliding layers matter.
    return hf.Gemma2ForCausalLM(
        hf.Gemma2Config(head_dim=8, query_pre_attn_scalar=8, sliding_window=64, **common)
    )
