"""The program and the library that lie in this package, and how the program is run."""

import os
import subprocess
import sys
from collections.abc import Sequence
from importlib import metadata
from pathlib import Path
from typing import NoReturn

from .errors import LoRAToolError

#: Seconds that an interrupted program has to take back what it has begun to write.
_GRACE = 60.0

_NATIVE = Path(__file__).parent / "native"


def _native(name: str) -> Path:
    path = _NATIVE / name
    if not path.is_file():
        raise LoRAToolError(f"this installation of lora-tool has no {path}: install its wheel again")
    return path


def program_path() -> Path:
    """The program `lora-tool`; the environment variable LORA_TOOL names another one."""
    other = os.environ.get("LORA_TOOL")
    return Path(other) if other else _native("lora-tool")


def library_path() -> Path:
    """The loader library; the environment variable LORA_LOADER names another one."""
    other = os.environ.get("LORA_LOADER")
    return Path(other) if other else _native("libLoRALoader.so")


def version() -> str:
    """The version of this package, which is that of the program in it."""
    try:
        return metadata.version("lora-tool")
    except metadata.PackageNotFoundError:
        return "unknown"


def run(arguments: Sequence[str], timeout: float | None = None) -> subprocess.CompletedProcess[bytes]:
    """Runs the program to its end; nothing is read from the terminal.

    `timeout` is in seconds. The program gets time to take back what it has begun to write when it is interrupted.
    """
    command = [str(program_path()), *arguments]
    try:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
    except OSError as error:
        raise LoRAToolError(f"cannot run {command[0]}: {error.strerror}") from error
    try:
        output, messages = process.communicate(timeout=timeout)
    except BaseException as error:
        process.terminate()
        try:
            process.communicate(timeout=_GRACE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
        if isinstance(error, subprocess.TimeoutExpired):
            raise LoRAToolError(f"lora-tool {arguments[0]} was stopped after {timeout} s") from error
        raise
    return subprocess.CompletedProcess(command, process.returncode, output, messages)


def main() -> NoReturn:
    """The command `lora-tool`: becomes the program, so that signals and exit codes are its own."""
    try:
        path = str(program_path())
    except LoRAToolError as error:
        sys.exit(f"lora-tool: {error}")
    os.execv(path, ["lora-tool", *sys.argv[1:]])
