"""Adapters as PEFT exports them, with the rank, alpha and scale that PEFT's own layers hold for each module."""

import json
import tempfile

import peft
import torch
import transformers
from peft.tuners.lora import Conv2d, Embedding, LoraLayer, ParamWrapper
from safetensors.torch import load_file

from adapter_table import LINEAR
from adapter_variants import VARIANTS
from files import ADAPTERS, MODELS, fresh, read_json, seed, write_json, write_tensors

FAMILIES = {
    "vit-f32": transformers.AutoModelForImageClassification,
    "resnet-f32": transformers.AutoModelForImageClassification,
    "t5-f32": transformers.AutoModelForSeq2SeqLM,
    "bert-f32": transformers.AutoModelForMaskedLM,
}


def load_base(name, dtype="auto", **options):
    family = FAMILIES.get(name, transformers.AutoModelForCausalLM)
    return family.from_pretrained(str((MODELS / name).relative_to(MODELS.parent.parent)), dtype=dtype, **options)


def train(model, step=0.02):
    """Stands for training: everything that may learn takes a seeded step, so no B is left at zero."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.requires_grad:
                noise = step * torch.randn(parameter.shape)
                parameter.copy_(parameter * (1 + noise) if "magnitude" in name else parameter + noise)
    return model


def kind(layer):
    if isinstance(layer, ParamWrapper):
        return "parameter"
    if isinstance(layer, Embedding):
        return "embedding"
    if isinstance(layer, Conv2d):
        return "conv2d"
    return "conv1d" if isinstance(layer.get_base_layer(), transformers.pytorch_utils.Conv1D) else "linear"


def shape(layer, layer_kind):
    """(in, out) as LoRA sees them: the sizes of A's and B's outer dimensions, an expert stack divided."""
    if layer_kind == "embedding":
        return layer.lora_embedding_A["default"].shape[1], layer.lora_embedding_B["default"].shape[0]
    return layer.lora_A["default"].weight.shape[1], layer.lora_B["default"].weight.shape[0]


def modules(model):
    """What PEFT itself says about each adapted module, named as in the base model."""
    rows = []
    for name, layer in model.base_model.model.named_modules():
        if isinstance(layer, LoraLayer) and "default" in layer.r:
            layer_kind = kind(layer)
            into, out = shape(layer, layer_kind)
            path = name.replace(".base_layer", "")
            if layer_kind == "parameter":
                path += "." + layer.parameter_name
            rows.append(
                {
                    "name": path,
                    "kind": layer_kind,
                    "rank": layer.r["default"],
                    "in": into,
                    "out": out,
                    "alpha": layer.lora_alpha["default"],
                    "scale": layer.scaling["default"],
                }
            )
    return sorted(rows, key=lambda row: row["name"])


def save_converted(model, folder):
    """Trains an adapter that began with factors taken out of the base, and saves what it adds to the unchanged base."""
    with tempfile.TemporaryDirectory() as start:
        model.peft_config["default"].init_lora_weights = True
        model.save_pretrained(start)
        train(model).save_pretrained(folder, path_initial_model_for_weight_conversion=start)


def converted(rows, folder):
    """Modules that hold the factors after training and, negated, those before it, side by side."""
    config = read_json(folder / "adapter_config.json")
    return [row | {"rank": config["r"], "alpha": config["lora_alpha"]} for row in rows]


def export(entry):
    """Trains and saves one adapter; returns its manifest row."""
    seed(entry.same_as or entry.name)
    folder = fresh(ADAPTERS / entry.name)
    config = peft.LoraConfig(**({"task_type": "CAUSAL_LM"} | entry.config))
    base = load_base(entry.base, entry.dtype)
    model = peft.get_peft_model(entry.before(base) if entry.before else base, config)
    if entry.convert:
        save_converted(model, folder)
    else:
        train(model).save_pretrained(folder)
    (folder / "README.md").unlink()
    weights = folder / "adapter_model.safetensors"
    if entry.cast is not None:
        write_tensors(weights, {name: tensor.to(entry.cast) for name, tensor in load_file(weights).items()})
    if entry.edit:
        path = folder / "adapter_config.json"
        write_json(path, read_json(path) | entry.edit)
    if entry.after:
        entry.after(folder)
    rows = converted(modules(model), folder) if entry.convert else modules(model)
    expect = {"modules": rows}
    if rows:
        ranks, scales = [row["rank"] for row in rows], [row["scale"] for row in rows]
        expect |= {"rank_min": min(ranks), "rank_max": max(ranks), "scale_min": min(scales), "scale_max": max(scales)}
    extra = {"rows": entry.rows} if entry.rows else {}
    extra |= {"same_as": entry.same_as} if entry.same_as else {}
    return {
        "name": entry.name,
        "base": "models/" + entry.base,
        "kinds": entry.kinds,
        "note": entry.note,
        "mergeable": entry.mergeable,
        **extra,
        "expect": expect,
    }


def make():
    fresh(ADAPTERS)
    write_manifest([export(entry) for entry in LINEAR + VARIANTS])


def write_manifest(rows):
    """One adapter and then one module a line."""
    blocks = []
    for row in rows:
        lines = ",\n".join("    " + json.dumps(module) for module in row["expect"]["modules"])
        head = json.dumps(row | {"expect": row["expect"] | {"modules": "@"}}, ensure_ascii=False)
        blocks.append(head.replace('"@"', f"[\n{lines}\n  ]" if lines else "[]"))
    (ADAPTERS / "adapters.json").write_text("[\n" + ",\n".join(blocks) + "\n]\n")
