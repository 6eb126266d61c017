"""Adapters and bases of different releases of transformers: each on each, all results one merge.

    PY4 testdata/make/names_by_release.py make CASES.json OUT4            # transformers 4.57.6, peft 0.21.2
    PY5 testdata/make/names_by_release.py make CASES.json OUT5 OUT4       # transformers 5.24.0, on the bases of OUT4
    PY5 testdata/make/names_by_release.py check OUT4 OUT5 --tool PATH
    PY5 testdata/make/names_by_release.py cases CASES.json [MODEL_TYPE …] # the types whose names the library changes

CASES.json holds model class and configuration by type, as `type_cases.py` prints them. `make` builds each model with
random weights (or loads it from the other release's folder, so that both have the same), saves it, saves an adapter over
all linear layers that PEFT made in that release, and PEFT's own merge in float64. `check` has the program validate and
merge each adapter on each base. A merge on the base of the same release must be PEFT's, rounded once. The two releases
call one tensor by other names at most, so a merge on the other release's base must have the same numbers under the names
of that base.
"""

import argparse
import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import warnings
import zlib

import peft
import torch
import transformers


from files import read_model, write_json


def seeded(*words):
    torch.manual_seed(zlib.crc32(" ".join(words).encode()))


def built(name, given, other):
    """The model with weights that both releases have: of this one, or loaded from the folder of the other one."""
    cls = getattr(transformers, name)
    if other:
        return cls.from_pretrained(other, dtype=torch.float32)
    model = cls(cls.config_class.from_dict(given)).float()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.1)
    return model


def one(model_type, name, given, folder, other):
    """Saves base, adapter and PEFT's merge of a type."""
    seeded(model_type, "base")
    model = built(name, {"model_type": model_type, "architectures": [name], **given}, other and other / "base")
    model.save_pretrained(folder / "base")
    head = model.get_output_embeddings()
    layers = [path for path, module in model.named_modules() if isinstance(module, torch.nn.Linear) and module is not head]
    model = peft.get_peft_model(model, peft.LoraConfig(r=2, lora_alpha=3, target_modules=layers))
    seeded(model_type, "adapter")
    with torch.no_grad():
        for key, parameter in model.named_parameters():
            if "lora_" in key:
                parameter.normal_(std=0.1)
    model.save_pretrained(folder / "adapter")
    merged = model.double().merge_and_unload()
    merged.save_pretrained(folder / "merged")
    write_json(folder / "done.json", {"class": name, "layers": len(layers)})


def make(cases, out, other):
    transformers.utils.logging.set_verbosity_error()
    warnings.filterwarnings("ignore")
    for model_type, (name, given) in json.loads(pathlib.Path(cases).read_text()).items():
        folder, base = pathlib.Path(out, model_type), other and pathlib.Path(other, model_type)
        if folder.exists() or not hasattr(transformers, name) or (base and not (base / "done.json").exists()):
            continue
        folder.mkdir(parents=True)
        try:
            one(model_type, name, given, folder, base)
            print(model_type, "made", flush=True)
        except Exception as error:  # what this release cannot build of a configuration of the other one
            shutil.rmtree(folder)
            print(model_type, "not made:", f"{type(error).__name__}: {str(error)[:160]}", flush=True)


def run(tool, *arguments):
    done = subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def renamed(tensors, base_from, base_to):
    """The tensors of one base's merge under the names of the other base, found by what stood there before."""
    place = {}
    for key, tensor in base_to.items():
        place.setdefault((tuple(tensor.shape), tensor.numpy().tobytes()), key)
    out = {}
    for key, tensor in tensors.items():
        before = base_from.get(key)
        other = key if before is None or (key in base_to and torch.equal(base_to[key], before)) else place.get(
            (tuple(before.shape), before.numpy().tobytes()))
        if other is None:
            return None
        out[other] = tensor
    return out


def check(tool, folders, counts, problem):
    bases = [read_model(folder / "base") for folder in folders]
    for a, adapter in enumerate(folders):
        exact = {key: tensor.to(torch.float32) for key, tensor in read_model(adapter / "merged").items()}
        for b, base in enumerate(folders):
            where = f"{folders[0].name}: adapter of {'45'[a]}, base of {'45'[b]}"
            for path in (base / "base", base / "base/config.json"):
                code, said = run(tool, "validate", adapter / "adapter", "--base", path, "--fail-on", "warning")
                if code:
                    lines = [line for line in said.splitlines() if line.lstrip().startswith(("error", "warning"))]
                    problem(f"{where}: validate by {path.name}: {(lines or [said])[0].strip()[:300]}")
            with tempfile.TemporaryDirectory() as scratch:
                output = pathlib.Path(scratch, "merged")
                code, said = run(tool, "merge", "--base", base / "base", "--adapter", adapter / "adapter", "--output", output)
                counts["adapters on bases"] = counts.get("adapters on bases", 0) + 1
                if code:
                    problem(f"{where}: merge: {said.strip()[:300]}")
                    continue
                found = read_model(output)
            want = exact if a == b else renamed(exact, bases[a], bases[b])
            if want is None:
                problem(f"{where}: the bases hold other tensors, such as stacks, and were not compared")
                continue
            wrong = [key for key, tensor in found.items() if key in want and not torch.allclose(
                tensor.double(), want[key].double(), rtol=0, atol=2**-23 * want[key].double().abs().max().item())]
            if wrong or set(found) - set(want):
                problem(f"{where}: {len(wrong)} tensors differ, {sorted(set(found) - set(want))[:2]} are new: {wrong[:2]}")
            else:
                counts["merged alike"] = counts.get("merged alike", 0) + 1


def check_all(four, five, tool):
    counts, problems = {}, []

    def problem(text):
        problems.append(text)
        print(text, flush=True)

    for done in sorted(pathlib.Path(four).glob("*/done.json")):
        folders = [done.parent, pathlib.Path(five, done.parent.name)]
        if all((folder / "done.json").exists() for folder in folders):
            counts["types"] = counts.get("types", 0) + 1
            check(tool, folders, counts, problem)
    print(counts, len(problems), "problems")
    return bool(problems)


def cases(path, types):
    """Small configurations of the types that the library's conversion mapping names, and of those asked for."""
    import type_cases
    from catalogue_cases import CASES
    from transformers.conversion_mapping import _build_checkpoint_conversion_mapping

    names = types or sorted({*_build_checkpoint_conversion_mapping(), *CASES})
    table, out = {}, {}
    for name in names:
        if name in CASES:
            out[name] = next(row for row in CASES[name] if row[1])
            continue
        try:
            type_cases.fill(table, [name])
        except subprocess.CalledProcessError:
            continue
        if table.get(name):
            out[name] = table[name][0]
    write_json(pathlib.Path(path), out)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=["cases", "make", "check"])
    parser.add_argument("arguments", nargs="+")
    parser.add_argument("--tool")
    options = parser.parse_args()
    if options.step == "cases":
        return cases(options.arguments[0], options.arguments[1:])
    if options.step == "make":
        return make(*options.arguments, *[None] * (3 - len(options.arguments)))
    return check_all(*options.arguments, str(pathlib.Path(options.tool).resolve()))


if __name__ == "__main__":
    sys.exit(main())
