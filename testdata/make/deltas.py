"""Norms, singular values and counts of deltas: NumPy's SVD of the whole s·BA in float64, as PEFT's layers give it.

Stacks of experts count as one matrix with the experts' deltas along its diagonal: its singular values are all theirs.
"""

import hashlib

import numpy
import peft
import torch
from peft.tuners.lora import Embedding, LoraLayer, ParamWrapper
from safetensors.torch import load_file

from adapters import load_base
from files import ADAPTERS, ROOT, fresh, read_json, seed, write_json, write_rows, write_tensors
from merged import adapter_tensors

STATISTICS = ROOT / "statistics"
EXPORTS = [
    "llama-all-linear", "llama-attention-bf16", "llama-attention-f16", "llama-f64", "llama-rslora", "llama-patterns",
    "llama-dora", "llama-head", "gpt2", "resnet-conv", "llama-embedding", "qwen3_moe-experts", "mixtral-experts",
    "gpt_oss-experts", "llama-zstd",
]  # fmt: skip
OTHERS = ["kohya", "mlx-lora", "mlx-dora", "mlx-embedding", "mlx-experts", "diffusers-alphas", "torchtune"]


def row(name, deltas, tensors, weight=None):
    """The numbers of one module from its deltas (one, or one per expert) and its tensors in the file."""
    values = numpy.sort(numpy.concatenate([numpy.linalg.svd(delta, compute_uv=False) for delta in deltas]))[::-1]
    norm = float(numpy.sqrt(sum((delta**2).sum() for delta in deltas)))
    held = numpy.cumsum(values**2)
    rank = int(numpy.searchsorted(held, 0.99 * norm**2)) + 1 if norm else 0
    # A share so near 99 % that rounding decides would make the test a coin toss.
    assert norm == 0 or min(abs(held / norm**2 - 0.99)) > 1e-9, name
    counts = dict(zero=sum(int((tensor == 0).sum()) for tensor in tensors))
    relative = norm / float(numpy.linalg.norm(weight)) if weight is not None else None
    result = dict(name=name, delta_frobenius=norm, delta_spectral=float(values[0]), effective_rank=rank)
    return result | dict(relative_delta=relative, nan=0, inf=0) | counts


def wide(tensor):
    return tensor.detach().double().numpy()


def peft_rows(entry):
    """By PEFT's own delta of each layer, with base and factors widened to float64 before they are loaded."""
    folder = ADAPTERS / entry["name"]
    model = load_base(entry["base"].removeprefix("models/"), torch.float64)
    model = peft.get_peft_model(model, peft.LoraConfig(**lora_config(folder)), autocast_adapter_dtype=False).double()
    stored = adapter_tensors(folder)
    peft.set_peft_model_state_dict(model, {name: tensor.double() for name, tensor in stored.items()})
    for name, layer in model.base_model.model.named_modules():
        if not isinstance(layer, LoraLayer) or "default" not in layer.r:
            continue
        key = f"base_model.model.{name}."
        path, delta = name.replace(".base_layer", ""), layer.get_delta_weight("default")
        if isinstance(layer, ParamWrapper):
            path, weight = f"{path}.{layer.parameter_name}", layer.get_param()
        else:
            weight = layer.get_base_layer().weight
        if isinstance(layer, Embedding):
            leaves = ["lora_embedding_A", "lora_embedding_B"]
        else:
            leaves = ["lora_A.weight", "lora_B.weight"]
        tensors = [stored[key + leaf] for leaf in [*leaves, "lora_magnitude_vector"] if key + leaf in stored]
        delta = wide(delta)
        if delta.ndim == 4:
            delta = delta.reshape(delta.shape[0], -1)
        yield row(path, delta if delta.ndim == 3 else [delta], tensors, wide(weight))


def lora_config(folder):
    known = peft.LoraConfig.__dataclass_fields__
    skipped = {"peft_type", "auto_mapping", "inference_mode", "peft_version"}
    config = read_json(folder / "adapter_config.json")
    return {key: value for key, value in config.items() if key in known and key not in skipped}


def other_rows(entry):
    """By the formula, from the tensors that the manifest of formats says belong together."""
    path = ROOT / entry["path"]
    stored = load_file(path if path.is_file() else next(path.glob("*.safetensors")))
    leaves = (".lora_down.weight", ".lora_a", ".lora_a.weight", ".lora_A.weight")
    downs = [name for name in stored if name.endswith(leaves)]
    assert len(downs) == len(entry["modules"])
    for module in entry["modules"]:
        down = next(name for name in downs if same_module(name, module["name"]))
        a, b = stored[down], stored[partner(down)]
        tensors = [a, b] + [stored[name] for name in [down.removesuffix("lora_a") + "m"] if name in stored]
        a, b = wide(a), wide(b)
        if entry["format"] == "mlx" and a.ndim == 2:
            a, b = a.T, b.T
        if a.ndim == 4:
            a, b = a.reshape(a.shape[0], -1), b[:, :, 0, 0]
        deltas = module["scale"] * (b @ a)
        yield row(module["name"], deltas if deltas.ndim == 3 else [deltas], tensors)


def partner(down):
    return down.replace("lora_down", "lora_up").replace("lora_a", "lora_b").replace("lora_A", "lora_B")


def same_module(name, module):
    parts = {"unet": "lora_unet", "text_encoder": "lora_te1", "text_encoder_2": "lora_te2", "text_encoder_3": "lora_te3"}
    part, _, rest = module.partition(".")
    return name.rsplit(".lora_", 1)[0] in {module, f"{parts.get(part)}.{rest}".replace(".", "_")}


def odd_rows():
    """Shapes and values at the edges, in PEFT's layout: what no training run gives."""
    low = torch.randn(8, 1) @ torch.randn(1, 20)
    steep = torch.logspace(-9, 3, 6)
    factors = {  # module: A (rank, in), B (out, rank)
        "deficient": (low, torch.randn(30, 8)),
        "f16": (torch.randn(4, 20).half(), torch.randn(30, 4).half() * 1e-4),
        "f64": (torch.randn(4, 20).double() * 1e150, torch.randn(30, 4).double() * 1e-140),
        "f8": (torch.randn(4, 20).to(torch.float8_e4m3fn), torch.randn(30, 4).to(torch.float8_e5m2)),
        "graded": (torch.randn(6, 20) * steep[:, None], torch.randn(30, 6) * steep.flip(0)),
        "one": (torch.randn(1, 20), torch.randn(30, 1)),
        "rank-above-out": (torch.randn(9, 20), torch.randn(3, 9)),
        "rank-above-both": (torch.randn(9, 5), torch.randn(3, 9)),
        "vector": (torch.randn(4, 1), torch.randn(1, 4)),
        "zero": (torch.randn(4, 20), torch.zeros(30, 4)),
    }
    folder = fresh(STATISTICS / "odd")
    tensors, rows = {}, []
    for name, (a, b) in factors.items():
        tensors |= {f"base_model.model.{name}.lora_A.weight": a, f"base_model.model.{name}.lora_B.weight": b}
        deltas = [-2.5 * (wide(b) @ wide(a))]
        rows.append(row(name, deltas, [a.double(), b.double()]))
    write_tensors(folder / "adapter_model.safetensors", tensors)
    config = dict(peft_type="LORA", r=4, lora_alpha=-10, target_modules=sorted(factors))
    ranks = {name: a.shape[0] for name, (a, _) in factors.items() if a.shape[0] != 4}
    alphas = {name: -2.5 * rank for name, rank in ranks.items()}
    write_json(folder / "adapter_config.json", config | dict(rank_pattern=ranks, alpha_pattern=alphas))
    return rows


def digest(path):
    if path.is_dir():
        path = next(file for file in path.iterdir() if ".safetensors" in file.name)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def make():
    fresh(STATISTICS)
    seed("statistics")
    known = {entry["name"]: entry for entry in read_json(ADAPTERS / "adapters.json")}
    formats = {entry["name"]: entry for entry in read_json(ROOT / "formats" / "formats.json")}
    rows = [dict(path="statistics/odd", base=None, modules=odd_rows())]
    for name in EXPORTS:
        rows.append(dict(path=f"adapters/{name}", base=known[name]["base"], modules=list(peft_rows(known[name]))))
    for name in OTHERS:
        rows.append(dict(path=formats[name]["path"], base=None, modules=list(other_rows(formats[name]))))
    for entry in rows:
        entry["sha256"] = digest(ROOT / entry["path"])
    write_rows(STATISTICS / "statistics.json", rows)
