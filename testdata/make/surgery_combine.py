"""Adapters for `combine`, and what NumPy makes of their deltas in float64, held against PEFT where PEFT has the method.

`python testdata/make/make.py surgery_combine`, with numpy 2.5.5, torch 2.15.0, peft 0.21.2, safetensors 0.8.0.
"""

import json
import math

import numpy
import peft
import torch
from safetensors.torch import load_file

from files import ROOT, fresh, seed, write_json, write_tensors

COMBINE = ROOT / "surgery" / "combine"
Q, D = "model.layers.0.self_attn.q_proj", "model.layers.0.mlp.down_proj"
LINEAR = {Q: (24, 16), D: (12, 40)}
ADAPTERS = {
    "a": dict(modules=[Q, D], r=4, lora_alpha=8),
    "b": dict(modules=[Q, D], r=6, lora_alpha=5, use_rslora=True),
    "c": dict(modules=[Q], r=3, lora_alpha=6, alpha_pattern={Q: 2}),
}


class Tiny(torch.nn.Module):
    """A model whose modules have the names of the adapters'."""

    def __init__(self):
        super().__init__()
        for path, (outer, inner) in LINEAR.items():
            owner = self
            *parents, leaf = path.split(".")
            for part in parents:
                if not hasattr(owner, part):
                    owner.add_module(part, torch.nn.Module())
                owner = getattr(owner, part)
            owner.add_module(leaf, torch.nn.Linear(inner, outer, bias=False))

    def forward(self, x):
        return x


def config_of(name):
    values = {key: value for key, value in ADAPTERS[name].items() if key != "modules"}
    targets = sorted({path.rsplit(".", 1)[1] for path in ADAPTERS[name]["modules"]})
    return dict(peft_type="LORA", base_model_name_or_path="example/tiny", target_modules=targets, bias="none") | values


def make_adapters():
    deltas = {}
    for name, values in ADAPTERS.items():
        seed("combine-" + name)
        folder, tensors = fresh(COMBINE / name), {}
        for path in values["modules"]:
            outer, inner = LINEAR[path]
            a, b = torch.randn(values["r"], inner), 0.1 * torch.randn(outer, values["r"])
            tensors[f"base_model.model.{path}.lora_A.weight"] = a
            tensors[f"base_model.model.{path}.lora_B.weight"] = b
            alpha = values.get("alpha_pattern", {}).get(path, values["lora_alpha"])
            scale = alpha / (math.sqrt(values["r"]) if values.get("use_rslora") else values["r"])
            deltas[name, path] = scale * (b.double() @ a.double()).numpy()
        write_tensors(folder / "adapter_model.safetensors", tensors)
        write_json(folder / "adapter_config.json", config_of(name))
    return deltas


def cut(matrix, rank):
    left, values, right = numpy.linalg.svd(matrix, full_matrices=False)
    return (left[:, :rank] * values[:rank]) @ right[:rank]


def mixed(value):
    """SplitMix64's finaliser."""
    value = numpy.uint64(value) if numpy.isscalar(value) else value.astype(numpy.uint64)
    with numpy.errstate(over="ignore"):
        value = (value ^ (value >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        value = (value ^ (value >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
        return value ^ (value >> numpy.uint64(31))


def uniform(start, stream, name, count):
    digest = 0xCBF29CE484222325
    for byte in name.encode():
        digest = (digest ^ byte) * 0x100000001B3 % 2**64
    key = mixed(mixed(mixed(start) ^ numpy.uint64(stream)) ^ numpy.uint64(digest))
    with numpy.errstate(over="ignore"):
        numbers = mixed(key + (numpy.arange(count, dtype=numpy.uint64) + numpy.uint64(1)) * numpy.uint64(0x9E3779B97F4A7C15))
    return (numbers >> numpy.uint64(11)).astype(numpy.float64) * 2.0**-53


def pruned(delta, density):
    keep = int(density * delta.size)
    order = numpy.argsort(-numpy.abs(delta).ravel(), kind="stable")[:keep]
    result = numpy.zeros(delta.size)
    result[order] = delta.ravel()[order]
    return result.reshape(delta.shape)


def combined(row, path, deltas):
    """The matrix before it is cut, and the rank to cut it to."""
    method, shape = row["method"], LINEAR[path]
    positions = [index for index, name in enumerate(row["adapters"]) if (name, path) in deltas]
    names = [row["adapters"][index] for index in positions]
    own = [deltas[name, path] for name in names]
    scales = [row["weights"][index] for index in positions]
    total = sum(ADAPTERS[name]["r"] for name in names)
    if method in ("cat", "linear", "svd"):
        matrix = sum(weight * delta for weight, delta in zip(scales, own))
        rank = dict(cat=total, linear=max(ADAPTERS[name]["r"] for name in names), svd=row.get("rank"))[method]
        return matrix, min(rank, *shape)
    density = row["density"]
    if method.startswith("dare"):
        kept = [
            numpy.where(
                uniform(row.get("seed", 0), index, path, delta.size).reshape(delta.shape) < density, delta / density, 0
            )
            for index, delta in zip(positions, own)
        ]
    else:
        kept = [pruned(delta, density) for delta in own]
    rank = min(row.get("rank") or total, *shape)
    if method in ("dare_linear", "magnitude_prune"):
        return sum(weight * delta for weight, delta in zip(scales, kept)), rank
    votes = sum(numpy.sign(delta) for delta in kept) if row.get("sign") == "frequency" else sum(kept)
    majority = numpy.where(votes >= 0, 1, -1)
    agree = [numpy.sign(delta) == majority for delta in kept]
    matrix = sum(weight * delta * mask for weight, delta, mask in zip(scales, kept, agree))
    return matrix / numpy.maximum(sum(mask.astype(float) for mask in agree), 1), rank


def by_peft(row, combination):
    """The delta of every module as PEFT's add_weighted_adapter gives it."""
    model = Tiny()
    model = peft.get_peft_model(model, peft.LoraConfig(**config_of(row["adapters"][0])), adapter_name=row["adapters"][0])
    for name in row["adapters"][1:]:
        model.add_adapter(name, peft.LoraConfig(**config_of(name)))
    for name in row["adapters"]:
        peft.set_peft_model_state_dict(model, load_file(COMBINE / name / "adapter_model.safetensors"), adapter_name=name)
    model.add_weighted_adapter(
        row["adapters"], row["weights"], "new", combination_type=combination, svd_rank=row.get("rank"),
        density=row.get("density"), majority_sign_method=row.get("sign", "total"),
    )  # fmt: skip
    return {path: model.get_submodule("base_model.model." + path).get_delta_weight("new").double().detach().numpy() for path in LINEAR}


CASES = [
    dict(method="cat", adapters=["a", "b", "c"], weights=[1, 0.5, -2]),
    dict(method="cat", adapters=["a", "a"], weights=[1, -1]),
    dict(method="linear", adapters=["a", "b"], weights=[0.7, 0.3]),
    dict(method="linear", adapters=["a", "c"], weights=[1, 1]),
    dict(method="svd", adapters=["a", "b", "c"], weights=[1, 0.5, -2], rank=3),
    dict(method="svd", adapters=["b"], weights=[1.5], rank=2),
    dict(method="svd", adapters=["a", "a"], weights=[1, -1], rank=2),
    dict(method="svd", adapters=["a", "b", "c"], weights=[1, 1, 1], rank=100),
    dict(method="ties", adapters=["a", "b"], weights=[1, 0.5], density=0.4),
    dict(method="ties", adapters=["a", "b", "c"], weights=[1, 0.5, 2], density=0.3, rank=5),
    dict(method="ties", adapters=["a", "b", "c"], weights=[1, 1, 1], density=0.5, sign="frequency", rank=4),
    dict(method="magnitude_prune", adapters=["a", "b"], weights=[1, -1], density=0.5),
    dict(method="dare_linear", adapters=["a", "b", "c"], weights=[1, 0.5, 2], density=0.5, seed=7),
    dict(method="dare_ties", adapters=["a", "b"], weights=[1, 1], density=0.6, seed=11, rank=6),
]  # fmt: skip


def make():
    fresh(COMBINE)
    deltas = make_adapters()
    tensors, rows = {}, []
    for index, row in enumerate(CASES):
        modules = []
        for path in LINEAR:
            if not any((name, path) in deltas for name in row["adapters"]):
                continue
            whole, rank = combined(row, path, deltas)
            best = cut(whole, rank)
            norm = numpy.linalg.norm(whole)
            zero = norm < 1e-12
            energy = 1.0 if zero else float((numpy.linalg.norm(best) / norm) ** 2)
            modules.append(dict(name=path, rank=rank, energy=energy))
            tensors[f"{index}.{path}"] = torch.tensor(numpy.zeros_like(best) if zero else best).float()
        rows.append(row | dict(modules=modules))
        check(row, {path: tensors.get(f"{index}.{path}") for path in LINEAR})
    write_tensors(COMBINE / "expected.safetensors", tensors)
    write_json(COMBINE / "expected.json", rows, indent=1)


def check(row, expected):
    """PEFT's answer to the same question, where it has one: it wants the adapters' modules and ranks alike for some."""
    combination = row["method"] if row["method"] in ("cat", "svd") else row["method"] + "_svd"
    if row["method"] == "linear" or row["method"].startswith("dare") or len(set(row["adapters"])) < len(row["adapters"]):
        return
    if len(row["adapters"]) == 1 or row.get("rank", 0) > 12:
        return
    if row["method"] != "cat" and "rank" not in row:
        row = row | dict(rank=10)
    found = by_peft(row, combination)
    for path, matrix in found.items():
        difference = numpy.linalg.norm(matrix - expected[path].double().numpy()) / numpy.linalg.norm(matrix)
        assert difference < 2e-5, (row, path, difference)
        print("as PEFT:", combination, path, f"{difference:.1e}")
