"""Any architecture, any kind: what `merge` writes is PEFT's own merge in float64, rounded once.

    python testdata/make/merge_matrix.py                       # everything, hours on two cores
    python testdata/make/merge_matrix.py llama t5              # only these model types
    python testdata/make/merge_matrix.py --variants dora t5    # only this variant
    python testdata/make/merge_matrix.py --table               # every type of the catalogue's table, eleven variants

The models and adapters are those of matrix.py; the bases are stored by turns in float32, bfloat16 and float16. Every
adapter is merged by the program and by PEFT, and every element of every tensor is compared. What the program refuses is
listed with its reason, beside whether PEFT could merge it.
"""

import pathlib
import subprocess
import sys
import tempfile
import warnings
import zlib

import peft
import torch
import transformers
from safetensors.torch import load_file, save_file
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

import type_cases
from catalogue_cases import CASES
from files import read_json, read_model, write_json
from matrix import exports
from merged import adapter_tensors, round_once, take_apart
from sweep import parser, sweep

# An adapted MultiheadAttention's output projection, which PEFT merges twice: for itself and for its owner.
MERGED_TWICE = ".base_layer.out_proj.lora_A.weight"
TABLE_VARIANTS = """some all-linear rslora dora patterns embedding head convolution stacks stacks-and-linear
    everything""".split()
DTYPES = (torch.float32, torch.bfloat16, torch.float16)


def store(base, dtype):
    """Rewrites the base's floating-point tensors in `dtype`."""
    for path in base.glob("model*.safetensors"):
        tensors = {name: t.to(dtype) if t.is_floating_point() else t for name, t in load_file(path).items()}
        save_file(tensors, path, {"format": "pt"})


def trains_tied(tied, factors):
    """Whether the adapter gives one of the tensors that are tied numbers of its own."""
    owners = {name.rpartition(".")[0] for pair in tied.items() for name in pair}
    inside = lambda name: any(f".{path}." in name for path in owners)  # noqa: E731
    return any(inside(name) and "token_adapter" not in name for name in factors)


def merge_with_peft(name, base, folder):
    """The merged checkpoint in float64 under its names on disk, and what was tied to what in the base."""
    factors = adapter_tensors(folder)
    config = read_json(folder / "adapter_config.json")
    cls = getattr(transformers, name)
    model_type = read_json(base / "config.json")["model_type"]
    # The library may build a type from another one's class, which names its own configuration.
    own = CONFIG_MAPPING[model_type] if model_type in CONFIG_MAPPING else cls.config_class
    model = cls.from_pretrained(base, config=own.from_pretrained(base), dtype=torch.float64)
    model = model.double()  # routers may stay in float32
    tied = dict(model.all_tied_weights_keys)
    if trains_tied(tied, factors):
        take_apart(model)
        if config.get("ensure_weight_tying") and isinstance(config["target_modules"], list):
            # PEFT takes the tied modules out of the targets; their tensors stay in the file.
            others = sorted({key.rpartition(".")[0] for key in tied})
            config |= {"ensure_weight_tying": False, "target_modules": config["target_modules"] + others}
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        write_json(scratch / "adapter_config.json", config)
        save_file(factors, scratch / "adapter_model.safetensors", {"format": "pt"})
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            model = peft.PeftModel.from_pretrained(model, scratch)
        missing = [str(w.message)[:200] for w in said if "missing adapter keys" in str(w.message)]
        if missing:
            raise ValueError(missing[0])
        model = model.merge_and_unload(safe_merge=True)
        model.save_pretrained(scratch / "merged")
        return {key: tensor.clone() for key, tensor in read_model(scratch / "merged").items()}, tied


def wrongly_rounded(exact, want, found):
    """How many elements are neither the nearest value nor, within float64's own error, as near."""
    if torch.equal(want, found):
        return 0
    farther = ((found.double() - exact).abs() - (want.double() - exact).abs()).abs()
    return ((want != found) & ~(farther <= 2**-50 * exact.abs().max())).sum().item()


def compare(truth, tied, base, folder, output):
    """What differs between the program's folder and the truth."""
    before, found = read_model(base), read_model(output)
    twice = tuple(
        name.removeprefix("base_model.model.").removesuffix(MERGED_TWICE).rpartition(".")[2] + ".out_proj.weight"
        for name in adapter_tensors(folder)
        if name.endswith(MERGED_TWICE)
    )
    dtype = next(t.dtype for t in before.values() if t.is_floating_point())
    extra = sorted(set(found) - set(before))
    if set(extra) - set(tied) - set(tied.values()) - set(truth):
        yield f"new tensors {extra[:3]}"
    if set(before) - set(found):
        yield f"lost tensors {sorted(set(before) - set(found))[:3]}"
    for key, exact in truth.items():
        if twice and key.endswith(twice):
            exact = (exact + before[key].double()) / 2
        if key not in found:
            if key not in tied and key not in tied.values():
                yield f"{key} is not in the output"
            elif not any(torch.equal(exact, other) for name, other in truth.items() if name != key and name in found):
                yield f"{key} was tied, is another matrix now and is not in the output"
            continue
        want = round_once(exact, dtype) if exact.is_floating_point() else exact
        if want.shape != found[key].shape:
            yield f"{key} has shape {tuple(found[key].shape)} for {tuple(want.shape)}"
        elif (wrong := wrongly_rounded(exact, want, found[key])):
            worst = (exact - found[key].double()).abs().max().item()
            moved = (exact - before[key].double()).abs().max().item() if key in before else float("nan")
            yield f"{key}: {wrong} of {want.numel()} elements differ, by {worst:.3g}; the adapter moves them by {moved:.3g}"


def case(tool, model_type, number, work, wanted, counts, problem):
    name, _ = CASES[model_type][number]
    others = tuple("-" + other for other, _ in CASES[model_type])  # trained on a class with another head
    try:
        made = [entry for entry in exports(model_type, number, work, wanted) if not entry[0].endswith(others)]
    except Exception as error:  # a small configuration that the library itself takes only on the meta device
        print(f"{model_type}: not built: {type(error).__name__}: {str(error)[:200]}", flush=True)
        counts["not built"] += 1
        return
    dtype = DTYPES[zlib.crc32(f"{model_type}{number}".encode()) % 3]
    base = work / "base"
    store(base, dtype)
    where = f"{model_type} {number} {name} {str(dtype)[6:]}"
    for label, folder, _ in made:
        output = work / "merged"
        done = subprocess.run(
            [tool, "merge", "--base", base, "--adapter", folder, "--output", output, "--overwrite", "--progress", "never"],
            capture_output=True, check=False, text=True,
        )
        try:
            truth, tied = merge_with_peft(name, base, folder)
        except Exception as error:  # whatever keeps PEFT from merging is a fact to list, not a failure of this script
            truth, reason = None, f"{type(error).__name__}: {str(error)[:120]}"
        counts["adapters"] += 1
        if done.returncode == 0:
            counts["merged"] += 1
            if truth is None:
                counts[f"PEFT alone refuses [{label}]: {reason}"] += 1
            else:
                for difference in list(compare(truth, tied, base, folder, output))[:2]:
                    problem(f"{where} [{label}]: {difference}")
        elif done.returncode == 2:
            said = done.stderr.replace(str(work), "").splitlines()[0][:200]
            counts[f"refused, PEFT {'merges' if truth else 'refuses'} [{label}]: {said}"] += 1
        else:
            problem(f"{where} [{label}]: exit {done.returncode}: {done.stderr[:300]}")


def main():
    arguments = parser(__doc__)
    arguments.add_argument("--first", action="store_true", help="only the first configuration of each type")
    arguments.add_argument("--table", action="store_true", help="the types of the table instead, in small configurations")
    arguments = arguments.parse_args()
    types, variants = arguments.types, arguments.variants
    if arguments.table:
        types = type_cases.fill(CASES, types if types != list(CASES) else [])
        variants = variants or TABLE_VARIANTS
    wanted = (lambda label: label in variants) if variants else lambda label: True

    def check(model_type, number, position, work, counts, problem):
        if position == 0 or not arguments.first:
            case(arguments.tool.resolve(), model_type, number, work, wanted, counts, problem)

    return sweep(types, "merged", check)


if __name__ == "__main__":
    sys.exit(main())
