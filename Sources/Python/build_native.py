"""Puts the program and the loader library into the wheel, and names the platform that they run on.

The program is a script of the wheel, so that the command is the program itself and starts without Python.

`LORA_TOOL_NATIVE` is the folder that holds `lora-tool` and `libLoRALoader.so`, as `.ci/release` leaves it;
`LORA_TOOL_PLATFORM` is the tag, such as `manylinux_2_34_x86_64`, which `.ci/release` has checked.
"""

import os
import platform
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PROGRAM, LIBRARY = "lora-tool", "libLoRALoader.so"


class NativeFiles(BuildHookInterface):  # type: ignore[type-arg]
    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if version == "editable":
            return
        root = Path(self.root)
        folder = Path(os.environ.get("LORA_TOOL_NATIVE") or root.parent.parent / ".build" / "dist")
        missing = [name for name in (PROGRAM, LIBRARY) if not (folder / name).is_file()]
        if missing:
            raise FileNotFoundError(
                f"{folder} has no {' and no '.join(missing)}: build them with .ci/release, "
                "or set LORA_TOOL_NATIVE to the folder that holds them"
            )
        tag = os.environ.get("LORA_TOOL_PLATFORM") or f"manylinux_2_34_{platform.machine()}"
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{tag}"
        build_data["shared_scripts"][str(folder / PROGRAM)] = PROGRAM
        build_data["force_include"][str(folder / LIBRARY)] = f"lora_tool/{LIBRARY}"
