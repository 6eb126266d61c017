"""Mends every case of surgery/repair with the program and loads the results with PEFT: `check_repair.py PROGRAM`.

PEFT must take each result without a missing or unexpected key and compute the deltas of the whole adapter again.
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import warnings

import peft
import torch
from peft.tuners.lora import LoraLayer
from safetensors.torch import load_file

from adapters import load_base
from files import ROOT


def loaded(folder, base):
    with warnings.catch_warnings(record=True) as notes:
        warnings.simplefilter("always")
        model = peft.PeftModel.from_pretrained(load_base(base, dtype=torch.float32), folder)
    found = {}
    for path, layer in model.base_model.model.named_modules():
        if isinstance(layer, LoraLayer) and "default" in layer.r:
            parameter = getattr(layer, "parameter_name", "weight")
            plain = path.replace(".base_layer", "")
            plain = plain if parameter == "weight" else f"{plain}.{parameter}"
            found[plain] = layer.get_delta_weight("default").detach()
    texts = [str(note.message)[:300] for note in notes]
    return found, [text for text in texts if "missing" in text or "unexpected" in text]


def main(program):
    worst = 0
    for case in json.loads((ROOT / "surgery/repair/cases.json").read_text()):
        with tempfile.TemporaryDirectory() as folder:
            output = str(pathlib.Path(folder) / "out")
            words = [program, "repair", str(ROOT / case["path"]), "--base", str(ROOT / case["base"])]
            words += ["--output", output, "--format", "json"]
            for option in ("alpha", "engine"):
                if option in case:
                    words += [f"--{option}", str(case[option])]
            run = subprocess.run(words, capture_output=True, text=True)
            report = json.loads(run.stdout) if run.stdout else {}
            mends = [mend["rule"] for mend in report.get("mended", [])]
            problems = [] if run.returncode == 0 else [f"exit {run.returncode}", run.stderr]
            if mends != case["mends"]:
                problems.append(f"mends {mends}")
            found, notes = loaded(output, case["base"].removeprefix("models/"))
            problems += notes
            want = load_file(ROOT / "surgery/repair/deltas" / f"{case['of']}.safetensors")
            for name, delta in want.items():
                have = found.pop(name, torch.zeros_like(delta))
                error = ((have.float() - delta).norm() / delta.norm()).item()
                exact = all(mend["exact"] for mend in report.get("mended", []))
                worst = max(worst, error)
                if error > (1e-6 if exact else 2**-8):
                    problems.append(f"{name}: {error:.2e}")
            problems += [f"{name} is not zero" for name, delta in found.items() if delta.abs().max() > 0]
            print("ok  " if not problems else "FAIL", case["name"], *problems, sep="  ")
    print(f"largest relative error {worst:.2e}")


if __name__ == "__main__":
    main(str(pathlib.Path(sys.argv[1]).resolve()))
