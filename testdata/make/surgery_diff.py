"""Pairs of adapters for `diff`, and what NumPy says about them on the full matrices in float64.

`python testdata/make/make.py surgery_diff`, with numpy 2.5.5, torch 2.15.0, peft 0.21.2, safetensors 0.8.0; merged DoRA weights are PEFT's own, in float64.
"""

import json
import math

import numpy
import peft
import torch
from safetensors.torch import load_file

from adapters import load_base
from files import ADAPTERS, ROOT, fresh, seed, write_json, write_tensors

DIFF = ROOT / "surgery" / "diff"
NEGLIGIBLE = 1e-7
LINEAR = {"model.layers.0.self_attn.q_proj": (24, 16), "model.layers.1.mlp.down_proj": (12, 40)}


def factors(shapes, rank, dtype=torch.float32):
    """A and B of every module, seeded before."""
    return {
        name: (torch.randn(rank, inner).to(dtype), 0.1 * torch.randn(outer, rank).to(dtype))
        for name, (outer, inner) in shapes.items()
    }


def write(name, modules, r, alpha, more=None, **config):
    """A PEFT folder with these factors; ranks that differ from r stand in the pattern."""
    folder = fresh(DIFF / name)
    tensors = {}
    for path, (a, b) in modules.items():
        tensors[f"base_model.model.{path}.lora_A.weight"] = a
        tensors[f"base_model.model.{path}.lora_B.weight"] = b
    tensors |= {f"base_model.model.{path}": tensor for path, tensor in (more or {}).items()}
    write_tensors(folder / "adapter_model.safetensors", tensors)
    targets = sorted({path.rsplit(".", 1)[1] for path in modules})
    values = dict(
        peft_type="LORA", base_model_name_or_path="example/tiny", task_type="CAUSAL_LM", r=r, lora_alpha=alpha,
        target_modules=targets, bias="none",
    )  # fmt: skip
    write_json(folder / "adapter_config.json", values | config)
    return {
        path: scale(path, values | config, a) * b.double().numpy() @ a.double().numpy()
        for path, (a, b) in modules.items()
    }  # fmt: skip


def scale(path, config, a):
    rank = config.get("rank_pattern", {}).get(path, config["r"])
    alpha = config.get("alpha_pattern", {}).get(path, config["lora_alpha"])
    assert rank == a.shape[0], path
    return alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)


def spaces(delta):
    """Left and right singular vectors that belong to values above rounding."""
    left, values, right = numpy.linalg.svd(delta, full_matrices=False)
    count = int((values > NEGLIGIBLE * values[0]).sum()) if values[0] > 0 else 0
    return left[:, :count], right[:count].T


def figures(one, other):
    norms = [float(numpy.linalg.norm(delta)) for delta in (one, other)]
    distance = float(numpy.linalg.norm(one - other))
    row = dict(
        distance=distance, relative=distance / max(norms) if distance else 0.0, norm_a=norms[0], norm_b=norms[1],
        cosine=float((one * other).sum() / norms[0] / norms[1]) if min(norms) > 0 else None,
    )  # fmt: skip
    for side in ("left", "right"):
        row |= {f"overlap_{side}": None, f"random_{side}": None, f"energy_{side}": None}
    if min(norms) > 0:
        for side, index in (("left", 0), ("right", 1)):
            u, v = spaces(one)[index], spaces(other)[index]
            row[f"overlap_{side}"] = float((numpy.linalg.norm(u.T @ v) ** 2) / min(u.shape[1], v.shape[1]))
            row[f"random_{side}"] = max(u.shape[1], v.shape[1]) / u.shape[0]
            turned = other if index == 0 else other.T
            row[f"energy_{side}"] = float((numpy.linalg.norm(u.T @ turned) / norms[1]) ** 2)
    return row


def expected(one, other):
    """Total and modules; a module is a delta, or a list of them for the experts of a stack."""
    rows, deltas = [], {}
    for name in sorted(set(one) | set(other)):
        a, b = one.get(name), other.get(name)
        a = numpy.zeros_like(b) if a is None else a
        b = numpy.zeros_like(a) if b is None else b
        rows.append(dict(name=name) | figures(block(a), block(b)))
        deltas[name] = (block(a), block(b))
    total = [numpy.concatenate([pair[side].ravel() for pair in deltas.values()]) for side in (0, 1)]
    keys = ["distance", "relative", "norm_a", "norm_b", "cosine"]
    whole = figures(total[0][:, None], total[1][:, None])
    return dict(total={key: whole[key] for key in keys}, modules=rows)


def block(delta):
    """Experts along a diagonal."""
    if delta.ndim == 2:
        return delta
    count, rows, columns = delta.shape
    result = numpy.zeros((count * rows, count * columns))
    for index, one in enumerate(delta):
        result[index * rows : (index + 1) * rows, index * columns : (index + 1) * columns] = one
    return result


def linear_cases():
    seed("diff-linear")
    base = factors(LINEAR, 4)
    first = write("base", base, 4, 8)
    cases = []

    def case(name, status, modules, r=4, alpha=8, **config):
        second = write(name, modules, r, alpha, **config)
        cases.append(dict(a="base", b=name, status=status) | expected(first, second))

    gauge = numpy.eye(4) + numpy.triu(numpy.ones((4, 4)), 1)
    inverse = torch.tensor(numpy.linalg.inv(gauge), dtype=torch.float64)
    gauge = torch.tensor(gauge, dtype=torch.float64)
    # Integer matrices whose product is the identity; the factors are rounded to float32.
    turned = {k: ((inverse @ a.double()).float(), (b.double() @ gauge).float()) for k, (a, b) in base.items()}
    case("gauge", "different", turned)
    case("negated", "different", {k: (a, -b) for k, (a, b) in base.items()})
    case("scaled", "different", base, alpha=12)
    case("folded", "equal", {k: (a, 2 * b) for k, (a, b) in base.items()}, alpha=4)
    case("rslora", "equal", base, alpha=4, use_rslora=True)
    pad = lambda a, b: (torch.cat([a, torch.zeros(3, a.shape[1])]), torch.cat([b, torch.zeros(b.shape[0], 3)], 1))
    case("padded", "equal", {k: pad(a, b) for k, (a, b) in base.items()}, r=7, alpha=14)
    case("other", "different", factors(LINEAR, 6), r=6)
    near = {k: (a, b + 1e-3 * torch.randn_like(b)) for k, (a, b) in base.items()}
    case("near", "different", near)
    case("bf16", "different", {k: (a.bfloat16(), b.bfloat16()) for k, (a, b) in base.items()})
    case("f64", "equal", {k: (a.double() * 1e-200, b.double() * 1e200) for k, (a, b) in base.items()})
    one = "model.layers.0.self_attn.q_proj"
    case("missing", "different", {one: base[one]})
    case("zero", "different", {k: (a, 0 * b) for k, (a, b) in base.items()})
    mixed = {k: (a[:r], b[:, :r]) for (k, (a, b)), r in zip(base.items(), (2, 4))}
    case("patterns", "different", mixed, rank_pattern={one: 2}, alpha_pattern={one: 5})
    # More ranks than outputs.
    case("wide", "different", factors(LINEAR, 20), r=20)
    return cases


def kohya_case():
    """The same delta in kohya's names, as a text encoder's."""
    tensors = load_file(DIFF / "base" / "adapter_model.safetensors")
    folder = fresh(DIFF / "kohya")
    named = {}
    for name in LINEAR:
        key = "lora_te_" + name.replace(".", "_")
        for part, other in (("lora_A", "lora_down"), ("lora_B", "lora_up")):
            named[f"{key}.{other}.weight"] = tensors[f"base_model.model.{name}.{part}.weight"]
        named[f"{key}.alpha"] = torch.tensor(8.0)
    write_tensors(folder / "lora.safetensors", named)
    return dict(a="base", b="kohya/lora.safetensors", status="equal", modules=[], total={})


def expert_case():
    """PEFT's stacks: A [experts · rank, in] expert by expert, B [out, rank · experts] with the expert fastest."""
    seed("diff-experts")
    experts, rank, inner, outer = 3, 2, 10, 14
    deltas = []
    for index, name in enumerate(["experts-a", "experts-b"]):
        a = torch.randn(experts, rank, inner)
        b = torch.randn(outer, rank, experts)
        if index:
            a, b = first[0] + 0.1 * a, first[1] + 0.1 * b
        first = (a, b)
        path = "model.layers.0.mlp.experts"
        folder = fresh(DIFF / name)
        write_tensors(
            folder / "adapter_model.safetensors",
            {
                f"base_model.model.{path}.lora_A.weight": a.reshape(experts * rank, inner),
                f"base_model.model.{path}.lora_B.weight": b.reshape(outer, rank * experts),
            },
        )  # fmt: skip
        write_json(
            folder / "adapter_config.json",
            dict(
                peft_type="LORA", base_model_name_or_path="example/moe", task_type="CAUSAL_LM", r=rank, lora_alpha=4,
                target_modules=[], target_parameters=["mlp.experts.down_proj"], bias="none", peft_version="0.21.2",
            ),
        )  # fmt: skip
        deltas.append({path + ".down_proj": 2 * numpy.einsum("ore,eri->eoi", b.double().numpy(), a.double().numpy())})
    row = dict(a="experts-a", b="experts-b", status="different") | expected(*deltas)
    one, other = (list(side.values())[0] for side in deltas)
    distances = [numpy.linalg.norm(x - y) / max(numpy.linalg.norm(x), numpy.linalg.norm(y)) for x, y in zip(one, other)]
    row["experts"] = dict(
        count=experts, relative_max=float(max(distances)), relative_mean=float(numpy.mean(distances)),
        worst=int(numpy.argmax(distances)),
    )  # fmt: skip
    return row


def dora_case():
    """Two DoRAs on one base: their merged weights, by PEFT in float64."""
    source = ADAPTERS / "llama-dora"
    config = json.loads((source / "adapter_config.json").read_text())
    config["target_modules"] = sorted(config["target_modules"])
    tensors = load_file(source / "adapter_model.safetensors")
    seed("diff-dora")
    near = {
        name: tensor * (1 + 0.05 * torch.randn(tensor.shape)) if "magnitude" in name else tensor + 0.01 * torch.randn(tensor.shape)
        for name, tensor in tensors.items()
    }  # fmt: skip
    folder = fresh(DIFF / "dora")
    write_tensors(folder / "adapter_model.safetensors", near)
    write_json(folder / "adapter_config.json", config)
    merged = [changes(source, tensors), changes(folder, near)]
    result = expected(*merged)
    for row in result["modules"]:
        row |= {key: None for key in row if key.split("_")[0] in ("overlap", "random", "energy")}
    magnitudes = []
    for name in sorted(tensors):
        if "magnitude" in name:
            x, y = tensors[name].double().numpy(), near[name].double().numpy()
            distance = numpy.linalg.norm(x - y) / max(numpy.linalg.norm(x), numpy.linalg.norm(y))
            magnitudes.append(dict(name=name.split(".", 2)[2].replace(".lora_magnitude_vector", ""), relative=float(distance)))
    return dict(a="../../adapters/llama-dora", b="dora", base="models/llama-bf16-sharded", status="different", magnitudes=magnitudes) | result


def changes(folder, tensors):
    """W' − W of every adapted module."""
    base = load_base("llama-bf16-sharded", torch.float64)
    before = {name: value.clone() for name, value in base.state_dict().items()}
    config = peft.LoraConfig.from_pretrained(str(folder))
    model = peft.get_peft_model(base, config, autocast_adapter_dtype=False).double()
    peft.set_peft_model_state_dict(model, {name: tensor.double() for name, tensor in tensors.items()})
    after = model.merge_and_unload().state_dict()
    changed = {}
    for name, value in after.items():
        if name in before and not torch.equal(value, before[name]):
            changed[name.removesuffix(".weight")] = (value - before[name]).numpy()
    return changed


def saved_case():
    """Adapters with whole tensors."""
    seed("diff-saved")
    modules = factors({"model.layers.0.self_attn.q_proj": (24, 16)}, 2)
    heads = [torch.randn(20, 16).half()]
    heads.append((heads[0] + 0.01 * torch.randn(20, 16)).half())
    for index, head in enumerate(heads):
        more = {"lm_head.weight": head}
        write(f"saved-{'ab'[index]}", modules, 2, 4, more=more, modules_to_save=["lm_head"])
    x, y = (head.double().numpy() for head in heads)
    norms = [float(numpy.linalg.norm(value)) for value in (x, y)]
    distance = float(numpy.linalg.norm(x - y))
    tensor = dict(name="lm_head.weight", distance=distance, relative=distance / max(norms), norm_a=norms[0], norm_b=norms[1])
    return dict(a="saved-a", b="saved-b", status="different", modules=[], total={}, full_tensors=[tensor])


def make():
    fresh(DIFF)
    cases = linear_cases() + [kohya_case(), expert_case(), dora_case(), saved_case()]
    write_json(DIFF / "expected.json", cases, indent=1)

