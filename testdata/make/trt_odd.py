"""What TensorRT-LLM's adapter loaders do with adapters that are nearly right, as fixtures for the tests.

    python trt_odd.py

Reads engines/tensorrt-llm-1.0.jsonl.zst and tensorrt-llm-1.4.jsonl.zst (loader_truth.py), damages some of the adapters
that are applied in one way each, and writes tensorrt-llm-1.0-odd.jsonl.zst and tensorrt-llm-1.4-odd.jsonl.zst. Needs
torch and zstandard; not the engine.

The loader is written here again in our own words, but works on numbers: what `load_from_hf` puts into a row for each
module (tensorrt_llm/lora_manager.py 30e6fb55, tensorrt_llm/_torch/peft/lora/loaders.py 894826e7 and manager.py
1630fc37), what is checked of the rows when a request brings them (cpp/tensorrt_llm/runtime/loraUtils.cpp 2a9abd95), and
how they are cut into matrices of the model's own sizes (loraCache.cpp 063e02f7, loraModule.cpp 2a9abd95). "applied"
means that the two matrices of every module have PEFT's product; which modules a class gets is trt_classes.py's, and
kernels were not run.
"""

import json
import math
import re
from collections import defaultdict

import torch
import zstandard

import trt_classes
from damage import PREFIX, TYPES, delta, modules, renamed, reranked, settings, shapes, throughout, values
from files import ROOT
from loader_truth import LATER, MAPPED, UNREAD, unread

# One of each way in which classes hand factors on.
KINDS = ("llama", "phi", "phi3", "mixtral", "starcoder2", "mistral", "gpt_oss")
STARTS = ("all", "attn", "qv", "only-o_proj", "only-down_proj", "only-c_fc", "only-qkv_proj")
DEFAULTS = dict(peft_type="LORA", r=4, lora_alpha=12, bias="none", task_type="CAUSAL_LM", target_modules="all-linear")
# A number, a parent, then one or two names or an expert's three; anything may be in front and behind.
KEY = re.compile(r"(.*)\.(\d+)\.(\w+)\.(\w+|\w+\.\w+|\w+\.\d+\.\w+)\."
                 r"(lora_A\.weight|lora_B\.weight|lora_magnitude_vector|weight_m_wdecomp.weight)")
QUERIES = ("q_proj", "k_proj", "v_proj")


class Refusal(Exception):
    pass


def place(key, known, later):
    """Layer, name in the map, expert and factor of a key; None when it is passed over."""
    found = KEY.match(key)
    if not found:
        if "lm_head" in key or "embed_tokens" in key:
            return None
        raise Refusal(f"unsupported key {key}")
    _, layer, parent, rest, factor = found.groups()
    parts = rest.split(".")
    expert = int(parts[1]) if len(parts) == 3 else None
    own = parts[-1] if len(parts) == 3 else rest
    full = f"{parent}.{parts[0]}.{own}" if len(parts) == 3 else f"{parent}.{own}"
    name = full if full in known else own
    if name not in known and later and len(parts) == 2 and parts[0] not in ("shared_expert", "shared_experts"):
        name = parts[1]
    if name not in known:
        if later:
            return None
        raise Refusal(f"{own} is not in the map")
    return int(layer), name, expert, {"lora_A.weight": "in", "lora_B.weight": "out"}.get(factor, "magnitude")


def sizes(base):
    """Inputs and outputs of the model's places by name."""
    hidden = base.get("hidden_size") or base["n_embd"]
    inner = base.get("intermediate_size") or base.get("n_inner") or 4 * hidden
    heads = base.get("num_attention_heads") or base["n_head"]
    width = base.get("head_dim") or hidden // heads
    queries, keys = heads * width, (base.get("num_key_value_heads") or heads) * width
    both = queries + 2 * keys
    return dict(
        q_proj=(hidden, queries), k_proj=(hidden, keys), v_proj=(hidden, keys), o_proj=(hidden, hidden),
        qkv_proj=(hidden, both), query_key_value=(hidden, both), dense=(hidden, hidden), gate_proj=(hidden, inner),
        up_proj=(hidden, inner), down_proj=(inner, hidden), gate_up_proj=(hidden, 2 * inner), c_fc=(hidden, inner),
        c_proj=(inner, hidden))


def loaded(later, base, config, tensors):
    """Layer, name, rank, whether it has a magnitude, and the numbers of each row."""
    row = (trt_classes.TORCH if later else trt_classes.BUILT)[base["model_type"]]
    known = row.get("names") or (LATER if later else MAPPED)
    layers = defaultdict(lambda: defaultdict(dict))
    for key, value in tensors.items():
        # Halves of fused gates are exchanged, as the built engines have them.
        if "gate_up_proj.lora_B.weight" in key:
            value = torch.cat(value.split([value.shape[0] // 2, value.shape[0] - value.shape[0] // 2])[::-1])
        if found := place(key, known, later):
            layer, name, expert, factor = found
            (layers[layer][name] if expert is None else layers[layer][name].setdefault(expert, {}))[factor] = value
    rank, stable = int(config["r"]), bool(config.get("use_rslora", False))
    hidden = sizes(base)["o_proj"][0]
    present = {name for names in layers.values() for name in names} & set(QUERIES)
    rows = []
    for layer, names in sorted(layers.items()):
        for name in QUERIES if present else ():
            if name not in present:
                names[name] = {"in": torch.zeros(rank, hidden), "out": torch.zeros(hidden, rank)}
        for name, parts in names.items():
            if any(isinstance(part, int) for part in parts):
                raise NotImplementedError("experts")
            if "in" not in parts or "out" not in parts:
                raise Refusal(f"one factor of {name} in layer {layer} only")
            own, first, second = parts["in"].shape[0], parts["in"], parts["out"]
            scale = float(config["lora_alpha"]) / (math.sqrt(own) if stable else own)
            second = second.to(torch.float32) * scale if later else second * scale
            numbers = [first.to(torch.float32).flatten(), second.to(torch.float32).flatten()]
            if "magnitude" in parts:
                numbers.append(parts["magnitude"].to(torch.float32).flatten())
            rows.append((layer, name, own, "magnitude" in parts, torch.cat(numbers)))
    if not rows:
        raise Refusal("no row at all")
    return row, rows


def matrices(later, base, config, tensors):
    """The class and both matrices of each place, as the rows are checked and cut."""
    row, rows = loaded(later, base, config, tensors)
    width, count = max(len(numbers) for *_, numbers in rows), base.get("num_hidden_layers") or base["n_layer"]
    found, ranks = {}, []
    for layer, name, rank, has_magnitude, numbers in rows:
        inputs, outputs = sizes(base)[name]
        if not 0 <= layer < count or not 0 < rank <= 64:
            raise Refusal(f"layer {layer}, rank {rank}")
        if rank * (inputs + outputs) + (outputs if has_magnitude else 0) > width:
            raise Refusal(f"too few values for {name}")
        numbers = torch.nn.functional.pad(numbers, (0, width - len(numbers)))
        start, end = rank * inputs, rank * (inputs + outputs)
        found[layer, name] = numbers[start:end].view(outputs, rank) @ numbers[:start].view(rank, inputs)
        if has_magnitude:
            found[layer, name] = None
        ranks.append(rank)
    return row, found, ranks


def judged(later, base, entry):
    config = {**DEFAULTS, **entry["config"]}
    for member in entry.get("absent", []):
        config.pop(member, None)
    if entry.get("weights", "adapter_model.safetensors") != "adapter_model.safetensors":
        return "refused", "no adapter_model"
    tensors = values(entry["tensors"])
    if kind := entry.get("type"):
        tensors = {name: (3 * value).to(TYPES[kind]) for name, value in tensors.items()}
        if later and kind == "F8_E4M3":
            return "unjudged", "kernels of their own for FP8"
    try:
        row, found, ranks = matrices(later, base, config, tensors)
    except Exception as error:
        return "refused", f"{type(error).__name__}: {error}"
    try:
        expected = delta({name: value.float() for name, value in tensors.items()}, {**DEFAULTS, **config}, True)
    except (ArithmeticError, TypeError, ValueError):
        expected = None
    known, names = row.get("names") or (LATER if later else MAPPED), set()
    for layer, name in found:
        handing = trt_classes.handing(row, name)
        if handing == "missing":
            return "refused", f"no place for {name} in the layers"
        if handing != "held" and found[layer, name] is not None and found[layer, name].abs().max() > 0:
            return "partly", f"{name} is {handing}"
    if not expected:
        return "partly", "what PEFT adds is not known"
    for module, product in expected.items():
        module = module.removesuffix(".weight")
        at = place(f"{module}.lora_A.weight", known, later)
        if not at:
            return "partly", f"passes over {module}"
        product, own = product.float(), found[at[0], at[1]]
        if at[:2] in names:
            return "partly", f"{module} shares its place"
        names.add(at[:2])
        if own is None or own.shape != product.shape:
            return "partly", f"{module} has another size"
        if not (own - product).abs().max() <= 1e-3 * product.abs().max() + 1e-5:
            return "partly", f"{module} gets another change"
    whole = [name for name in tensors if not KEY.match(name)]
    if whole:
        return "partly", f"passes over {whole[0]}"
    if field := unread(config, UNREAD):
        return "partly", f"passes over {field}"
    if later and len(set(ranks)) > 1:
        return "partly", f"one rank for all of {sorted(set(ranks))}"
    if later and ranks[0] % 8:
        return "unjudged", f"kernels for rank {ranks[0]}"
    return "applied", f"{len(found)} places"


def damaged(name, config, tensors, is_first):
    """Name, config, tensors and other files of an adapter and each damaged form; configs only for the first class."""
    yield dict(name="whole", config=config, tensors=tensors)
    for made in (shapes, throughout, renamed):
        for label, changed in made(tensors):
            yield dict(name=label, config=config, tensors=changed)
    if not is_first or not name.startswith(("all-16", "qv-")):
        return
    for label, change in settings(config):
        yield dict(name=label, config={**config, **change}, tensors=tensors)
    for label in ("r", "lora_alpha", "target_modules", "peft_type", "task_type", "bias"):
        own = {key: value for key, value in config.items() if key != label}
        yield dict(name=f"no-{label}", config=own, tensors=tensors, absent=[label])
    for rank in (1, 4, 12, 24, 32, 64, 65, 72, 128):
        yield dict(name=f"rank-{rank}", config={**config, "r": rank, "lora_alpha": 2 * rank},
                   tensors=reranked(tensors, rank))
    for label in TYPES:
        yield dict(name=f"type-{label}", config=config, tensors=tensors, type=label)
    first = modules(tensors)[0]
    for label, more in (("same", tensors), ("norm", {f"{first}_norm.weight": [8]})):
        yield dict(name=f"beside-{label}", config=config, tensors=tensors, beside={"a.safetensors": more})
    yield dict(name="other-file", config=config, tensors=tensors, weights="model.safetensors")
    for label, name, shape in (
            ("head", "lm_head.weight", [8, 8]), ("embedding", "model.embed_tokens.weight", [8, 8]),
            ("weight-behind", f"{first.removeprefix(PREFIX)}.lora_A.weight.x", [4, 8])):
        yield dict(name=label, config=config, tensors={**tensors, f"{PREFIX}{name}": shape})


def run(engine):
    later, rows, counts = engine.endswith("1.4"), [], {}
    with zstandard.open(ROOT / "engines" / f"{engine}.jsonl.zst", "rt") as file:
        truth = [json.loads(line) for line in file]
    for row in truth:
        made = []
        for entry in row["adapters"] if row["config"]["model_type"] in KINDS else ():
            name = entry["name"].removesuffix("-r16")
            if entry["verdict"] != "applied" or name not in STARTS:
                continue
            for rank in (8, 16) if name == "all" else (16,):
                config = {**entry["config"], "r": rank, "lora_alpha": 2 * rank}
                for adapter in damaged(
                        f"{name}-{rank}", config, reranked(entry["tensors"], rank), row["key"].startswith("Llama")):
                    adapter["verdict"], adapter["why"] = judged(later, row["config"], adapter)
                    if adapter["name"] == "whole" and adapter["verdict"] != "applied":
                        # Experts, or modules of which it was not read what their class does.
                        print(engine, row["key"], entry["name"], adapter["verdict"], adapter["why"])
                        break
                    adapter.update(name=f"{name}-{rank}/{adapter['name']}", why=adapter["why"][:100])
                    made.append(adapter)
                    counts[adapter["verdict"]] = counts.get(adapter["verdict"], 0) + 1
        if made:
            rows.append(dict(key=row["key"], config=row["config"], adapters=made))
    text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
    output = ROOT / "engines" / f"{engine}-odd.jsonl.zst"
    output.write_bytes(zstandard.ZstdCompressor(level=19).compress(text.encode()))
    print(engine, len(rows), "bases,", sum(len(row["adapters"]) for row in rows), "adapters,", output.stat().st_size,
          "bytes", counts)


if __name__ == "__main__":
    for engine in ("tensorrt-llm-1.0", "tensorrt-llm-1.4"):
        run(engine)
