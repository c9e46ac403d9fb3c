"""A small chat server with faults: `python model_server.py PORT [--after N] [--die N] ...`.

It answers every mask with *sad*, `--after` seconds from its start on. `--die N` ends it after N
answers, the first time only (it leaves a file `--once`). `--exit` ends it at once with a message.
`--noise` floods its log; `--child` leaves a sleeping child process. `--weights FOLDER` computes
log-probabilities of token ids on /v1/completions, in double precision, told as `--way` says:
`prompt_logprobs` (as vLLM) or `echo`; of `--most` tokens, else it refuses.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any


def options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--after", type=float, default=0.0)
    parser.add_argument("--die", type=int)
    parser.add_argument("--once", type=Path)
    parser.add_argument("--exit", action="store_true")
    parser.add_argument("--slow", type=float, default=0.0)
    parser.add_argument("--noise", action="store_true")
    parser.add_argument("--child", type=Path)
    parser.add_argument("--model-is")
    parser.add_argument("--weights", type=Path)
    parser.add_argument("--way", default="prompt_logprobs")
    parser.add_argument("--most", type=int, default=1000)
    return parser.parse_args()


GIVEN = options()
STARTED = time.monotonic()
ANSWERED = [0]


class Handler(BaseHTTPRequestHandler):
    """GET /health and POST /v1/chat/completions."""

    def do_GET(self) -> None:
        if self.path == "/asked":
            self.send(200, ANSWERED[0])
            return
        if self.path == "/gpus":
            self.send(200, os.environ.get("CUDA_VISIBLE_DEVICES"))
            return
        ready = time.monotonic() - STARTED >= GIVEN.after
        self.send(200 if ready and self.path == "/health" else 503, {"ready": ready})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path == "/v1/completions":
            self.complete(asked)
            return
        masks = asked["messages"][0]["content"].rpartition("TEXT")[2].count("<mask>") or 1
        time.sleep(GIVEN.slow)
        ANSWERED[0] += 1
        if GIVEN.die is not None and ANSWERED[0] > GIVEN.die and not GIVEN.once.exists():
            GIVEN.once.touch()
            os._exit(9)
        message = {"role": "assistant", "content": json.dumps(["sad"] * masks)}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 5, "completion_tokens": 3, "total_tokens": 8}
        whole = {"id": "1", "object": "chat.completion", "created": 0, "choices": [choice]}
        self.send(200, {**whole, "model": asked["model"], "usage": usage})

    def complete(self, asked: dict[str, Any]) -> None:
        """One token after each prompt, with what was asked of log-probabilities."""
        if MODEL is None:
            self.send(404, {"error": {"message": "no such path"}})
            return
        if asked["logprobs"] > GIVEN.most:
            self.send(400, {"error": {"message": f"logprobs over {GIVEN.most}"}})
            return
        choices = [choice(asked, row, i) for i, row in enumerate(asked["prompt"])]
        usage = {"prompt_tokens": sum(map(len, asked["prompt"])), "completion_tokens": len(choices)}
        # Not in order: places are told by the index.
        self.send(200, {"object": "text_completion", "choices": choices[::-1], "usage": usage})

    def send(self, status: int, content: object) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Nothing for each request."""


def choice(asked: dict[str, Any], row: list[int], index: int) -> dict[str, Any]:
    """A prompt's completion, as far as log-probabilities go."""
    import torch

    model, tokenizer = MODEL
    with torch.inference_mode():
        after = model(input_ids=torch.tensor([row])).logits[0].log_softmax(-1)
    own = [None, *(float(after[i, token]) for i, token in enumerate(row[1:]))]
    found = after[-1].topk(min(asked["logprobs"], after.shape[-1]))
    listed = zip(found.indices.tolist(), found.values.tolist(), strict=True)
    top = {tokenizer.convert_ids_to_tokens(token): value for token, value in listed}
    echoed = own if asked.get("echo") and GIVEN.way == "echo" else []
    told: dict[str, Any] = {"index": index, "text": "", "finish_reason": "length"}
    told["logprobs"] = {"token_logprobs": [*echoed, max(top.values())], "top_logprobs": [top]}
    if "prompt_logprobs" in asked and GIVEN.way == "prompt_logprobs":
        pairs = zip(row, own, strict=True)
        told["prompt_logprobs"] = [
            None if value is None else {str(token): {"logprob": value}} for token, value in pairs
        ]
    return told


def load(folder: Path) -> Any:
    """Model and tokenizer of a folder."""
    from transformers import AutoModelForCausalLM, AutoTokenizer

    model = AutoModelForCausalLM.from_pretrained(folder).double().eval()
    return model, AutoTokenizer.from_pretrained(folder)


MODEL: Any = load(GIVEN.weights) if GIVEN.weights else None


def main() -> None:
    if GIVEN.exit:
        sys.exit("CUDA error: no kernel image\x1b[31m is available")
    if GIVEN.child is not None:
        sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        GIVEN.child.write_text(str(sleeper.pid))
    if GIVEN.noise:
        threading.Thread(target=lambda: [print("x" * 5000) for _ in range(20000)]).start()
    ThreadingHTTPServer(("127.0.0.1", GIVEN.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
