"""The command is the program itself, and the module becomes it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import lora_tool


@pytest.mark.parametrize("command", [[str(lora_tool.program_path())], [sys.executable, "-m", "lora_tool"]])
def test_the_command_is_the_program(command: list[str], broken: Path) -> None:
    result = subprocess.run([*command, "--version"], capture_output=True, text=True)
    assert (result.returncode, result.stdout.strip(), result.stderr) == (0, lora_tool.__version__, "")
    assert subprocess.run([*command, "validate", str(broken)], capture_output=True).returncode == 1
    assert subprocess.run([*command, "validate", "nowhere"], capture_output=True).returncode == 2
    assert subprocess.run([*command, "validate", "--no-such"], capture_output=True).returncode == 64


def test_a_signal_reaches_the_program() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "lora_tool", "gate", "--baseline", "-", "--candidate", "/dev/null"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=30) in (-signal.SIGTERM, 128 + signal.SIGTERM)


def test_the_library_says_what_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LORA_TOOL", "/no/such/program")
    with pytest.raises(lora_tool.LoRAToolError, match="cannot run /no/such/program"):
        lora_tool.validate("anything")


def test_the_program_needs_the_c_library_alone() -> None:
    environment = {**os.environ, "LD_TRACE_LOADED_OBJECTS": "1"}
    loaded = subprocess.run([str(lora_tool.program_path())], env=environment, capture_output=True, text=True).stdout
    names = {line.split()[0].rsplit("/", 1)[-1] for line in loaded.splitlines() if line.strip()}
    own = {"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0"}
    assert not {name for name in names - own if not name.startswith(("linux-vdso", "ld-linux"))}
