"""What vLLM itself does with adapters when it is started with other options, as a fixture for the tests.

    python vllm_options.py TRUTH.jsonl.zst OUTPUT.jsonl.zst [NEWER.jsonl.zst] [--only REGEX]

TRUTH is a fixture of vllm_truth.py: its bases and adapters are taken, its verdicts are not. NEWER is what this program
wrote for a later release; then only what differs from it is written. Needs what vllm_truth.py needs, but for peft.
Options are `--lora-target-modules` (last parts and full names of modules, packed modules and their parts, dotted tails,
patterns, parts of the model that take no adapters), `--enable-tower-connector-lora`,
`--enable-mixed-moe-lora-format` with `is_3d_lora_weight` for the adapters that hold stacks, and `--runner pooling`.
One row per base and set of options, with the verdicts of a choice of the base's adapters; with target modules one or
two of each verdict.
"""

import argparse
import gc
import inspect
import json
import os
import re
import signal
import tempfile
import zlib
from pathlib import Path

from vllm_classes import TURNED, limited, patched_budget
from vllm_truth import DEFAULTS, PREFIX, compare, values

# Classes that stand for the others: dense, packed otherwise, experts of all forms, text inside of every wrapper.
BASES = re.compile(
    r"(Llama|Qwen2|Qwen3|Mistral|Gemma2|Gemma3|Phi3|Phi|Glm4|Granite|Olmo2|OPT|GPTNeoX|GPTBigCode|Cohere|Nemotron|Exaone4|"
    r"Mixtral|Qwen2Moe|Qwen3Moe|GptOss|DeepseekV2|DeepseekV3|Glm4Moe|Llama4|Olmoe|GraniteMoe|GraniteMoeHybrid|Jamba|Lfm2Moe|"
    r"Qwen3Next|Qwen3_5|Qwen3_5Moe|HunYuanMoEV1|Gemma4|Ernie4_5_Moe|FlexOlmo|MiniCPM3)ForCausalLM"
    r"|(Gemma3|Qwen2VL|Qwen2_5_VL|Qwen3VL|Qwen3VLMoe|Qwen3_5|Qwen3_5Moe|Llava|LlavaNext|LlavaNextVideo|Idefics3|SmolVLM|"
    r"InternVL|PaliGemma|Mistral3|Blip2|Gemma4|Glm4v|Glm4vMoe|GlmOcr|Lfm2Vl|Llama4|Qwen2_5Omni|Voxtral|GraniteSpeech|"
    r"Exaone4_5_|MiniCPMV4_6|QianfanOCR|AudioFlamingo3)ForConditionalGeneration(/.*)?"
    r"|(LlamaModel|Qwen2Model|Qwen3Model|BertModel|ModernBertModel|BertForSequenceClassification|"
    r"RobertaForSequenceClassification|JambaForSequenceClassification|WhisperForConditionalGeneration)")
ADAPTERS = re.compile(
    r"all|text-all|qv|tower|connector|embed|head-.*|save-score|save-classifier|stacks|stacks-gate_up_proj|apart|"
    r"apart-(no-first-part|no-down|only-down|one-expert|one-layer)|names-(model|model\.language_model|language_model|bare)|"
    r"only-(q_proj|o_proj|gate_proj|up_proj|down_proj|fc1|gate)|rank_pattern")
FEW = re.compile(r"all|text-all|qv|embed|head-lm_head|stacks|apart|apart-no-first-part|tower|only-(q_proj|gate_proj)")


def option_sets(engine, manager, adapters):
    """The options to try on a base; the engine as it stands without any."""
    if manager.supports_mm:
        yield dict(towers=True)
    if manager._is_moe:
        yield dict(mixed=True)
    if not manager.is_pooling_model:
        yield dict(runner="pooling")
    for targets in target_lists(engine, manager):
        if targets:
            yield dict(targets=targets)
    if manager.supports_mm:
        towers = tower_leaves(engine, manager)
        for targets in (["q_proj", "v_proj", *towers[:2]], towers, ["visual"]):
            if targets:
                yield dict(towers=True, targets=targets)
    if manager._is_moe:
        yield dict(mixed=True, targets=["experts", "qkv_proj"])
        yield dict(mixed=True, targets=["w1", "gate_up_proj", "experts.0.gate_proj"])


def tower_leaves(engine, manager):
    """Last parts of the names of modules in towers and connectors."""
    others = [*(manager.mm_mapping.tower_model or []), *(manager.mm_mapping.connector or [])]
    names = [name for name, _ in engine.module.named_modules() if any(name.startswith(other) for other in others)]
    leaves = [name.rpartition(".")[2].removesuffix("base_layer") for name in names if type(
        engine.module.get_submodule(name)).__name__.endswith("Linear")]
    return list(dict.fromkeys(leaf for leaf in leaves if leaf and not leaf.isdigit()))


def target_lists(engine, manager):
    wrapped = list(manager.modules)
    leaves = list(dict.fromkeys(name.rpartition(".")[2] for name in wrapped))
    packed = {leaf: parts for leaf, parts in manager.packed_modules_mapping.items() if leaf in leaves and leaf != "experts"}
    yield leaves
    for leaf in leaves:
        yield [leaf]
    for leaf, parts in packed.items():
        for part in dict.fromkeys((parts[0], parts[-1])):
            yield [part]
    yield list(dict.fromkeys(part for parts in packed.values() for part in parts))
    first = next((name for name in wrapped if name.rpartition(".")[2] in packed), wrapped[0])
    owner, _, leaf = first.rpartition(".")
    part = packed.get(leaf, [leaf])[0]
    yield [first]
    yield [f"{owner}.{part}"]
    yield [f"{owner.rpartition('.')[2]}.{part}", f"{owner.rpartition('.')[2]}.{leaf}"]
    yield ["all-linear"]
    yield ["all", ".*_proj", "proj"]
    for name in ("lm_head", "embed_tokens", "experts", "gate", "visual", "mlp", "self_attn", "norm", "model"):
        if name not in leaves:
            yield [name, leaves[0]]
    if "experts" in leaves:
        yield ["gate_proj"]
        yield ["w1", "w2", "w3"]
        yield ["experts.0.gate_proj", "experts.0.down_proj", "experts.0.up_proj"]
        yield ["gate_up_proj", "down_proj"]
        yield ["shared_expert", "shared_experts"]


def telling(adapters, options):
    """Of a list of target modules the first adapter of each verdict, and one more that is applied."""
    if "targets" not in options:
        return adapters
    kept = []
    for adapter in adapters:
        same = sum(adapter["verdict"] == other["verdict"] for other in kept)
        if same < (2 if adapter["verdict"] == "applied" else 1):
            kept.append(adapter)
    return kept


def is_kept(row):
    """Every other list of target modules is enough for the tests."""
    return "targets" not in row["options"] or zlib.crc32(json.dumps([row["key"], row["options"]]).encode()) % 2 == 0


def chosen(adapters, options):
    """The adapters that an option says something about."""
    names = FEW if options.get("targets") else ADAPTERS
    found = [adapter for adapter in adapters if names.fullmatch(adapter["name"])]
    if options.get("runner"):
        found = [adapter for adapter in adapters if re.match(r"all|qv|embed|head|save|names|stacks$|apart$", adapter["name"])]
    if options == dict(mixed=True):
        found = [adapter for adapter in adapters if re.match(r"all|qv|stacks|apart|attn", adapter["name"])]
    return found


def has_stacks(adapter):
    return any(re.search(r"\.experts(\.base_layer)?\.lora_", name) for name in adapter["tensors"])


def start(folder, options):
    """The engine with its adapter manager, or why the server does not start."""
    from vllm_engine import Engine

    engine = Engine(folder, **options)
    return engine, engine.manage()


def interleaves(engine):
    """Whether the kernel puts gate and up of split experts on alternate rows, as the class has them."""
    from vllm.model_executor.layers.fused_moe.experts import lora_experts_mixin

    return type(engine.module).__name__ == "GptOssForCausalLM" and "interleave_w13" in inspect.getsource(lora_experts_mixin)


def judged(engine, manager, adapter, folder, options):
    from safetensors.torch import save_file

    settings = {**DEFAULTS, "target_modules": sorted({
        name.removeprefix(PREFIX).rpartition(".lora_")[0] for name in adapter["tensors"] if ".lora_" in name}),
        **adapter["config"]}
    tensors = values(adapter["tensors"])
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    save_file(tensors, folder / "adapter_model.safetensors")
    try:
        engine.load(folder, is_3d=bool(options.get("mixed")) and has_stacks(adapter))
        return compare(manager, tensors, settings, type(engine.module).__name__ in TURNED, interleaves(engine))
    except Exception as error:
        text = re.sub(r"\S*/adapter\b", "ADAPTER", str(error))
        text = re.sub(r"expected target modules in \{.*?\} but received", "unexpected modules:", text)
        return "refused", f"{type(error).__name__}: {text[:80]}".replace("\n", " ")


def rows_of(base, place, folder):
    """One row for each set of options."""
    engine, manager = start(place, {})
    sets = []
    for options in option_sets(engine, manager, base["adapters"]):
        if options not in sets:
            sets.append(options)
    for options in sets:
        adapters = [dict(adapter) for adapter in chosen(base["adapters"], options)]
        try:
            limited(120)
            engine, manager = start(place, options)
            failed = None
        except Exception as error:
            text = re.sub(r" target_modules=.*", "", str(error))
            failed = f"{type(error).__name__}: {text}".replace("\n", " ")
        signal.alarm(0)
        if failed and "could not be wrapped" not in failed:
            print(f"  {base['key']} {options} not run: {failed[:200]}", flush=True)
            continue
        for adapter in adapters[:2] if failed else adapters:
            if failed:
                adapter["verdict"], adapter["why"] = "refused", failed[:80]
                continue
            limited(120)
            adapter["verdict"], adapter["why"] = judged(engine, manager, adapter, folder, options)
            signal.alarm(0)
        yield dict(key=base["key"], config=base["config"], options=options,
                   adapters=telling(adapters[:2] if failed else adapters, options))


def load(path):
    import zstandard

    text = zstandard.ZstdDecompressor().decompress(Path(path).read_bytes(), max_output_size=1 << 30)
    return [json.loads(line) for line in text.splitlines()]


def differing(row, newer):
    """The row with what the newer release says otherwise."""
    known = newer.get(json.dumps([row["config"], row["options"]]), {})
    return dict(row, adapters=[adapter for adapter in row["adapters"]
                               if known.get(adapter["name"], adapter["verdict"]) != adapter["verdict"]])


def main():
    import zstandard
    import vllm_engine

    parser = argparse.ArgumentParser()
    parser.add_argument("truth")
    parser.add_argument("output", type=Path)
    parser.add_argument("newer", nargs="?")
    parser.add_argument("--only", default=".*")
    given = parser.parse_args()
    newer = {json.dumps([row["config"], row["options"]]): {adapter["name"]: adapter["verdict"] for adapter in row["adapters"]}
             for row in (load(given.newer) if given.newer else [])}
    vllm_engine.start(port=20000 + os.getpid() % 9000)
    rows, seen = [], {}
    with tempfile.TemporaryDirectory() as folder, patched_budget():
        Path(folder, "adapter").mkdir()
        for base in load(given.truth):
            key = base["key"]
            seen[key] = seen.get(key, 0) + 1
            if not BASES.fullmatch(key) or not re.fullmatch(given.only, key) or seen[key] > 1 and "Moe" not in key or seen[key] > 2:
                continue
            place = vllm_engine.write_config(Path(folder, "base"), base["config"])
            counts = {}
            gc.collect()
            try:
                limited(120)
                made = list(rows_of(base, place, Path(folder, "adapter")))
            except Exception as error:
                print(f"{key} not run: {type(error).__name__}: {str(error)[:200]}".replace("\n", " "), flush=True)
                continue
            finally:
                signal.alarm(0)
            for row in made:
                for adapter in row["adapters"]:
                    counts[adapter["verdict"]] = counts.get(adapter["verdict"], 0) + 1
                row = differing(row, newer) if given.newer else row
                if row["adapters"] and is_kept(row):
                    rows.append(row)
            print(key, len(made), counts, flush=True)
    text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows)
    packed = zstandard.ZstdCompressor(level=22).compress(text.encode())
    given.output.write_bytes(packed)
    print(len(rows), "rows,", sum(len(row["adapters"]) for row in rows), "adapters,", len(packed), "bytes")


if __name__ == "__main__":
    main()
