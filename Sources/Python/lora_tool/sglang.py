"""The check before SGLang's `/load_lora_adapter`.

    lora_tool.sglang.check("/adapters/alice", base="meta-llama/Llama-3.1-8B", max_lora_rank=64)
    requests.post(f"{server}/load_lora_adapter", json={"lora_name": "alice", "lora_path": "/adapters/alice"})
"""

from __future__ import annotations

import os
from collections.abc import Sequence

from .commands import validate
from .documents import Report


def check(
    adapter: str | os.PathLike[str],
    base: str | os.PathLike[str],
    *,
    max_lora_rank: int | None = None,
    policy: str | os.PathLike[str] | None = None,
    target_modules: Sequence[str] = (),
    header_only: bool = False,
) -> Report:
    """Returns the report of an adapter that SGLang would load; raises `ValidationFailed` with the findings otherwise.

    `max_lora_rank` and `target_modules` are the server's `--max-lora-rank` and `--lora-target-modules`; with
    `header_only` the values are not read.
    """
    report = validate(
        adapter,
        base=base,
        engine="sglang",
        max_lora_rank=max_lora_rank,
        policy=policy,
        header_only=header_only,
        target_modules=",".join(target_modules) or None,
    )
    return report.check()
