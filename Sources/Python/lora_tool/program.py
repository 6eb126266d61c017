"""The program and the library that lie in this package, and how the program is run."""

import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NoReturn

from .errors import LoRAToolError

#: Seconds that an interrupted program has to take back what it has begun to write.
_GRACE = 60.0

_PACKAGE = Path(__file__).resolve().parent


def _scripts() -> Iterator[Path]:
    """Where an installer may have put the program, beginning with the installation that this package is of."""
    parents = _PACKAGE.parents
    if len(parents) > 3:
        yield parents[3] / "bin"  # PREFIX/lib/pythonX.Y/site-packages/lora_tool: an environment, --user, the system
    yield parents[0] / "bin"  # pip install --target
    yield Path(sysconfig.get_path("scripts"))


def program_path() -> Path:
    """The program `lora-tool`; the environment variable LORA_TOOL names another one."""
    other = os.environ.get("LORA_TOOL")
    if other:
        return Path(other)
    for folder in _scripts():
        path = folder / "lora-tool"
        if path.is_file():
            return path
    places = ", ".join(str(folder) for folder in _scripts())
    raise LoRAToolError(f"there is no program lora-tool in {places}: install the wheel again, or set LORA_TOOL")


def library_path() -> Path:
    """The loader library; the environment variable LORA_LOADER names another one."""
    other = os.environ.get("LORA_LOADER")
    path = Path(other) if other else _PACKAGE / "libLoRALoader.so"
    if not path.is_file():
        raise LoRAToolError(f"there is no loader library {path}: install the wheel again, or set LORA_LOADER")
    return path


def version() -> str:
    """The version of this package, which is that of the program in it."""
    from importlib import metadata  # takes as long to import as all else here

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
    """`python -m lora_tool`: becomes the program, so that signals and exit codes are its own."""
    try:
        path = str(program_path())
    except LoRAToolError as error:
        sys.exit(f"lora-tool: {error}")
    os.execv(path, ["lora-tool", *sys.argv[1:]])
