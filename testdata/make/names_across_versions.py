"""Adapters under every name that their modules have had: `names_across_versions.py --tool PATH [model types]`.

A small model of each type is built and saved. One adapter over all its linear layers is written twice: under the names
in memory, and under those of the checkpoint, which are also the names in memory of versions before the library had a
class of its own. `validate` has to find every module, with the weights and with the configuration alone, and `merge`
has to write the same tensors for both.

    transformers 5.24.0, torch 2.13.0 (CPU)
"""

import argparse
import pathlib
import subprocess
import tempfile

import torch
import transformers
from safetensors.torch import save_file
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

import type_cases
from files import read_model, write_json

TYPES = "kimi_linear bailing_hybrid sarvam_moe hy_v3 laguna molmo2 deepseek_v4 glm5_next nemotron_h".split()


def linear_layers(model):
    """Linear layers by name that have a weight of their own and are not routers."""
    return {name: module for name, module in model.named_modules() if type(module) is torch.nn.Linear}


def names_on_disk(model, layers, folder):
    """The names in the checkpoint of the layers whose weight is one tensor there, found by its values."""
    stored = {}
    for name, tensor in read_model(folder).items():
        if name.endswith(".weight") and tensor.ndim == 2:
            stored.setdefault(tensor.float().numpy().tobytes(), name.removesuffix(".weight"))
    found = {}
    for name, module in layers.items():
        disk = stored.get(module.weight.detach().float().numpy().tobytes())
        if disk:
            found[name] = disk
    return found


def write_adapter(folder, layers, names):
    factors = {}
    for number, (name, module) in enumerate(sorted(layers.items())):
        torch.manual_seed(number)
        prefix = f"base_model.model.{names.get(name, name)}"
        factors[f"{prefix}.lora_A.weight"] = torch.randn(2, module.in_features) / 8
        factors[f"{prefix}.lora_B.weight"] = torch.randn(module.out_features, 2) / 8
    folder.mkdir()
    save_file(factors, folder / "adapter_model.safetensors", {"format": "pt"})
    targets = sorted({names.get(name, name) for name in layers})
    write_json(folder / "adapter_config.json", {
        "peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": targets, "peft_version": "0.21.2",
        "task_type": "CAUSAL_LM"})


def run(tool, *arguments):
    done = subprocess.run([tool, *map(str, arguments)], capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def check(tool, model_type, name, config, work):
    """What is wrong with one type, in words."""
    torch.manual_seed(1)
    model = getattr(transformers, name)(CONFIG_MAPPING[model_type](**config)).float()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(std=0.1)
    model.save_pretrained(work / "base")
    layers = linear_layers(model)
    disk = names_on_disk(model, layers, work / "base")
    layers = {path: layer for path, layer in layers.items() if path in disk}
    write_adapter(work / "memory", layers, {})
    write_adapter(work / "disk", layers, disk)
    yield f"{len(layers)} layers, {sum(a != b for a, b in disk.items())} of another name on disk", False
    merged = {}
    for names in ("memory", "disk"):
        which = f"names {'in' if names == 'memory' else 'on'} {names}"
        for base in (work / "base", work / "base/config.json"):
            code, said = run(tool, "validate", work / names, "--base", base)
            if code:
                yield f"validate of {which}, {base.name}: {said[:900]}", True
        output = work / f"merged-{names}"
        code, said = run(tool, "merge", "--adapter", work / names, "--base", work / "base", "--output", output)
        if code:
            yield f"merge of {which}: {said[:900]}", True
        else:
            merged[names] = read_model(output)
    if len(merged) == 2:
        differing = [key for key, tensor in merged["memory"].items() if not torch.equal(tensor, merged["disk"][key])]
        if differing:
            yield f"{len(differing)} tensors differ, such as {differing[:3]}", True
        before = read_model(work / "base")
        changed = sum(not torch.equal(tensor, before[key]) for key, tensor in merged["memory"].items())
        if changed != len(set(disk.values())):
            yield f"{changed} tensors changed for {len(set(disk.values()))} layers", True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--tool", type=pathlib.Path, required=True)
    parser.add_argument("types", nargs="*")
    options = parser.parse_args()
    bad = 0
    for model_type in options.types or TYPES:
        table = {}
        try:
            type_cases.fill(table, [model_type])
        except subprocess.CalledProcessError as error:
            print(model_type, "no small model:", error.stderr.strip()[-200:])
            continue
        for name, config in table.get(model_type, [])[:1]:
            with tempfile.TemporaryDirectory() as folder:
                try:
                    for text, is_wrong in check(options.tool, model_type, name, config, pathlib.Path(folder)):
                        print(model_type, text, flush=True)
                        bad += is_wrong
                except Exception as error:
                    print(model_type, "not checked:", repr(error)[:300], flush=True)
        if not table.get(model_type):
            print(model_type, "no small model", flush=True)
    return bool(bad)


if __name__ == "__main__":
    raise SystemExit(main())
