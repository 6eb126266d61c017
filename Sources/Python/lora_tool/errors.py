"""What goes wrong, as exceptions. Findings say what is wrong with the content of an input."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .documents import Finding, Report


class LoRAToolError(Exception):
    """Work that could not be done: a file that cannot be read, an adapter that does not fit, an output that exists."""

    def __init__(self, message: str, findings: Sequence[Finding] = (), exit_code: int = 2) -> None:
        super().__init__(message)
        #: What is wrong with the inputs, where that is the reason.
        self.findings = tuple(findings)
        #: The exit code of the program: 2, or 64 for wrong usage; negative where a signal ended it.
        self.exit_code = exit_code
        #: What the program could say nevertheless, such as the facts of the other adapters; None where that is nothing.
        self.document: object | None = None


class UsageError(LoRAToolError):
    """Options that the program does not take."""


class ValidationFailed(LoRAToolError):
    """A check that found something at or above the failing level. `findings` are those; `report` has all."""

    def __init__(self, message: str, report: Report, findings: Sequence[Finding]) -> None:
        super().__init__(message, findings, exit_code=1)
        self.report = report


class PoolError(LoRAToolError):
    """A call of the loader library that failed; `status` is one of `Status`."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status
