"""Holds slots and verdicts against vLLM itself, on the CPU: its model classes, its loader, its slot buffers.

    python check_vllm.py layouts                 writes slots/engine_layouts.json for the tests
    python check_vllm.py check TOOL FOLDER       compares `pack` and `validate --engine vllm` of the program TOOL

Needs vllm 0.33.0 besides requirements.txt (`pip install --no-deps vllm==0.33.0` and what it imports; neither a GPU, nor
its kernels, nor CUDA). Models are the small configurations of catalogue/, adapters are made by PEFT for all linear
layers. What a GPU alone can do is replaced by nothing (vllm_engine.py). Facts of every class are written by
vllm_classes.py, verdicts on adapters of many kinds by vllm_truth.py.
"""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

# First, since it says that there is no GPU.
from vllm_engine import run_experts_without_kernel

import torch
from safetensors.torch import load_file
from vllm.config import DeviceConfig, LoRAConfig, ModelConfig, ParallelConfig, VllmConfig, set_current_vllm_config
from vllm.distributed import init_distributed_environment, initialize_model_parallel
from vllm.lora.request import LoRARequest
from vllm.lora.worker_manager import LRUCacheWorkerLoRAManager
from vllm.model_executor.model_loader.utils import initialize_model

from files import ROOT, write_rows

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
    whisper="WhisperForConditionalGeneration")
# vLLM has no adapters for these at all.
UNSERVED = dict(
    bloom="BloomForCausalLM", distilbert="DistilBertForSequenceClassification", falcon="FalconForCausalLM",
    gpt2="GPT2LMHeadModel", gptj="GPTJForCausalLM", mpt="MPTForCausalLM", stablelm="StableLmForCausalLM",
    t5="T5ForConditionalGeneration", vit="ViTForImageClassification")
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
        rows = json.loads((ROOT / "catalogue" / f"{name}.json").read_text())["cases"]
        configs = sorted((row["config"] for row in rows), key=size)[:most]
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


def start(parts, part):
    run_experts_without_kernel()
    init_distributed_environment(parts, part, f"tcp://127.0.0.1:{29600 + parts}", part, "gloo")


def slots(folder, adapter, parts, started):
    """The buffers of one slot as the engine names them, filled with the adapter if there is one."""
    model = ModelConfig(
        model=str(folder), tokenizer=str(folder), skip_tokenizer_init=True, dtype="bfloat16", enforce_eager=True,
        max_model_len=16)
    vllm_config = VllmConfig(
        model_config=model, device_config=DeviceConfig(device="cpu"),
        lora_config=LoRAConfig(max_lora_rank=RANK, max_loras=2, lora_dtype=torch.bfloat16),
        parallel_config=ParallelConfig(
            tensor_parallel_size=parts, distributed_executor_backend="external_launcher" if parts > 1 else None))
    torch.set_default_dtype(torch.bfloat16)
    with set_current_vllm_config(vllm_config):
        if not started:
            initialize_model_parallel(parts, 1)
            started.append(True)
        module = initialize_model(vllm_config=vllm_config)
        worker = LRUCacheWorkerLoRAManager(
            vllm_config, torch.device("cpu"), getattr(module, "embedding_modules", {}))
        worker.create_lora_manager(module, vllm_config)
        if adapter:
            worker.add_adapter(LoRARequest("adapter", 1, str(adapter)))
    manager = worker._adapter_manager
    slot = manager.lora_index_to_id.index(1) if adapter else 0
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


def attempt(folder, adapter, parts, started):
    """The buffers, or the reason why there are none."""
    try:
        return slots(folder, adapter, parts, started), None
    except Exception as error:
        return None, f"{type(error).__name__}: {str(error)[:200]}".replace("\n", " ")


def layouts(parts, part, path):
    """Shapes of all buffers of one device, without adapters."""
    start(parts, part)
    rows, started = [], []
    with tempfile.TemporaryDirectory() as folder:
        for name, config in cases(parts, 2 if parts == 1 else 1):
            if name.split("-")[0] in UNSERVED:
                continue
            Path(folder, "config.json").write_text(json.dumps(config))
            found, reason = attempt(folder, None, parts, started)
            print(name, parts, reason or len(found), flush=True)
            if found:
                buffers = {key: list(tensor.shape) for key, tensor in sorted(found.items())}
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


def make_adapter(folder, config, path):
    import transformers
    from peft import LoraConfig, get_peft_model

    torch.set_default_dtype(torch.float32)
    torch.manual_seed(0)
    model = getattr(transformers, config["architectures"][0].replace("MPT", "Mpt"))
    model = model(transformers.AutoConfig.from_pretrained(folder))
    settings = LoraConfig(r=4, lora_alpha=6, target_modules="all-linear", init_lora_weights=False)
    get_peft_model(model, settings).save_pretrained(path)


def check(tool, folder):
    """Slots byte by byte, and verdicts: an adapter that is not taken whole must not pass."""
    # All adapters first: vLLM changes classes of transformers.
    for name, config in cases(1, 2):
        base = Path(folder, name)
        base.mkdir(parents=True, exist_ok=True)
        (base / "config.json").write_text(json.dumps(config))
        make_adapter(base, config, base / "adapter")
    start(1, 0)
    started, wrong = [], 0
    for name, _ in cases(1, 2):
        base, adapter = Path(folder, name), Path(folder, name, "adapter")
        found, reason = attempt(base, adapter, 1, started)
        options = ["--base", base / "config.json", "--max-lora-rank", str(RANK), "--quiet", adapter]
        passes = subprocess.run([tool, "validate", "--engine", "vllm", *options], capture_output=True).returncode == 0
        image = base / "slots.safetensors"
        packed = subprocess.run([tool, "pack", "--output", image, "--overwrite", *options], capture_output=True)
        equal = False
        if found and packed.returncode == 0:
            ours = {key: tensor[0] for key, tensor in load_file(image).items()}
            equal = ours.keys() == found.keys() and all(
                torch.equal(ours[key].view(torch.uint8), found[key].view(torch.uint8)) for key in ours)
        # What the program refuses it must refuse for a reason: the engine refuses it too, or leaves part of it out.
        good = equal if passes else not equal
        wrong += not good
        print(name, "passes" if passes else "refused", "equal" if equal else reason or "not the same slots",
              "" if good else "WRONG", flush=True)
    sys.exit(1 if wrong else 0)


def main():
    match sys.argv[1:]:
        case ["layouts"]: write_layouts()
        case ["part", parts, part, path]: layouts(int(parts), int(part), path)
        case ["check", tool, folder]: check(tool, folder)
        case _: sys.exit(__doc__)


if __name__ == "__main__":
    main()
