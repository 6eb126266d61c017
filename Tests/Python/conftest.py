"""What the tests share: they run on the installed wheel, never on the sources beside them."""

from pathlib import Path

import pytest

import lora_tool

DATA = Path(__file__).parents[2] / "testdata"
SOURCES = Path(__file__).parents[2] / "Sources"

if SOURCES in Path(lora_tool.__file__).parents:
    raise RuntimeError("lora_tool comes from the sources: install the wheel, and run pytest without PYTHONPATH")


@pytest.fixture
def base() -> Path:
    return DATA / "models" / "llama-bf16-sharded"


@pytest.fixture
def adapter() -> Path:
    return DATA / "adapters" / "llama-all-linear"


@pytest.fixture
def broken() -> Path:
    return DATA / "broken" / "rank-global"
