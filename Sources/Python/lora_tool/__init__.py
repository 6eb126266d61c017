"""LoRA adapters, checked, merged and described for engines that serve many of them.

`inspect`, `validate`, `merge` and `plan` run the program that comes with this package and return its documents as
typed objects. `Pool` fills the slots of an engine in this process. What is wrong is an exception of `errors`.
"""

from typing import TYPE_CHECKING

from .commands import inspect, merge, plan, validate
from .documents import (
    AdapterFacts,
    AdapterReport,
    BaseFacts,
    CapacityPlan,
    Finding,
    Inspection,
    MergeResult,
    ModuleFacts,
    RankFacts,
    Report,
    ScaleFacts,
    Serving,
    Summary,
)
from .errors import LoRAToolError, PoolError, UsageError, ValidationFailed
from .loader import Status
from .pool import Buffer, Lease, Pool, Slot
from .program import program_path, version

__version__: str

if not TYPE_CHECKING:  # or every name would be a text for type checkers

    def __getattr__(name):
        if name == "__version__":
            return version()
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


__all__ = [
    "AdapterFacts",
    "AdapterReport",
    "BaseFacts",
    "Buffer",
    "CapacityPlan",
    "Finding",
    "Inspection",
    "Lease",
    "LoRAToolError",
    "MergeResult",
    "ModuleFacts",
    "Pool",
    "PoolError",
    "RankFacts",
    "Report",
    "ScaleFacts",
    "Serving",
    "Slot",
    "Status",
    "Summary",
    "UsageError",
    "ValidationFailed",
    "inspect",
    "merge",
    "plan",
    "program_path",
    "validate",
]
