"""Bases that an honest adapter must not be put on: quantised, renamed, unknown, or with an index that lies."""

import torch

from broken import NANO_BASE, Case
from files import BROKEN, ROOT, fresh, read_json, read_model, write_json, write_tensors

BASES = BROKEN / "bases"
CONFIG, WEIGHTS, INDEX = "config.json", "model.safetensors", "model.safetensors.index.json"


def start(name, **fields):
    """A copy of the nano base with these fields in its config; returns the folder and its tensors."""
    folder = fresh(BASES / name)
    write_json(folder / CONFIG, read_json(ROOT / NANO_BASE / CONFIG) | fields)
    return folder, read_model(ROOT / NANO_BASE)


def make_fp8():
    """Block-scaled FP8 as the large releases carry it."""
    folder, tensors = start(
        "fp8",
        quantization_config={
            "quant_method": "fp8",
            "activation_scheme": "dynamic",
            "fmt": "e4m3",
            "weight_block_size": [128, 128],
        },
    )
    for name in [name for name in tensors if name.endswith("_proj.weight")]:
        scale = tensors[name].abs().max().float() / 448
        tensors[name + "_scale_inv"] = scale.reshape(1, 1)
        tensors[name] = (tensors[name].float() / scale).to(torch.float8_e4m3fn)
    write_tensors(folder / WEIGHTS, tensors)


def make_four_bit():
    """The names, shapes and dtypes of bitsandbytes' 4-bit storage; the codes themselves are arbitrary."""
    folder, tensors = start(
        "bnb-4bit",
        quantization_config={"quant_method": "bitsandbytes", "load_in_4bit": True, "bnb_4bit_quant_type": "nf4"},
    )
    for name in [name for name in tensors if name.endswith("_proj.weight")]:
        count = tensors[name].numel()
        tensors[name] = (torch.arange(count // 2) % 251).to(torch.uint8).reshape(-1, 1)
        tensors[name + ".absmax"] = torch.ones((count + 63) // 64)
        tensors[name + ".quant_map"] = torch.linspace(-1, 1, 16)
        tensors[name + ".quant_state.bitsandbytes__nf4"] = torch.zeros(8, dtype=torch.uint8)
    write_tensors(folder / WEIGHTS, tensors)


def make_gptq():
    """GPTQ's packed tensors in place of each projection's weight."""
    folder, tensors = start("gptq", quantization_config={"quant_method": "gptq", "bits": 4, "group_size": 16})
    for name in [name for name in tensors if name.endswith("_proj.weight")]:
        out, into = tensors.pop(name).shape
        stem = name.removesuffix("weight")
        tensors[stem + "qweight"] = torch.zeros(max(into // 8, 1), out, dtype=torch.int32)
        tensors[stem + "qzeros"] = torch.zeros(1, max(out // 8, 1), dtype=torch.int32)
        tensors[stem + "scales"] = torch.ones(1, out, dtype=torch.float16)
        tensors[stem + "g_idx"] = torch.zeros(into, dtype=torch.int32)
    write_tensors(folder / WEIGHTS, tensors)


def make_named():
    folder, tensors = start("named", _name_or_path="example/another-llama")
    write_tensors(folder / WEIGHTS, tensors)


def make_unknown():
    folder, _ = start("unknown-architecture", model_type="zebra", architectures=["ZebraForCausalLM"])
    assert not (folder / WEIGHTS).exists()


def make_indexed(name, change):
    """Two shards with an index; `change` gets the folder and the index before it is written."""
    folder, tensors = start(name)
    names = sorted(tensors)
    halves = names[: len(names) // 2], names[len(names) // 2 :]
    index = {"metadata": {"total_size": sum(tensor.nbytes for tensor in tensors.values())}, "weight_map": {}}
    for number, half in enumerate(halves, 1):
        shard = f"model-{number:05}-of-00002.safetensors"
        write_tensors(folder / shard, {name: tensors[name] for name in half})
        index["weight_map"] |= dict.fromkeys(half, shard)
    change(folder, index)
    write_json(folder / INDEX, index)


def escape(to):
    def change(folder, index):
        name = next(name for name in index["weight_map"] if "q_proj" in name)
        index["weight_map"][name] = to

    return change


def lose_shard(folder, index):
    (folder / "model-00002-of-00002.safetensors").unlink()


ESCAPES = {
    "parent": "../../models/llama-nano-bf16/model.safetensors",
    "absolute": "/etc/hostname",
    "folder": "shards/model.safetensors",
    "nul": "model\0.safetensors",
}

QUANTISED = {
    "fp8": "Block-scaled FP8 weights under the targets.",
    "bnb-4bit": "bitsandbytes 4-bit codes under the targets.",
    "gptq": "GPTQ: the targets have no weight, only packed tensors.",
}


def cases():
    for make in (make_fp8, make_four_bit, make_gptq, make_named, make_unknown):
        make()
    for name, note in QUANTISED.items():
        yield on(
            name, ["base-quantized"], note, may=("base-name-mismatch", "base-module-missing", "base-shape-mismatch")
        )
    yield on(
        "named",
        ["base-name-mismatch"],
        "The base says it is another model than the adapter was trained on.",
        severity="warning",
    )
    yield on(
        "unknown-architecture",
        ["base-unknown-architecture"],
        "A config of an unknown architecture and no weights.",
        severity="warning",
        may=("base-name-mismatch",),
    )
    for name, target in ESCAPES.items():
        make_indexed("index-" + name, escape(target))
        yield on("index-" + name, ["security-path"], f"The index sends one tensor to {target!r}.")
    make_indexed("index-lost-shard", lose_shard)
    yield on("index-lost-shard", ["file-unreadable"], "The index names a shard that is not there.")


def on(base, rules, note, **more):
    return Case("on-" + base, rules, note, base=f"broken/bases/{base}", path="adapters/llama-nano", **more)
