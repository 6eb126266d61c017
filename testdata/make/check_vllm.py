"""Holds slots and verdicts against vLLM itself, on the CPU: its model classes, its loader, its slot buffers.

    python check_vllm.py layouts                 writes slots/engine_layouts.json for the tests
    python check_vllm.py check TOOL FOLDER       compares `pack` and `validate --engine vllm` of the program TOOL

Needs vllm 0.33.0 and peft 0.21.2 besides requirements.txt (`pip install --no-deps vllm==0.33.0` and what it imports;
neither a GPU, nor its kernels, nor CUDA). Models are the small configurations of catalogue/; adapters are PEFT's for all
linear layers, and of vllm_truth.py's kinds those of towers, connectors and experts; the engine is started as it is by
default, with target modules, with towers and for both formats of experts. What a GPU alone can do is replaced by nothing
(vllm_engine.py). Facts of every class are written by vllm_classes.py, verdicts on adapters of many kinds by
vllm_truth.py and vllm_options.py.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from safetensors.torch import load_file, save_file

from files import ROOT, write_rows
from vllm_truth import DEFAULTS, PREFIX, Maker, compare, values

RANK = 8
# The class that vLLM runs where the catalogue's case names none, or one that it has no entry for.
CLASSES = dict(
    bert="BertForSequenceClassification", cohere="CohereForCausalLM", cohere2="Cohere2ForCausalLM",
    deepseek_v2="DeepseekV2ForCausalLM", deepseek_v3="DeepseekV3ForCausalLM", ernie4_5="Ernie4_5ForCausalLM",
    exaone4="Exaone4ForCausalLM", gemma="GemmaForCausalLM", gemma2="Gemma2ForCausalLM",
    gemma3_text="Gemma3ForCausalLM", glm4="Glm4ForCausalLM", gpt_bigcode="GPTBigCodeForCausalLM",
    gpt_neox="GPTNeoXForCausalLM", gpt_oss="GptOssForCausalLM", granite="GraniteForCausalLM",
    llama="LlamaForCausalLM", llama4_text="Llama4ForCausalLM", mistral="MistralForCausalLM",
    mixtral="MixtralForCausalLM", olmo="OlmoForCausalLM", olmo2="Olmo2ForCausalLM", opt="OPTForCausalLM",
    phi="PhiForCausalLM", phi3="Phi3ForCausalLM", qwen2="Qwen2ForCausalLM", qwen2_moe="Qwen2MoeForCausalLM",
    qwen3="Qwen3ForCausalLM", qwen3_moe="Qwen3MoeForCausalLM", roberta="RobertaForSequenceClassification",
    seed_oss="SeedOssForCausalLM", smollm3="SmolLM3ForCausalLM", starcoder2="Starcoder2ForCausalLM",
    whisper="WhisperForConditionalGeneration", gemma3="Gemma3ForConditionalGeneration",
    qwen2_vl="Qwen2VLForConditionalGeneration")
# vLLM has no adapters for these at all.
UNSERVED = dict(
    bloom="BloomForCausalLM", distilbert="DistilBertForSequenceClassification", falcon="FalconForCausalLM",
    gpt2="GPT2LMHeadModel", gptj="GPTJForCausalLM", mpt="MPTForCausalLM", stablelm="StableLmForCausalLM",
    t5="T5ForConditionalGeneration", vit="ViTForImageClassification")
MULTIMODAL = ["gemma3", "qwen2_vl"]
EXPERTS = ["deepseek_v2", "deepseek_v3", "gpt_oss", "llama4_text", "mixtral", "qwen2_moe", "qwen3_moe"]


def size(config):
    width = next((config[key] for key in ("hidden_size", "n_embd", "d_model", "dim") if config.get(key)), 4096)
    depth = next((config[key] for key in ("num_hidden_layers", "n_layer", "num_layers") if config.get(key)), 32)
    experts = [config[key] for key in ("n_routed_experts", "num_local_experts", "num_experts") if config.get(key)]
    return width * width * depth * (experts + [1])[0]


def cases(parts, most):
    """The smallest configurations of each architecture, with heads and experts that `parts` devices can share."""
    order = EXPERTS + [name for name in [*CLASSES, *UNSERVED] if name not in EXPERTS]
    for name in order:
        # Sizes of towers have fields of their own; one device is enough for them.
        if parts > 1 and name in MULTIMODAL:
            continue
        rows = json.loads((ROOT / "catalogue" / f"{name}.json").read_text())["cases"]
        if name in MULTIMODAL:
            rows = sorted((row for row in rows if row["config"]["architectures"] == [CLASSES[name]]),
                          key=lambda row: row["parameters"])
        configs = [row["config"] for row in rows] if name in MULTIMODAL else sorted(
            (row["config"] for row in rows), key=size)
        configs = configs[:most]
        for number, config in enumerate(configs):
            config = dict(config, architectures=[CLASSES.get(name) or UNSERVED[name]], dtype="bfloat16")
            for key in ("num_attention_heads", "n_head", "encoder_attention_heads", "decoder_attention_heads"):
                if parts > 1 and isinstance(config.get(key), int):
                    config[key] = 2 * parts
            if parts > 1 and (config.get("num_key_value_heads") or 1) > 1:
                config["num_key_value_heads"] = parts
            for key in ("n_routed_experts", "num_local_experts", "num_experts"):
                if parts > 1 and isinstance(config.get(key), int):
                    config[key] = 2 * parts
            yield f"{name}-{number}", config


def slots(manager, slot=0):
    """The buffers of a slot as the engine names them."""
    return {
        f"{name}.lora_{factor}_stacked.{index}": tensor[slot].contiguous()
        for name, layer in manager.modules.items()
        for factor in "ab"
        for index, tensor in enumerate(factors(layer, factor))
    }


def factors(layer, factor):
    """The tensors of one factor, those of experts in the order gate, up, down."""
    if hasattr(layer, f"w13_lora_{factor}_stacked"):
        return [*getattr(layer, f"w13_lora_{factor}_stacked"), *getattr(layer, f"w2_lora_{factor}_stacked")]
    tensors = getattr(layer, f"lora_{factor}_stacked")
    return tensors if isinstance(tensors, (tuple, list)) else [tensors]


def layouts(parts, part, path):
    """Shapes of all buffers of one device, without adapters."""
    import vllm_engine

    vllm_engine.start(29700 + parts, parts, part)
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for name, config in cases(parts, 2 if parts == 1 else 1):
            if name.split("-")[0] in UNSERVED:
                continue
            try:
                manager = vllm_engine.Engine(vllm_engine.write_config(folder, config), rank=RANK, parts=parts).manage()
            except Exception as error:
                print(name, parts, f"{type(error).__name__}: {str(error)[:200]}".replace("\n", " "), flush=True)
                continue
            buffers = {key: list(tensor.shape) for key, tensor in sorted(slots(manager).items())}
            print(name, parts, len(buffers), flush=True)
            rows.append(dict(name=name, parts=parts, part=part, config=config, buffers=buffers))
    Path(path).write_text("".join(json.dumps(row) + "\n" for row in rows))


def write_layouts():
    with tempfile.TemporaryDirectory() as folder:
        for parts in (1, 2):
            runs = [
                subprocess.Popen([sys.executable, __file__, "part", str(parts), str(part), f"{folder}/{parts}.{part}"])
                for part in range(parts)
            ]
            if any(run.wait() for run in runs):
                sys.exit("a part failed")
        texts = [Path(folder, name).read_text() for name in ("1.0", "2.1")]
    write_rows(ROOT / "slots" / "engine_layouts.json", [json.loads(line) for text in texts for line in text.splitlines()])


# What `check` tries beside all linear layers: kind of adapter, options of the engine, the same of the program.
TARGETS = ["qkv_proj", "query", "o_proj", "down_proj", "fc2", "c_attn"]
KINDS = [
    ("all", dict(targets=TARGETS), ["--target-modules", ",".join(TARGETS)]),
    ("text-all", {}, []), ("tower", {}, []), ("connector", {}, []),
    ("tower", dict(towers=True), ["--tower-connector-lora"]),
    ("connector", dict(towers=True), ["--tower-connector-lora"]),
    ("all", dict(towers=True), ["--tower-connector-lora"]),
    ("qv", dict(targets=["q_proj"]), ["--target-modules", "q_proj"]),
    *((kind, {}, []) for kind in ("apart", "apart-no-down", "apart-one-expert", "apart-not-last-expert", "apart-one-layer",
                                  "stacks", "stacks-first-layer", "stacks-down_proj")),
    *((kind, dict(mixed=True), ["--mixed-moe-format"]) for kind in ("apart", "stacks", "stacks-down_proj"))]
FORMS = dict(mixtral=["experts.#.w1", "experts.#.w2", "experts.#.w3"])


def make_adapters(name, config, folder):
    """PEFT's own for all linear layers, then the kinds of vllm_truth.py that are tried."""
    import transformers
    from peft import LoraConfig, get_peft_model

    torch.set_default_dtype(torch.float32)
    torch.manual_seed(0)
    cls = getattr(transformers, config["architectures"][0].replace("MPT", "Mpt"))
    model = cls(transformers.AutoConfig.from_pretrained(folder))
    kinds = {}
    if name.split("-")[0] not in UNSERVED:
        row = dict(experts=dict(forms=FORMS.get(name.split("-")[0])))
        kinds = {kind: (settings, tensors) for kind, settings, tensors in Maker(model, row, config).kinds()}
    settings = LoraConfig(r=4, lora_alpha=6, target_modules="all-linear", init_lora_weights=False)
    get_peft_model(model, settings).save_pretrained(folder / "linear")
    for kind in {kind for kind, _, _ in KINDS} & set(kinds):
        settings, tensors = kinds[kind]
        (folder / kind).mkdir(exist_ok=True)
        targets = sorted({key.removeprefix(PREFIX).rpartition(".lora_")[0] for key in tensors})
        (folder / kind / "adapter_config.json").write_text(json.dumps({**DEFAULTS, "target_modules": targets, **settings}))
        save_file(values(tensors), folder / kind / "adapter_model.safetensors")
    return ["linear", *(kind for kind in kinds if (folder / kind).exists())]


def truth(base, adapter, options):
    """What the engine does with an adapter, why, and what lies in the slot then."""
    from vllm_classes import TURNED
    from vllm_engine import Engine
    from vllm_options import interleaves

    settings = json.loads((adapter / "adapter_config.json").read_text())
    tensors = load_file(adapter / "adapter_model.safetensors")
    stacked = any(re.search(r"\.experts(\.base_layer)?\.lora_", name) for name in tensors)
    try:
        engine = Engine(base, rank=RANK, **options)
        manager = engine.manage()
        engine.load(adapter, is_3d=bool(options.get("mixed")) and stacked)
    except Exception as error:
        return "refused", f"{type(error).__name__}: {str(error)[:120]}".replace("\n", " "), None
    rounded = {name: value.bfloat16() for name, value in tensors.items()}
    verdict, why = compare(manager, rounded, settings, type(engine.module).__name__ in TURNED, interleaves(engine))
    return "partly" if verdict == "ignored" else verdict, why, slots(manager)


def image(tool, options, path):
    """The slots that the program packs, or None."""
    packed = subprocess.run([tool, "pack", "--output", path, "--overwrite", *options], capture_output=True)
    return {key: tensor[0] for key, tensor in load_file(path).items()} if packed.returncode == 0 else None


def same(ours, theirs):
    return theirs is not None and ours.keys() == theirs.keys() and all(
        torch.equal(ours[key].view(torch.uint8), theirs[key].view(torch.uint8)) for key in ours)


def check(tool, folder):
    """Verdicts, and slots byte by byte: what is called applied is applied, what is packed is what the engine has."""
    import vllm_engine
    from vllm_classes import patched_budget

    # All adapters first: vLLM changes classes of transformers.
    bases = []
    for name, config in cases(1, 2):
        base = vllm_engine.write_config(Path(folder, name), config)
        bases.append((base, make_adapters(name, config, base)))
    vllm_engine.start(29601)
    counts = dict(right=0, wrong=0, missed=0, equal=0, unpacked=0)
    with patched_budget():
        for base, kinds in bases:
            for kind, options, words in [("linear", {}, []), *KINDS]:
                if kind in kinds:
                    compare_one(tool, base, kind, options, words, counts)
            print(base.name, counts, flush=True)
    print(counts)
    # What is left unjudged (kv_b_proj of latent attention, classes without a row) is no mistake.
    sys.exit(1 if counts["wrong"] else 0)


def compare_one(tool, base, kind, options, words, counts):
    verdict, why, theirs = truth(base, base / kind, options)
    given = ["--base", base / "config.json", "--max-lora-rank", str(RANK), "--quiet", *words, base / kind]
    said = subprocess.run([tool, "validate", "--engine", "vllm", "--format", "json", *given], capture_output=True)
    ours = json.loads(said.stdout)["adapters"][0]["serving"]["verdict"]
    # Towers have no slots in images, which are those of the language model.
    packs = not options.get("towers") and not options.get("mixed")
    packed = image(tool, given, base / "slots.safetensors") if packs else None
    judged = "right" if ours == verdict else "missed" if ours == "unjudged" else "wrong"
    slot = "not tried" if not packs or theirs is None else "refused" if packed is None else "equal" if same(
        packed, theirs) else "DIFFERENT"
    if packed is not None and (slot == "DIFFERENT" or ours not in ("applied", "unjudged")):
        judged = "wrong"
    counts[judged] += 1
    counts["equal"] += slot == "equal"
    counts["unpacked"] += packs and verdict == "applied" and packed is None
    if judged != "right" or verdict == "applied" and slot not in ("equal", "not tried"):
        print(base.name, kind, options, f"{ours}, was {verdict} ({why}), slots {slot}", judged.upper(), flush=True)


def main():
    match sys.argv[1:]:
        case ["layouts"]: write_layouts()
        case ["part", parts, part, path]: layouts(int(parts), int(part), path)
        case ["check", tool, folder]: check(tool, folder)
        case _: sys.exit(__doc__)


if __name__ == "__main__":
    main()
