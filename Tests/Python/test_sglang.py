from pathlib import Path

import pytest

import lora_tool
import lora_tool.sglang


def test_the_check_passes_what_sglang_loads(adapter: Path, base: Path) -> None:
    assert lora_tool.sglang.check(adapter, base).adapters[0].serving.engine == "SGLang"


def test_the_check_refuses_the_others(adapter: Path, base: Path, broken: Path) -> None:
    with pytest.raises(lora_tool.ValidationFailed, match="rank-mismatch"):
        lora_tool.sglang.check(broken, base)
    with pytest.raises(lora_tool.ValidationFailed, match="rank"):
        lora_tool.sglang.check(adapter, base, max_lora_rank=4)
