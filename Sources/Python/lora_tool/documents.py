"""The documents of the program as typed objects.

Fields have the names and meanings of `docs/commands.md`; `document` is the whole of it as JSON has it, with every key
that has no field of its own.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from .errors import ValidationFailed


@dataclass(frozen=True)
class Finding:
    """Something wrong, or worth knowing, in the content of an input."""

    rule: str
    severity: str  #: "error", "warning" or "note"
    message: str
    file: str | None = None
    tensor: str | None = None
    module: str | None = None
    expected: str | None = None
    found: str | None = None
    hint: str | None = None  #: what to do
    byte_offset: int | None = None

    def __str__(self) -> str:
        place = ", ".join(part for part in (self.file, self.tensor) if part)
        text = f"{self.rule}: {self.message}"
        text += f" (in {place})" if place else ""
        return f"{text}; {self.hint}" if self.hint else text


@dataclass(frozen=True)
class RankFacts:
    config: int | None
    min: int | None
    max: int | None
    uniform: bool | None


@dataclass(frozen=True)
class ScaleFacts:
    min: float | None
    max: float | None
    source: str | None  #: "alpha/r", "alpha/sqrt(r)", "file" or "assumed"


@dataclass(frozen=True)
class BaseFacts:
    model_type: str | None
    parameters: int | None


@dataclass(frozen=True)
class ModuleFacts:
    """A module of the base that the adapter changes; what is None needs `stats`, and `relative_delta` a base too."""

    name: str
    kind: str
    rank: int | None
    inputs: int | None = field(metadata={"key": "in"})
    outputs: int | None = field(metadata={"key": "out"})
    alpha: float | None
    scale: float | None
    dtype: str | None
    parameters: int | None
    delta_frobenius: float | None = None
    delta_spectral: float | None = None
    effective_rank: int | None = None
    relative_delta: float | None = None
    nan: int | None = None
    inf: int | None = None
    zero: int | None = None


@dataclass(frozen=True)
class AdapterFacts:
    """What `inspect` says of one adapter."""

    path: str
    format: str  #: "peft", "kohya", "diffusers", "mlx", "torchtune" or "unknown"
    file_bytes: int | None
    tensor_bytes: int | None
    tensor_count: int | None
    parameters: int | None
    dtypes: dict[str, int]
    peft_type: str | None
    base_model: str | None
    rank: RankFacts | None
    alpha: float | None
    scale: ScaleFacts | None
    use_rslora: bool | None
    use_dora: bool | None
    targets: tuple[str, ...]
    layers: tuple[int, ...]
    modules: tuple[ModuleFacts, ...]
    full_tensors: tuple[str, ...]
    metadata: dict[str, str]
    minimum_reader: str | None
    sha256: str | None
    base: BaseFacts | None
    shrink_ratio: float | None
    findings: tuple[Finding, ...]
    document: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Inspection:
    tool_version: str
    adapters: tuple[AdapterFacts, ...]
    document: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Summary:
    modules: int | None
    matched: int | None
    unmatched: int | None
    rank_max: int | None
    bytes: int | None


@dataclass(frozen=True)
class Serving:
    """What a serving engine does with an adapter."""

    engine: str
    version: str | None
    verdict: str  #: "applied", "partly", "refused" or "unjudged"
    loads: bool | None
    acts: bool | None  #: None where nothing is known
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class AdapterReport:
    path: str
    status: str  #: "pass", "warn" or "fail"
    findings: tuple[Finding, ...]
    summary: Summary | None
    serving: Serving | None


@dataclass(frozen=True)
class Report:
    """What `validate` found."""

    tool_version: str
    status: str  #: "pass", "warn" or "fail" over all
    checked: int
    adapters: tuple[AdapterReport, ...]
    document: dict[str, Any] = field(repr=False)

    @property
    def passed(self) -> bool:
        """Whether nothing was found at or above the failing level."""
        return self.status != "fail"

    @property
    def findings(self) -> tuple[Finding, ...]:
        """All findings, adapter by adapter."""
        return tuple(finding for adapter in self.adapters for finding in adapter.findings)

    def check(self) -> Report:
        """Returns the report when it passed, and raises `ValidationFailed` with the findings otherwise."""
        if self.passed:
            return self
        failed = [adapter for adapter in self.adapters if adapter.status == "fail"]
        findings = [finding for adapter in failed for finding in adapter.findings]
        errors = [finding for finding in findings if finding.severity == "error"] or findings
        first = f": {errors[0]}" if errors else ""
        more = f" ({len(errors) - 1} more)" if len(errors) > 1 else ""
        raise ValidationFailed(
            f"{len(failed)} of {self.checked} adapters failed{first}{more}", self, errors
        )


@dataclass(frozen=True)
class MergeResult:
    output: str
    tensors_total: int
    tensors_merged: int
    tensors_replaced: int
    bytes_written: int
    untied: bool | None
    seconds: float | None
    peak_rss_bytes: int | None
    warnings: tuple[str, ...]
    document: dict[str, Any] = field(repr=False)


@dataclass(frozen=True)
class CapacityPlan:
    rank: int | None
    max_loras: int | None
    max_lora_rank: int | None
    parameters_per_layer: int | None
    adapter_parameters: int | None
    adapter_bytes: int | None
    adapters_per_gib: int | None
    base_parameters: int | None
    base_bytes: int | None
    shrink_ratio: float | None
    slot_bytes: int | None
    slot_reservation_bytes: int | None
    kv_bytes_per_token: int | None
    kv_block_bytes: int | None
    kv_blocks_displaced: int | None
    kv_blocks_available: int | None
    delta_flops_per_token: float | None
    base_flops_per_token: float | None
    delta_flops_ratio: float | None
    gpus_dedicated: int | None
    gpus_shared: int | None
    gpus_saved: int | None
    padding_waste_ratio: float | None
    document: dict[str, Any] = field(repr=False)
