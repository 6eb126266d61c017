"""Extracts adapters of tuned models and loads them with PEFT: `check_extract.py PROGRAM`.

A fixture's adapter is merged by the program into float32, the difference is extracted again, and PEFT on the base must
take every tensor of it and compute what the merged model computes.
"""

import pathlib
import subprocess
import sys
import tempfile
import warnings

import peft
import torch
from safetensors.torch import load_file

from adapters import load_base
from files import ROOT, read_json

CASES = (
    "llama-all-linear llama-embedding llama-head llama-tied gpt2 gpt2-hub gpt_oss-experts mixtral-experts save-norms "
    "save-head resnet-conv bias-all-gpt2 bert-bias-all vit t5-ends qwen3_moe-experts"
).split()


def weights(folder):
    found = {}
    for file in sorted(folder.glob("*.safetensors")):
        found |= load_file(file)
    return found


def main(program):
    rows = {row["name"]: row for row in read_json(ROOT / "adapters" / "adapters.json")}
    failed = False
    for case in CASES:
        row = rows[case]
        base = ROOT / row["base"]
        with tempfile.TemporaryDirectory() as folder:
            tuned, output = pathlib.Path(folder) / "tuned", pathlib.Path(folder) / "out"
            common = ["--base", str(base), "--output"]
            words = [program, "merge", *common, str(tuned), "--adapter", str(ROOT / "adapters" / case), "--dtype", "f32"]
            subprocess.run(words, check=True, capture_output=True)
            words = [program, "extract", *common, str(output), "--tuned", str(tuned), "--rank", "64"]
            done = subprocess.run(words, capture_output=True, text=True)
            if done.returncode != 0:
                print(case, "FAILED", done.stderr)
                failed = True
                continue
            start = load_base(base.name, dtype=torch.float32)
            before = {name: value.clone() for name, value in start.state_dict().items()}
            wanted = type(start).from_pretrained(str(tuned), dtype=torch.float32).state_dict()
            with warnings.catch_warnings(record=True) as notes:
                warnings.simplefilter("always")
                model = peft.PeftModel.from_pretrained(start, str(output))
            texts = [str(note.message)[:200] for note in notes]
            stray = [text for text in texts if "missing" in text or "unexpected" in text]
            merged = model.merge_and_unload().state_dict()
            names = [name for name in wanted if wanted[name].is_floating_point()]
            lost = sum(float((merged[name].double() - wanted[name].double()).norm() ** 2) for name in names)
            change = sum(float((wanted[name].double() - before[name].double()).norm() ** 2) for name in names)
            error = (lost / change) ** 0.5
            print(f"{case:20} {error:.1e} of the change {change ** 0.5:.3f}", stray or "")
            failed |= bool(stray) or not error < 1e-5
    sys.exit(failed)


if __name__ == "__main__":
    main(sys.argv[1])
