"""What SGLang itself does with adapters that are nearly right, as a fixture for the tests.

    python sglang_odd.py TRUTH.jsonl.zst OUTPUT.jsonl.zst [--keep FOLDER] [--only KEY]

TRUTH is a fixture of check_sglang.py: of some of its bases the adapters that the engine applies are taken and damaged
in one way each (`kinds`). One row per base in the same form, with what became of each. Needs what check_sglang.py
needs, and zstandard, but no peft; the committed fixture was made with sglang 0.5.23, transformers 5.19.0 and torch
2.15.0. The server is started with `--lora-paths ADAPTER`. `--keep` leaves bases and adapters there, to be tried with
other programs.
"""

import argparse
import json
import math
import re
import shutil
import tempfile
from pathlib import Path

import torch
import zstandard
from safetensors.torch import save_file

import check_sglang
from damage import again, factors, modules, resized

# Dense and with experts, of one and of several sizes of heads, with and without a head.
BASES = re.compile(
    r"(Llama|Qwen3|Phi3|Gemma2|Granite|Exaone4|Mistral|Starcoder2|Mixtral|Qwen3Moe|Qwen2Moe|DeepseekV3|GptOss|Mellum)"
    r"ForCausalLM|(Llama|Gemma2)ForCausalLM\.tied|LlamaForSequenceClassification|Qwen3Model")
STARTS = (
    "all", "attention", "apart", "apart-attention", "embedding-head", "embedding-only", "head-only", "only-o_proj",
    "only-down_proj")
PREFIX = "base_model.model."
TYPES = dict(F64=torch.float64, F32=torch.float32, F16=torch.float16, F8_E4M3=torch.float8_e4m3fn, I8=torch.int8,
             F8_E5M2=torch.float8_e5m2, I32=torch.int32, I64=torch.int64, U8=torch.uint8, BOOL=torch.bool)
DEFAULTS = dict(peft_type="LORA", r=4, lora_alpha=12, bias="none", task_type="CAUSAL_LM", target_modules="all-linear")


def without(tensors, *gone):
    return {name: shape for name, shape in tensors.items() if not any(part in name for part in gone)}


def shapes(tensors):
    """Label and tensors of what is wrong with names and shapes."""
    all_modules = modules(tensors)
    last_of = {}
    for module in all_modules:
        last_of[module.rpartition(".")[2]] = module
    for leaf, module in last_of.items():
        yield f"{leaf}-in+1", resized(tensors, module, lambda a, b: ([a[0], a[1] + 1], b))
        yield f"{leaf}-in-1", resized(tensors, module, lambda a, b: ([a[0], a[1] - 1], b))
        yield f"{leaf}-out+1", resized(tensors, module, lambda a, b: (a, [b[0] + 1, b[1]]))
        yield f"{leaf}-out-1", resized(tensors, module, lambda a, b: (a, [b[0] - 1, b[1]]))
        yield f"{leaf}-rank+1", resized(tensors, module, lambda a, b: ([a[0] + 1, a[1]], [b[0], b[1] + 1]))
        yield f"{leaf}-rank-1", resized(tensors, module, lambda a, b: ([a[0] - 1, a[1]], [b[0], b[1] - 1]))
        yield f"{leaf}-transposed", resized(tensors, module, lambda a, b: (a[::-1], b[::-1]))
        yield f"{leaf}-no-A", without(tensors, f"{module}.lora_A", f"{module}.lora_embedding_A")
        yield f"{leaf}-no-B", without(tensors, f"{module}.lora_B", f"{module}.lora_embedding_B")
        if len(all_modules) > 1:
            yield f"{leaf}-gone", without(tensors, f"{module}.lora_")
    for one, other in (("q_proj", "k_proj"), ("gate_proj", "up_proj"), ("k_proj", "v_proj")):
        if one in last_of and last_of[one].rpartition(".")[0] == last_of[other].rpartition(".")[0]:
            moved = resized(tensors, last_of[one], lambda a, b: (a, [b[0] + 1, b[1]]))
            yield f"{one}-takes-a-row", resized(moved, last_of[other], lambda a, b: (a, [b[0] - 1, b[1]]))
            moved = resized(tensors, last_of[one], lambda a, b: ([a[0] + 1, a[1]], b))
            yield f"{one}-takes-a-rank", resized(moved, last_of[other], lambda a, b: ([a[0] - 1, a[1]], b))
    last = all_modules[-1]
    yield "dimensions", resized(tensors, last, lambda a, b: ([*a, 1, 1], [*b, 1, 1]))
    yield "one-dimension", resized(tensors, last, lambda a, b: ([math.prod(a)], [math.prod(b)]))
    yield "stack-of-one", resized(tensors, last, lambda a, b: ([1, *a], [1, *b]))
    a, b = factors(tensors, last)
    for label, more in (
            ("more-gate", {f"{last}_gate.lora_A.weight": tensors[a], f"{last}_gate.lora_B.weight": tensors[b]}),
            ("lora-C", {f"{last}.lora_C.weight": tensors[b]}), ("lora-bias", {f"{last}.lora_B.bias": [tensors[b][0]]}),
            ("magnitude", {f"{last}.lora_magnitude_vector.weight": [tensors[b][0]]}),
            ("z", {f"{last}.z": tensors[b]}), ("norm", {f"{last.rpartition('.')[0]}.norm.weight": [tensors[b][0]]}),
            ("base-layer", {f"{last}.base_layer.weight": [tensors[b][0], tensors[a][1]]}),
            ("elsewhere", {f"{PREFIX}other.lora_A.weight": tensors[a], f"{PREFIX}other.lora_B.weight": tensors[b]}),
            ("default", {f"{last}.lora_A.default.weight": tensors[a], f"{last}.lora_B.default.weight": tensors[b]})):
        yield label, {**tensors, **more}
    for label, old, new in (
            ("twice-bare", PREFIX, ""), ("twice-doubled", PREFIX, PREFIX * 2),
            ("twice-model", PREFIX, PREFIX + "model."),
            ("twice-body", PREFIX + "model.", PREFIX),
            ("twice-text", PREFIX + "model.", PREFIX + "model.language_model."),
            ("twice-tower", PREFIX + "model.", PREFIX + "model.vision_tower.")):
        if made := again(tensors, old, new):
            yield label, made
    for label, pattern, new in (
            ("layer-01", r"\.layers\.(\d)\.", r".layers.0\1."), ("layer+8", r"\.layers\.\d\.", ".layers.9."),
            ("expert-01", r"\.experts\.(\d)\.", r".experts.0\1."), ("expert+99", r"\.experts\.\d\.", ".experts.99."),
            ("tower", r"model\.model\.", "model.model.vision_tower."), ("draft", r"model\.model\.", "model.mtp.")):
        if re.search(pattern, last):
            yield label, {re.sub(pattern, new, name) if name.startswith(last + ".") else name: shape
                          for name, shape in tensors.items()}


def settings(config):
    """Label and what is changed of what is odd in configs."""
    leaves = config["target_modules"] if isinstance(config.get("target_modules"), list) else ["q_proj"]
    for label, change in (
            ("r-0", dict(r=0)), ("r-negative", dict(r=-4)), ("r-text", dict(r="4")), ("r-float", dict(r=4.0)),
            ("r-true", dict(r=True)), ("r-null", dict(r=None)), ("r-2", dict(r=2)), ("r-8", dict(r=8)),
            ("alpha-0", dict(lora_alpha=0)), ("alpha-negative", dict(lora_alpha=-6)),
            ("alpha-float", dict(lora_alpha=6.5)),
            ("alpha-text", dict(lora_alpha="6")), ("alpha-null", dict(lora_alpha=None)),
            ("alpha-list", dict(lora_alpha=[6])),
            ("alpha-true", dict(lora_alpha=True)),
            ("dora-text", dict(use_dora="false")), ("dora-1", dict(use_dora=1)), ("dora-null", dict(use_dora=None)),
            ("rslora-text", dict(use_rslora="true")), ("rslora-1", dict(use_rslora=1)),
            ("targets-text", dict(target_modules=leaves[0])), ("targets-numbers", dict(target_modules=[1])),
            ("targets-list-all", dict(target_modules=["all-linear"])),
            ("targets-object", dict(target_modules={"q_proj": 1})),
            ("targets-dotted", dict(target_modules=[f"x.{leaf}" for leaf in leaves])),
            ("targets-twice", dict(target_modules=[*leaves, *leaves])), ("targets-null", dict(target_modules=None)),
            ("targets-spaced", dict(target_modules=[f"{leaf} " for leaf in leaves])),
            ("targets-upper", dict(target_modules=[leaf.upper() for leaf in leaves])),
            ("targets-nested", dict(target_modules=[leaves])),
            ("peft-type-other", dict(peft_type="IA3")), ("peft-type-null", dict(peft_type=None)),
            ("peft-type-spaced", dict(peft_type="LORA ")), ("save-text", dict(modules_to_save="score")),
            ("rank-pattern", dict(rank_pattern={leaves[0]: 2})),
            ("alpha-pattern-same", dict(alpha_pattern={leaves[0]: 12})),
            ("alpha-pattern", dict(alpha_pattern={leaves[0]: 3})),
            ("alpha-pattern-far", dict(alpha_pattern={"nothing": 3})),
            ("lora-bias", dict(lora_bias=True)), ("transform", dict(layers_to_transform=[0])),
            ("exclude", dict(exclude_modules=["x"])), ("fan", dict(fan_in_fan_out=True)),
            ("tokens", dict(trainable_token_indices=[1])), ("init", dict(init_lora_weights="pissa_niter_4"))):
        yield label, change


def kinds(entry):
    """Name, config, tensors and other files of each damaged form."""
    config = {key: value for key, value in entry["config"].items() if key != "base_model_name_or_path"}
    tensors = entry["tensors"]
    for label, made in shapes(tensors):
        yield dict(name=label, config=config, tensors=made)
    if entry["name"] == "all":
        for label, change in settings(config):
            yield dict(name=label, config={**config, **change}, tensors=tensors)
        for label, files in (
                ("index", {"model.safetensors.index.json": '{"weight_map": {"x": "none.safetensors"}}'}),
                ("tokens-text", {"added_tokens.json": '{"<a>": "x"}'}), ("tokens-list", {"added_tokens.json": "[1]"}),
                ("tokens-float", {"added_tokens.json": '{"<a>": 1e9}'}), ("tokens-empty", {"added_tokens.json": "{}"}),
                ("tokens-null", {"added_tokens.json": '{"<a>": null}'})):
            yield dict(name=label, config=config, tensors=tensors, files=files)
        first = modules(tensors)[0]
        one = {name: shape for name, shape in tensors.items() if first in name}
        strange = {f"{PREFIX}other.lora_A.weight": [4, 8], f"{PREFIX}other.lora_B.weight": [8, 4]}
        for label, more in (
                ("beside-same", tensors), ("beside-one", one),
                ("beside-strange", strange), ("beside-norm", {f"{first}_norm.weight": [8]}),
                ("beside-layer", {name.replace(".0.", ".9."): shape for name, shape in one.items()})):
            for file in ("a.safetensors", "optimizer.safetensors"):
                yield dict(name=f"{label}-{file[0]}", config=config, tensors=tensors, beside={file: more})
        for label in TYPES:
            yield dict(name=f"type-{label}", config=config, tensors=tensors, type=label)


def values(tensors):
    torch.manual_seed(0)
    return {name: torch.randn(shape) for name, shape in tensors.items()}


def scale(config, module):
    """As PEFT scales a module: patterns are ends of names."""
    def pattern(key, otherwise):
        found = [value for name, value in (config.get(key) or {}).items() if re.match(rf"(.*\.)?({name})$", module)]
        return found[0] if found else otherwise

    rank, alpha = pattern("rank_pattern", config["r"]), pattern("alpha_pattern", config["lora_alpha"])
    return alpha / (math.sqrt(rank) if config.get("use_rslora") else rank)


def delta(tensors, config):
    """What the factors add to each weight; None where they are no two matrices that can be multiplied."""
    found = {}
    for module in modules(tensors):
        ends = [re.escape(module) + rf"\.lora_(embedding_)?{end}(\.default)?(\.weight)?$" for end in "AB"]
        pair = [[tensor for name, tensor in tensors.items() if re.match(end, name)] for end in ends]
        if [len(one) for one in pair] != [1, 1] or any(one[0].ndim != 2 for one in pair):
            return None
        (a,), (b,) = pair
        name = module
        while name.startswith(PREFIX):
            name = name.removeprefix(PREFIX)
        if b.shape[1] != a.shape[0] or f"{name}.weight" in found:
            return None
        product = scale(config, name) * (b @ a)
        found[f"{name}.weight"] = product.T.contiguous() if name.endswith("embed_tokens") else product
    return found


def judged(base, place, entry):
    """What SGLang does with a damaged adapter."""
    config = {**DEFAULTS, **entry["config"]}
    shutil.rmtree(place, ignore_errors=True)
    place.mkdir(parents=True)
    (place / "adapter_config.json").write_text(json.dumps(config))
    tensors = values(entry["tensors"])
    if kind := entry.get("type"):
        tensors = {name: (3 * value).to(TYPES[kind]) for name, value in tensors.items()}
    save_file(tensors, place / "adapter_model.safetensors")
    tensors = {name: value.float() for name, value in tensors.items()}
    for name, other in entry.get("beside", {}).items():
        save_file({key: value + 1 for key, value in values(other).items()}, place / name)
    for name, text in entry.get("files", {}).items():
        (place / name).write_text(text)
    try:
        found = delta(tensors, config)
    except (ArithmeticError, TypeError, ValueError):
        found = None
    # Without it the check can only say that the adapter is served, or not.
    if found:
        save_file(found, place / "delta.safetensors_")
    try:
        row = check_sglang.verdict(base, place, "paths")
    except Exception as error:
        row = dict(verdict="unknown", why=check_sglang.reason(error))
    (place / "delta.safetensors_").unlink(missing_ok=True)
    if row["verdict"] == "unknown" or "does not load this base" in row["why"] or "the class takes" in row["why"]:
        # Served, and no change of the weights that the model has.
        row = dict(verdict="partly", effect="silent", why="serves what is no change of its modules: " + row["why"])
    # The class's loader may cut deltas to the size of its modules as the slots cut the factors: PEFT refuses them.
    if row["verdict"] == "applied" and entry["name"].endswith(("in+1", "out+1", "in-1", "out-1")):
        row = dict(verdict="partly", effect="silent", why="takes a part of the factors")
    return {"ignored": "partly"}.get(row["verdict"], row["verdict"]), row["effect"], re.sub(
        r"/\S*/|'base_model[^']*'", "…", row["why"])[:100]


def run(truth, output, keep, only):
    rows = []
    lines = zstandard.ZstdDecompressor().decompress(truth.read_bytes(), max_output_size=1 << 30).splitlines()
    for line in lines:
        row = json.loads(line)
        if not BASES.fullmatch(row["key"]) or only and row["key"] != only:
            continue
        with tempfile.TemporaryDirectory() as folder:
            place = (keep or Path(folder)) / row["key"]
            (place / "base").mkdir(parents=True, exist_ok=True)
            (place / "base" / "config.json").write_text(json.dumps(row["config"]))
            base = check_sglang.Base(place / "base")
            made = []
            for entry in row["adapters"]:
                if entry["verdict"] != "applied" or entry["name"] not in STARTS:
                    continue
                # The deltas are computed here from the factors alone: they have to be those of PEFT for the whole ones.
                started = judged(base, place / entry["name"], entry)
                if started[0] != "applied":
                    print(row["key"], entry["name"], started, flush=True)
                    continue
                for adapter in kinds(entry):
                    adapter["name"] = f"{entry['name']}/{adapter['name']}"
                    adapter["verdict"], adapter["effect"], adapter["why"] = judged(
                        base, place / adapter["name"].replace("/", "~"), adapter)
                    made.append(adapter)
        counts = {}
        for adapter in made:
            counts[adapter["verdict"]] = counts.get(adapter["verdict"], 0) + 1
        print(row["key"], counts, flush=True)
        if made:
            rows.append(dict(key=row["key"], config=row["config"], adapters=made))
    text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
    output.write_bytes(zstandard.ZstdCompressor(level=19).compress(text.encode()))
    print(len(rows), "bases,", sum(len(row["adapters"]) for row in rows), "adapters,", output.stat().st_size, "bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("truth", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--only")
    chosen = parser.parse_args()
    run(chosen.truth, chosen.output, chosen.keep, chosen.only)
