"""Adapters that PEFT wrote and that something broke afterwards, with the deltas that PEFT computes for the whole ones.

`surgery/repair/cases.json` says for each case which adapter it was, which file has the deltas that the mended adapter
must give again, the options of the repair, and the rules of the mends. Deltas are `get_delta_weight` of PEFT's own
layers, `[out, in]` or `[experts, out, in]`, under the names of the base's modules.
"""

import json
import shutil

import peft
import torch
from peft.tuners.lora import LoraLayer
from safetensors.torch import load, save

from adapters import load_base
from files import ADAPTERS, ROOT, fresh, read_json, write_json, write_rows, write_tensors

REPAIR = ROOT / "surgery" / "repair"
WEIGHTS, CONFIG = "adapter_model.safetensors", "adapter_config.json"
PREFIX = "base_model.model."


def deltas(name):
    """What every adapted module of an adapter adds to its base, by PEFT."""
    config = read_json(ADAPTERS / name / CONFIG)
    base = config["base_model_name_or_path"].removeprefix("testdata/models/")
    model = peft.PeftModel.from_pretrained(load_base(base, dtype=torch.float32), str(ADAPTERS / name))
    found = {}
    for path, layer in model.base_model.model.named_modules():
        if not isinstance(layer, LoraLayer) or "default" not in layer.r:
            continue
        parameter = getattr(layer, "parameter_name", "weight")
        plain = path.replace(".base_layer", "")
        plain = plain if parameter == "weight" else f"{plain}.{parameter}"
        found[plain] = layer.get_delta_weight("default").detach().float()
    return found


def edit(change=None, config=None, drop=(), raw=None):
    """A break of a whole adapter: of its tensors, of fields of its config, or of the config's bytes."""

    def build(folder, original):
        tensors = load((original / WEIGHTS).read_bytes())
        if change:
            tensors = change(tensors)
        (folder / WEIGHTS).write_bytes(save({k: v.contiguous() for k, v in tensors.items()}, {"format": "pt"}))
        fields = read_json(original / CONFIG) | (config or {})
        for field in drop:
            fields.pop(field, None)
        if raw is None:
            write_json(folder / CONFIG, fields)
        elif raw(fields) is not None:
            (folder / CONFIG).write_bytes(raw(fields))

    return build


def renamed(change):
    return lambda tensors: {change(name): tensor for name, tensor in tensors.items()}


def base_tensor(base, name):
    weights = (ROOT / "models" / base / "model.safetensors").read_bytes()
    return lambda tensors: tensors | {PREFIX + name: load(weights)[name]}


def deep(experts):
    """Stacks as one matrix for each expert, named by the parameter, as some trainers write them."""

    def change(tensors):
        result = {}
        for name, tensor in tensors.items():
            parameter = "gate_up_proj" if ".base_layer." in name else "down_proj"
            path, leaf = name.replace(".base_layer", "").split(".lora_")
            if leaf.startswith("A"):
                tensor = tensor.reshape(experts, -1, tensor.shape[1])
            else:
                tensor = tensor.reshape(tensor.shape[0], -1, experts).permute(2, 0, 1)
            result[f"{path}.{parameter}.lora_{leaf}"] = tensor
        return result

    return change


def split(found, names):
    """The deltas of stacks expert by expert: gate before up in the rows of the first."""
    result = {}
    for path, delta in found.items():
        owner, parameter = path.rsplit(".", 1)
        owner = owner.replace(".mlp.", names.get("owner", ".mlp."))
        if delta.dim() != 3:
            result[path] = delta
            continue
        for expert, matrix in enumerate(delta):
            parts = matrix.chunk(2) if parameter == "gate_up_proj" else [matrix]
            for leaf, part in zip(names[parameter], parts):
                result[f"{owner}.{expert}.{leaf}"] = part
    return result


NANO = dict(of="llama-nano", base="models/llama-nano-bf16")
PATTERNS = dict(of="llama-patterns", base="models/llama-bf16-sharded")
ROWS = [
    (dict(name="no-weight", **NANO, mends=["tensor-unknown"]), edit(renamed(lambda n: n.removesuffix(".weight")))),
    (
        dict(name="default-no-weight", **NANO, mends=["tensor-unknown"]),
        edit(renamed(lambda n: n.removesuffix(".weight") + ".default")),
    ),
    (
        dict(name="wrapped-twice", **NANO, mends=["export-naming"]),
        edit(
            renamed(
                lambda n: (
                    "module."
                    + n.replace("model.model.", "model._orig_mod.model.").replace(".weight", ".default.weight")
                )
            )
        ),
    ),
    (
        dict(name="sharded-wrapper", **NANO, mends=["export-naming"]),
        edit(renamed(lambda n: n.replace(".self_attn", "._fsdp_wrapped_module.self_attn"))),
    ),
    (
        dict(name="named-twice", **NANO, mends=["export-naming"]),
        edit(lambda t: t | {n.replace(".weight", ".default.weight"): v.clone() for n, v in t.items()}),
    ),
    (
        dict(name="utf-16", **NANO, mends=["config-invalid"]),
        edit(raw=lambda f: json.dumps(f).encode("utf-16")),
    ),
    (
        dict(name="byte-order-mark", **NANO, mends=["config-invalid"]),
        edit(raw=lambda f: b"\xef\xbb\xbf" + json.dumps(f).encode()),
    ),
    (dict(name="no-config", **NANO, alpha=4, mends=["config-missing"]), edit(raw=lambda f: None)),
    (dict(name="no-alpha", **NANO, alpha=4, mends=["config-invalid"]), edit(drop=["lora_alpha"])),
    (dict(name="alpha-text", **NANO, mends=["config-invalid"]), edit(config={"lora_alpha": "4"})),
    (
        dict(name="alpha-by-pattern", **NANO, mends=["config-invalid"]),
        edit(config={"lora_alpha": None, "alpha_pattern": {"q_proj|v_proj": 4}}),
    ),
    (dict(name="no-rank", **NANO, mends=["config-invalid"]), edit(drop=["r"])),
    (dict(name="rank-eight", **NANO, mends=["rank-mismatch"]), edit(config={"r": 8})),
    (
        dict(name="nulls", **NANO, mends=["config-invalid"] * 4),
        edit(config={"bias": None, "lora_dropout": None, "rank_pattern": None, "alpha_pattern": None}),
    ),
    (
        dict(name="texts", **NANO, mends=["config-invalid"] * 5),
        edit(
            config={
                "r": "2", "use_dora": "False", "init_lora_weights": "True", "task_type": "causal_lm",
                "layers_to_transform": ["0", "1"],
            }
        ),
    ),
    (
        dict(name="targets-text", **NANO, mends=["config-invalid"]),
        edit(config={"target_modules": "q_proj, v_proj"}),
    ),
    (
        dict(name="targets-expression", **NANO, mends=["target-undeclared"]),
        edit(config={"target_modules": r".*layers\.0\..*(q|v)_proj"}),
    ),
    (
        dict(name="targets-of-another", **NANO, mends=["config-invalid"]),
        edit(config={"target_modules": ["c_attn"]}),
    ),
    (
        dict(name="transposed", **NANO, mends=["base-transposed"]),
        edit(lambda t: {n: v.T for n, v in t.items()}),
    ),
    (
        dict(name="flat", **NANO, mends=["tensor-empty"]),
        edit(lambda t: {n: v.flatten() if "lora_B" in n else v for n, v in t.items()}),
    ),
    (
        dict(name="other-release", **NANO, mends=["base-renamed", "base-renamed"]),
        edit(
            renamed(lambda n: n.replace(".model.model.", ".model.model.language_model.", 1)),
            config={
                "lora_alpha": 9,
                "alpha_pattern": {r"^model\.language_model\.layers\.\d\.self_attn\.[qv]_proj": 4},
            },
        ),
    ),
    (
        dict(name="base-head", **NANO, mends=["engine-unsupported"]),
        edit(base_tensor("llama-nano-bf16", "lm_head.weight"), config={"modules_to_save": ["lm_head"]}),
    ),
    (
        dict(name="optimizer", **NANO, mends=["tensor-unknown"]),
        edit(lambda t: t | {"optimizer.state.0.step": torch.ones(1), "lr_scheduler.last_epoch": torch.ones(1)}),
    ),
    (
        dict(name="no-patterns", **PATTERNS, mends=["rank-mismatch"]),
        edit(config={"rank_pattern": {}}),
    ),
    (
        dict(name="sorted-patterns", **PATTERNS, mends=["rank-mismatch"]),
        edit(config={"rank_pattern": {"k_proj|o_proj": 6, "q_proj": 4, r"layers\.0\.self_attn\.q_proj": 2}}),
    ),
    (
        dict(name="dead-patterns", **PATTERNS, mends=["pattern-unused", "pattern-unused"]),
        edit(
            config={
                "rank_pattern": {"k_proj|o_proj": 6, r"layers\.0\.self_attn\.q_proj": 2, "fc1": 64},
                "alpha_pattern": {
                    r"layers\.[12]\.mlp\.up_proj": 12,
                    "v_proj": 3,
                    "base_model.model.model.layers.0.self_attn.q_proj": 99,
                },
            }
        ),
    ),
    (
        dict(name="dora-off", of="llama-dora", base="models/llama-bf16-sharded", mends=["config-invalid"]),
        edit(config={"use_dora": False}),
    ),
    (
        dict(name="deep-stacks", of="mixtral-experts", base="models/mixtral-bf16", mends=["tensor-empty"]),
        edit(deep(4)),
    ),
]
# Whole adapters that an engine does not apply as trained.
SERVED = [
    dict(name="patterns-sglang", **PATTERNS, engine="sglang", mends=["engine-unsupported", "engine-unsupported"]),
    dict(name="patterns-tensorrt", **PATTERNS, engine="tensorrt-llm", mends=["engine-silent"]),
    dict(
        name="rslora-sglang", of="llama-rslora", base="models/llama-bf16-sharded", engine="sglang",
        mends=["engine-silent"],
    ),
    dict(
        name="rslora-patterns-sglang", of="llama-rslora-patterns", base="models/llama-f16", engine="sglang",
        mends=["engine-silent", "engine-unsupported"],
    ),
    dict(
        name="stacks-vllm", of="mixtral-experts", base="models/mixtral-bf16", engine="vllm", mends=["engine-silent"],
        deltas="mixtral-experts-apart",
    ),
]
EXPERTS = {"mixtral-experts": {"owner": ".block_sparse_moe.", "gate_up_proj": ["w1", "w3"], "down_proj": ["w2"]}}


def make():
    fresh(REPAIR)
    (REPAIR / "deltas").mkdir()
    rows = []
    found = {}
    for row, build in [*ROWS, *((row, None) for row in SERVED)]:
        original = ADAPTERS / row["of"]
        if build:
            folder = REPAIR / row["name"]
            folder.mkdir()
            build(folder, original)
        if row["of"] not in found:
            found[row["of"]] = deltas(row["of"])
            write_tensors(REPAIR / "deltas" / f"{row['of']}.safetensors", found[row["of"]])
        rows.append({"path": f"surgery/repair/{row['name']}" if build else f"adapters/{row['of']}"} | row)
    for name, parts in EXPERTS.items():
        apart = split(found[name], parts)
        write_tensors(REPAIR / "deltas" / f"{name}-apart.safetensors", apart)
    write_rows(REPAIR / "cases.json", rows)
