"""What SGLang itself does with adapters that are nearly right, as a fixture for the tests.

    python sglang_odd.py TRUTH.jsonl.zst OUTPUT.jsonl.zst [--all] [--keep FOLDER] [--only KEY]

TRUTH is a fixture of check_sglang.py: of some of its bases the adapters that the engine applies are taken and damaged
in one way each (`kinds`). One row per base in the same form, with what became of each. Needs what check_sglang.py
needs, and zstandard, but no peft; the committed fixture was made with sglang 0.5.23, transformers 5.19.0 and torch
2.15.0 (with `--all` 2.14.0). The server is started with `--lora-paths ADAPTER`, with `--all` as check_sglang.py says.
`--keep` leaves bases and adapters there, to be tried with other programs.
"""

import argparse
import json
import re
import shutil
import tempfile
from pathlib import Path

import zstandard
from safetensors.torch import save_file

import check_sglang
from damage import PREFIX, TYPES, delta, modules, reranked, settings, shapes, values

# Dense and with experts, of one and of several sizes of heads, with and without a head.
BASES = re.compile(
    r"(Llama|Qwen3|Phi3|Gemma2|Granite|Exaone4|Mistral|Starcoder2|Mixtral|Qwen3Moe|Qwen2Moe|DeepseekV3|GptOss|Mellum)"
    r"ForCausalLM|(Llama|Gemma2)ForCausalLM\.tied|LlamaForSequenceClassification|Qwen3Model")
# Of these with `--all`, where the slots are the server's and not the adapter's.
FEW = re.compile("(Llama|Phi3|Gemma2|Mixtral)ForCausalLM")
STARTS = (
    "all", "attention", "apart", "apart-attention", "embedding-head", "embedding-only", "head-only", "only-o_proj",
    "only-down_proj")
DEFAULTS = dict(peft_type="LORA", r=4, lora_alpha=12, bias="none", task_type="CAUSAL_LM", target_modules="all-linear")


def kinds(entry, mode):
    """Name, config, tensors and other files of each damaged form; ranks about the server's own with `--all`."""
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
        for rank in (8, 16, 17, 32) if mode == "all" else ():
            yield dict(name=f"rank-{rank}", config={**config, "r": rank}, tensors=reranked(tensors, rank))
        for label in TYPES:
            yield dict(name=f"type-{label}", config=config, tensors=tensors, type=label)


def judged(base, place, entry, mode):
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
        row = check_sglang.verdict(base, place, mode)
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


def run(truth, output, keep, only, mode):
    rows = []
    lines = zstandard.ZstdDecompressor().decompress(truth.read_bytes(), max_output_size=1 << 30).splitlines()
    for line in lines:
        row = json.loads(line)
        if not (FEW if mode == "all" else BASES).fullmatch(row["key"]) or only and row["key"] != only:
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
                started = judged(base, place / entry["name"], entry, mode)
                if started[0] != "applied":
                    print(row["key"], entry["name"], started, flush=True)
                    continue
                for adapter in kinds(entry, mode):
                    adapter["name"] = f"{entry['name']}/{adapter['name']}"
                    adapter["verdict"], adapter["effect"], adapter["why"] = judged(
                        base, place / adapter["name"].replace("/", "~"), adapter, mode)
                    made.append(adapter)
        counts = {}
        for adapter in made:
            counts[adapter["verdict"]] = counts.get(adapter["verdict"], 0) + 1
        print(row["key"], counts, flush=True)
        if made:
            options = dict(options=dict(targets=["all"])) if mode == "all" else {}
            rows.append(dict(key=row["key"], config=row["config"], **options, adapters=made))
    text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
    output.write_bytes(zstandard.ZstdCompressor(level=19).compress(text.encode()))
    print(len(rows), "bases,", sum(len(row["adapters"]) for row in rows), "adapters,", output.stat().st_size, "bytes")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("truth", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--all", action="store_true")
    parser.add_argument("--keep", type=Path)
    parser.add_argument("--only")
    chosen = parser.parse_args()
    run(chosen.truth, chosen.output, chosen.keep, chosen.only, "all" if chosen.all else "paths")
