"""`inspect`, `validate`, `merge` and `plan` as functions.

An option of the program is a keyword here: `max_lora_rank=32` is `--max-lora-rank 32`, True is an option alone, a
list is an option given several times; None and False leave it out. `docs/commands.md` lists all of them.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Mapping
from typing import TypeAlias, TypeVar

from .documents import CapacityPlan, Finding, Inspection, MergeResult, Report
from .errors import LoRAToolError, UsageError
from .program import run
from .reading import read

T = TypeVar("T")
Path: TypeAlias = "str | os.PathLike[str]"
Value: TypeAlias = "str | int | float | bool | os.PathLike[str] | None"
Option: TypeAlias = "Value | Iterable[Value]"


def inspect(
    *adapters: Path, base: Path | None = None, stats: bool = False, tensors: bool = False, **options: Option
) -> Inspection:
    """What adapters are. Raises `LoRAToolError` with the findings when one of them cannot be read."""
    named = {"base": base, "stats": stats, "tensors": tensors, **options}
    return _document(Inspection, "inspect", named, adapters)


def validate(
    *adapters: Path,
    base: Path | None = None,
    engine: str | None = None,
    max_lora_rank: int | None = None,
    policy: Path | None = None,
    header_only: bool = False,
    **options: Option,
) -> Report:
    """Everything that is wrong with adapters. A failing report is returned; `Report.check` makes it an exception.

    `LoRAToolError` is raised when the check itself could not be made: no adapter at a path, no such base.
    """
    named = {
        "base": base,
        "engine": engine,
        "max_lora_rank": max_lora_rank,
        "policy": policy,
        "header_only": header_only,
        **options,
    }
    return _document(Report, "validate", named, adapters)


def merge(
    base: Path, adapters: Path | Iterable[Path], output: Path, *, weights: Iterable[float] = (), **options: Option
) -> MergeResult:
    """Writes W + s·B·A of one or several adapters as a complete model folder at `output`.

    Raises `LoRAToolError` with the findings when the adapters' deltas cannot be computed on this base.
    """
    several = [adapters] if isinstance(adapters, (str, os.PathLike)) else list(adapters)
    named = {"base": base, "adapter": several, "weight": list(weights), "output": output, **options}
    return _document(MergeResult, "merge", named)


def plan(
    base: Path, *, adapters: Iterable[Path] = (), rank: int | None = None, targets: str | None = None, **options: Option
) -> CapacityPlan:
    """The arithmetic of a deployment: of the given adapters, or of any with this rank and these targets."""
    named = {"base": base, "adapter": list(adapters), "rank": rank, "targets": targets, **options}
    return _document(CapacityPlan, "plan", named)


def _document(kind: type[T], command: str, options: Mapping[str, Option], inputs: Iterable[Path] = ()) -> T:
    arguments = [command, "--format", "json", "--color", "never", "--progress", "never"]
    for name, value in options.items():
        arguments += _words(name, value)
    # Behind `--` a path that begins with a dash is a path.
    process = run([*arguments, "--", *(os.fspath(path) for path in inputs)] if inputs else arguments)
    messages = process.stderr.decode(errors="replace").strip()
    document = _parsed(process.stdout)
    if process.returncode == 64:
        raise UsageError(messages, exit_code=64)
    if document is None or process.returncode not in (0, 1):
        message = messages or f"lora-tool {command} ended with exit code {process.returncode}"
        findings = _listed_findings(document) or _named_findings(messages)
        if findings and not messages:
            message = "; ".join(str(finding) for finding in findings)
        failure = LoRAToolError(message, findings, process.returncode)
        failure.document = document
        raise failure
    try:
        return read(kind, document)
    except ValueError as error:
        raise LoRAToolError(f"lora-tool {command} wrote a document that this package does not know: {error}") from error


def _words(name: str, value: Option) -> list[str]:
    flag = "--" + name.replace("_", "-")
    if value is None or value is False:
        return []
    if value is True:
        return [flag]
    if isinstance(value, (str, int, float, os.PathLike)):
        # One word, so that a value that begins with a dash is a value.
        return [f"{flag}={os.fspath(value) if isinstance(value, os.PathLike) else value}"]
    return [word for element in value for word in _words(name, element)]


def _parsed(output: bytes) -> object | None:
    try:
        document: object = json.loads(output)
    except ValueError:
        return None
    return document


def _listed_findings(document: object | None) -> list[Finding]:
    adapters = document.get("adapters") if isinstance(document, dict) else None
    rows = [row for adapter in adapters or [] for row in adapter.get("findings") or []]
    return [read(Finding, row) for row in rows if row.get("severity") == "error"]


#: `merge` names the rule between the file and the sentence.
_NAMED = re.compile(r"^lora-tool: cannot \w+: (?P<file>.+?): (?P<rule>[a-z]+(?:-[a-z]+)+): (?P<message>.+)$", re.M)


def _named_findings(messages: str) -> list[Finding]:
    return [
        Finding(match["rule"], "error", match["message"], file=match["file"]) for match in _NAMED.finditer(messages)
    ]
