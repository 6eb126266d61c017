"""A LoRA resolver for vLLM that validates before it resolves.

vLLM calls `register` by the entry point `vllm.general_plugins`; it needs `VLLM_ALLOW_RUNTIME_LORA_UPDATING=1` and:

- `LORA_TOOL_ADAPTERS`: the folder whose sub-folders are the adapters. Without it nothing is registered.
- `LORA_TOOL_POLICY`: a policy file for the check; optional.
- `LORA_TOOL_BASE`: the base to check against; by default the model as vLLM was given it.
- `LORA_TOOL_MAX_LORA_RANK`: the server's `--max-lora-rank`, by default vLLM's own default, 16.
"""

from __future__ import annotations

import asyncio
import logging
import os
import zlib
from pathlib import Path

from .commands import validate
from .documents import Report
from .errors import LoRAToolError

NAME = "lora-tool"


def register() -> None:
    """Registers the resolver under vLLM's registry, where `LORA_TOOL_ADAPTERS` names a folder."""
    adapters = os.environ.get("LORA_TOOL_ADAPTERS")
    if not adapters:
        return
    if not Path(adapters).is_dir():
        raise ValueError(f"LORA_TOOL_ADAPTERS is {adapters}, which is no folder")
    policy = os.environ.get("LORA_TOOL_POLICY") or None
    if policy and not Path(policy).is_file():
        raise ValueError(f"LORA_TOOL_POLICY is {policy}, which is no file")
    rank = os.environ.get("LORA_TOOL_MAX_LORA_RANK") or None
    if rank and not rank.isdecimal():
        raise ValueError(f"LORA_TOOL_MAX_LORA_RANK is {rank}, which is no whole number")

    from vllm.lora.resolver import LoRAResolverRegistry

    check = AdapterCheck(
        Path(adapters),
        policy=policy,
        base=os.environ.get("LORA_TOOL_BASE") or None,
        max_lora_rank=int(rank) if rank else None,
    )
    LoRAResolverRegistry.register_resolver(NAME, _resolver(check))


class AdapterCheck:
    """Which adapters of a folder may be served. A verdict is kept until a file of the adapter changes."""

    #: Verdicts that are kept at most.
    kept = 4096

    def __init__(
        self, adapters: Path, *, policy: str | None = None, base: str | None = None, max_lora_rank: int | None = None
    ) -> None:
        self.adapters = adapters
        self.policy = policy
        self.base = base
        self.max_lora_rank = max_lora_rank
        self._verdicts: dict[tuple[str, str], tuple[object, bool]] = {}

    def path(self, name: str) -> Path | None:
        """The folder of an adapter; None where the name leads elsewhere or nowhere.

        Links are followed here, once: what is checked is what is loaded, even if a link is replaced meanwhile.
        """
        if not name or name.startswith(".") or "/" in name or "\0" in name:
            return None
        try:
            path = (self.adapters / name).resolve(strict=True)
            return path if path.is_dir() else None
        except (OSError, ValueError):  # a name that is too long, or no text
            return None

    def passing(self, model: str, name: str) -> Path | None:
        """The folder of the adapter when it passes; otherwise the log says what is wrong with it."""
        path = self.path(name)
        if path is None:
            return None
        state = _state(path)
        known = self._verdicts.get((model, name))
        if known and known[0] == state:
            return path if known[1] else None
        verdict = self._judge(model, name, path)
        if verdict is not None:
            if len(self._verdicts) >= self.kept:
                self._verdicts.clear()
            self._verdicts[model, name] = (state, verdict)
        return path if verdict else None

    def _judge(self, model: str, name: str, path: Path) -> bool | None:
        """Whether the adapter passes; None where the check could not be made, which may be otherwise next time."""
        log = _log()
        try:
            report = validate(
                path,
                base=self.base or model,
                engine="vllm",
                max_lora_rank=self.max_lora_rank,
                policy=self.policy,
            )
        except LoRAToolError as error:
            log.error("LoRA adapter %r is not resolved: it cannot be checked: %s", name, error)
            return None
        _log_findings(log, name, report)
        return report.passed


def _resolver(check: AdapterCheck) -> object:
    from vllm.lora.request import LoRARequest
    from vllm.lora.resolver import LoRAResolver

    class ValidatingResolver(LoRAResolver):  # type: ignore[misc]
        async def resolve_lora(self, base_model_name: str, lora_name: str) -> LoRARequest | None:
            # The check reads files: the server's loop goes on meanwhile.
            path = await asyncio.to_thread(check.passing, base_model_name, lora_name)
            if path is None:
                return None
            return LoRARequest(
                lora_name=lora_name,
                # The same in every process, and never 0; the server gives it a number of its own.
                lora_int_id=zlib.crc32(lora_name.encode()) or 1,
                lora_path=str(path),
            )

    return ValidatingResolver()


def _log() -> logging.Logger:
    """vLLM shows what is logged below its own name."""
    return logging.getLogger("vllm.lora_tool")


def _log_findings(log: logging.Logger, name: str, report: Report) -> None:
    if not report.passed:
        log.error("LoRA adapter %r is not resolved: it failed its check", name)
    for finding in report.findings:
        level = {"error": logging.ERROR, "warning": logging.WARNING}.get(finding.severity, logging.INFO)
        log.log(level, "LoRA adapter %r: %s: %s", name, finding.severity, finding)


def _state(path: Path) -> object:
    """What tells that no file of an adapter was written or replaced since."""
    try:
        with os.scandir(path) as entries:
            stats = [(entry.name, entry.stat()) for entry in entries]
    except OSError:
        return object()  # equal to no other state
    return sorted((name, stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns) for name, stat in stats)
