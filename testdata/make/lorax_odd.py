"""What LoRAX itself does with adapters that are nearly right, as a fixture for the tests.

    python lorax_odd.py SERVER TRUTH.jsonl.zst OUTPUT.jsonl.zst [--only KEY]

SERVER is the folder of a checkout that lorax_engine.py needs, TRUTH the fixture of loader_truth.py, of which the bases
are taken whose classes take adapters. Adapters of all modules that the class looks for, of some and of one, at the
ranks 8, 16 and 144, are damaged in one way each. One row per base in the same form, with what became of each: "applied"
when every layer adds to a prompt and to single tokens what PEFT adds to the module, also after the adapter was moved
out of memory and came back.
"""

import argparse
import json
import re
import shutil
import sys
import tempfile
from pathlib import Path

import torch
import zstandard
from safetensors.torch import save_file

import lorax_engine
from damage import PREFIX, TYPES, delta, modules, renamed, reranked, settings, shapes, throughout, values

# What differs in configs that the classes start with: Gemma 2's published ones, and Phi without grouped heads.
PUBLISHED = dict(gemma2=dict(hidden_act="gelu_pytorch_tanh", tie_word_embeddings=True), phi=dict(num_key_value_heads=4))
DEFAULTS = dict(peft_type="LORA", r=4, lora_alpha=12, bias="none", task_type="CAUSAL_LM", target_modules="all-linear")


def starts(engine, is_first):
    """Name, rank and tensors of adapters that are right; rank 8, which has a kernel of its own, for the first class."""
    kinds = set(engine.model.adapter_layers)
    names = [name for (_, kind), (name, _) in engine.model.target_to_layer.items()
             if kind in kinds and name in engine.checkpoint]
    layers = [name for name in names if name != "lm_head"]
    # Phi's class takes a part of its outputs.
    right = [name for name in layers if not name.endswith("fc1")]
    for name, ranks, chosen in (
            ("all", (8, 16, 144) if is_first else (16, 144), right),
            ("attention", (16,), [name for name in right if "attn" in name]),
            ("down", (16,), [name for name in layers if name.endswith(("down_proj", "fc2"))]),
            ("fc1", (16, 144), [name for name in layers if name.endswith("fc1")]),
            ("head", (8, 16), [name for name in names[-1:] if name == "lm_head"])):
        for rank in ranks if chosen else ():
            tensors = {}
            for module in chosen:
                width, height = engine.checkpoint[module]
                tensors[f"{PREFIX}{module}.lora_A.weight"] = [rank, width]
                tensors[f"{PREFIX}{module}.lora_B.weight"] = [height, rank]
            yield f"{name}-{rank}", rank, tensors


def damaged(name, rank, tensors, is_first):
    """Name, config, tensors and other files of an adapter and each damaged form; configs only for the first class."""
    config = dict(r=rank, lora_alpha=2 * rank)
    yield dict(name="whole", config=config, tensors=tensors)
    for made in (shapes, throughout, renamed):
        for label, changed in made(tensors):
            yield dict(name=label, config=config, tensors=changed)
    if not is_first or name not in ("all-8", "all-16"):
        return
    for label, change in settings(config):
        yield dict(name=label, config={**config, **change}, tensors=tensors)
    for label in ("r", "lora_alpha", "target_modules", "peft_type", "task_type", "bias", "base_model_name_or_path"):
        yield dict(name=f"no-{label}", config=without_member(config, label), tensors=tensors, absent=[label])
    for other in (4, 12, 24, 32, 48, 64, 96, 100, 128, 129, 160):
        yield dict(name=f"rank-{other}", config={**config, "r": other, "lora_alpha": 2 * other},
                   tensors=reranked(tensors, other))
    for label in TYPES:
        yield dict(name=f"type-{label}", config=config, tensors=tensors, type=label)
    first = modules(tensors)[0]
    strange = {f"{PREFIX}other.lora_A.weight": [4, 8], f"{PREFIX}other.lora_B.weight": [8, 4]}
    half = {name: shape for name, shape in tensors.items() if first in name}
    for label, more in (
            ("same", tensors), ("one", half), ("strange", strange), ("norm", {f"{first}_norm.weight": [8]})):
        yield dict(name=f"beside-{label}", config=config, tensors=tensors, beside={"a.safetensors": more})
    yield dict(name="other-file", config=config, tensors=tensors, weights="model.safetensors")
    yield dict(name="bin", config=config, tensors=tensors, weights="adapter_model.bin")


def without_member(config, member):
    return {key: value for key, value in config.items() if key != member}


def judged(engine, place, entry):
    """What LoRAX does with a damaged adapter, and why."""
    config = {**DEFAULTS, "base_model_name_or_path": engine.model.model_id, **entry["config"]}
    for member in entry.get("absent", []):
        config.pop(member, None)
    place.mkdir(parents=True)
    (place / "adapter_config.json").write_text(json.dumps(config))
    tensors = values(entry["tensors"])
    if kind := entry.get("type"):
        tensors = {name: (3 * value).to(TYPES[kind]) for name, value in tensors.items()}
    save_file(tensors, place / entry.get("weights", "adapter_model.safetensors"))
    for name, other in entry.get("beside", {}).items():
        save_file({key: value + 1 for key, value in values(other).items()}, place / name)
    try:
        found = delta({name: value.float() for name, value in tensors.items()}, {**DEFAULTS, **config}, True)
    except (ArithmeticError, TypeError, ValueError):
        found = None
    engine.forget()
    try:
        engine.load(place)
    except Exception as error:
        return "refused", f"load: {type(error).__name__}: {error}"
    try:
        first = [engine.added(prefill) for prefill in (True, False)]
    except Exception as error:
        return "refused", f"batch: {type(error).__name__}: {error}"
    try:
        engine.offload(place)
        engine.load(place)
        later = [engine.added(prefill) for prefill in (True, False)]
    except Exception as error:
        return "refused", f"second loading: {type(error).__name__}: {error}"
    if not found:
        return "partly", "what PEFT adds is not known"
    for label, rounds in (("", first), ("second loading: ", later)):
        for added in rounds:
            if why := difference(added, found):
                return "partly", label + why
    return "applied", f"{len(found)} modules"


def difference(added, found):
    """How what the layers added differs from the deltas, or None."""
    left = set(found)
    for name, (inputs, change) in added.items():
        weight = found.get(f"{name}.weight")
        left.discard(f"{name}.weight")
        if weight is None:
            if change.abs().max() > 1e-4:
                return f"{name} has a change"
            continue
        if list(weight.shape) != [change.shape[1], inputs.shape[1]]:
            return f"{name} of another size"
        expected = inputs @ weight.T
        # Not a number where the kernel read beyond the factors.
        if not (change - expected).abs().max() <= 1e-3 * expected.abs().max() + 1e-4:
            return f"{name} gets nothing" if change.abs().max() < 1e-4 else f"{name} gets another change"
    return f"{min(left)} gets nothing" if left else None


def run(server, truth, output, only):
    rows, counts = [], {}
    for line in zstandard.ZstdDecompressor().decompress(truth.read_bytes(), max_output_size=1 << 30).splitlines():
        row = json.loads(line)
        kind = row["config"]["model_type"]
        # GPT-2's class does not start: `load_multi` has no `fan_in_fan_out`.
        if kind not in lorax_engine.CLASSES or kind == "gpt2" or only and row["key"] != only:
            continue
        config, made = {**row["config"], **PUBLISHED.get(kind, {})}, []
        with tempfile.TemporaryDirectory() as folder:
            base, place = Path(folder) / "base", Path(folder) / "adapter"
            base.mkdir()
            engine = lorax_engine.Engine(server, config, base)
            is_first = kind == "llama"
            for name, rank, tensors in starts(engine, is_first):
                for adapter in damaged(name, rank, tensors, is_first):
                    adapter["name"] = f"{name}/{adapter['name']}"
                    adapter["verdict"], why = judged(engine, place, adapter)
                    adapter["why"] = re.sub(r"/tmp/[^ '\"]*", "…", why)[:100]
                    shutil.rmtree(place)
                    made.append(adapter)
                    counts[adapter["verdict"]] = counts.get(adapter["verdict"], 0) + 1
                    if adapter["name"].endswith("/whole"):
                        print(row["key"], adapter["name"], adapter["verdict"], adapter["why"], flush=True)
        rows.append(dict(key=row["key"], config=config, adapters=made))
    text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
    output.write_bytes(zstandard.ZstdCompressor(level=19).compress(text.encode()))
    print(len(rows), "bases,", sum(counts.values()), "adapters,", output.stat().st_size, "bytes", counts)


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("server", type=Path)
    parser.add_argument("truth", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--only")
    chosen = parser.parse_args()
    run(chosen.server, chosen.truth, chosen.output, chosen.only)
