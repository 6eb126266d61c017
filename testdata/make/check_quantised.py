"""Merges every quantised base with a built program and checks the results: `check_quantised.py TOOL [NAME …]`.

Each adapter of `quantised/quantised.json` is merged with `merge --dequantize`. Names, shapes, types and elements of the
output are compared with `expected.safetensors`: no element may differ (one step of bf16 in a hundred thousand elements
is let pass). transformers then loads the folder on the CPU: nothing may be missing or left over, no quantisation may be
named in config.json, and the logits must be finite. The damaged bases of `broken.json` must be refused, with the words
that they ask for and nothing written. Exits 1 if anything is not so.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

import torch
import transformers
from safetensors.torch import load_file

from quantised_broken import write_damaged

QUANTISED = pathlib.Path(__file__).resolve().parent.parent / "quantised"
LEFT_OVER = ("quantization_config", "quantization", "compression_config")
SIDE_FILES = ("hf_quant_config.json", "quantize_config.json", "quant_config.json")
ALLOWED = 1e-5


def steps(a, b):
    """How many representable numbers of their type lie between the elements of two tensors."""

    def ordered(tensor):
        bits = tensor.view(torch.int16 if tensor.element_size() == 2 else torch.int32).long()
        return torch.where(bits < 0, -(bits & (2 ** (8 * tensor.element_size() - 1) - 1)), bits)

    return (ordered(a.contiguous()) - ordered(b.contiguous())).abs()


def compare(found, wanted):
    """Problems, and how many elements of how many differ."""
    problems = [f"{name} is missing" for name in sorted(wanted.keys() - found.keys())]
    problems += [f"{name} is left over" for name in sorted(found.keys() - wanted.keys())]
    differ = total = 0
    for name in sorted(found.keys() & wanted.keys()):
        a, b = found[name], wanted[name]
        if (a.dtype, a.shape) != (b.dtype, b.shape):
            problems.append(f"{name} is {a.dtype} {tuple(a.shape)}, expected {b.dtype} {tuple(b.shape)}")
            continue
        apart = steps(a, b)
        count = int((apart > 0).sum())
        differ, total = differ + count, total + a.numel()
        if count > ALLOWED * a.numel() or apart.max() > 1:
            problems.append(f"{name}: {count} of {a.numel()} elements differ, by {int(apart.max())} steps at most")
    return problems, differ, total


@torch.no_grad()
def load_problems(folder):
    """What transformers has to say of the folder."""
    config = json.loads((folder / "config.json").read_text())
    problems = [f"config.json still has {key}" for key in LEFT_OVER if key in config]
    problems += [f"{name} was copied" for name in SIDE_FILES if (folder / name).exists()]
    model, report = transformers.AutoModelForCausalLM.from_pretrained(
        folder, dtype=torch.float32, device_map="cpu", output_loading_info=True
    )
    problems += [f"transformers: {key} {value}" for key, value in report.items() if value]
    if getattr(model, "hf_quantizer", None) is not None:
        problems.append("transformers takes the model for a quantised one")
    logits = model(torch.arange(3, 12)[None]).logits
    return problems + ["logits are not finite"] * (not torch.isfinite(logits).all())


def merge(tool, base, adapter, output):
    output.parent.mkdir(parents=True, exist_ok=True)
    options = ["--base", base, "--adapter", QUANTISED / adapter, "--output", output]
    return subprocess.run([tool, "merge", "--dequantize", *options], capture_output=True, text=True, timeout=120)


def check(tool, row, base, output):
    """Problems of one merge that must succeed, and how many elements of how many differ."""
    run = merge(tool, base, row["adapter"], output)
    if run.returncode != 0:
        return [f"merge ended with {run.returncode}: {run.stderr.strip()[-600:]}"], 0, 0
    found = {}
    for path in sorted(output.glob("*.safetensors")):
        found |= load_file(path)
    problems, differ, total = compare(found, load_file(QUANTISED / row["expected"]))
    try:
        problems += load_problems(output)
    except Exception as error:  # whatever transformers raises is the finding
        problems.append(f"transformers: {type(error).__name__}: {error}")
    return problems, differ, total


def check_damaged(tool, row, whole, base, output):
    """Problems of one merge that must be refused, with words for what is wrong and nothing written."""
    if not row["says"]:
        return check(tool, whole, base, output)[0]
    run = merge(tool, base, whole["adapter"], output)
    message = (run.stdout + run.stderr).strip()
    if run.returncode == 0:
        return ["merged, and must be refused"]
    problems = [f"does not speak of {word}" for word in row["says"] if word.lower() not in message.lower()]
    problems += [f"ended with {run.returncode}"] * (run.returncode not in (1, 2))
    problems += [f"{output} was written"] * output.exists()
    return problems + [message[-600:]] * bool(problems)


def wanted(rows, names):
    return [row for row in rows if not names or row["name"] in names]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tool", type=pathlib.Path)
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    tool, bad = arguments.tool.resolve(), 0
    rows = json.loads((QUANTISED / "quantised.json").read_text())
    damaged = json.loads((QUANTISED / "broken.json").read_text())
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        for row in wanted(rows, arguments.names):
            problems, differ, total = check(tool, row, QUANTISED / row["base"], scratch / "whole" / row["name"])
            print(f"{row['name']}: {'wrong' if problems else 'right'}, {differ} of {total} elements differ")
            bad += report(problems)
        for row in wanted(damaged, arguments.names):
            base, output = scratch / "damaged" / row["name"], scratch / "output" / row["name"]
            write_damaged(row, base)
            whole = next(whole for whole in rows if whole["base"] == row["base"])
            problems = check_damaged(tool, row, whole, base, output)
            print(f"{row['name']}: {'wrong' if problems else 'right'}")
            bad += report(problems)
    print(f"{bad} wrong")
    sys.exit(1 if bad else 0)


def report(problems):
    for problem in problems:
        print("   ", problem)
    return bool(problems)


if __name__ == "__main__":
    main()
