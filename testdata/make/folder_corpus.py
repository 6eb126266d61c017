"""Makes corpus/folders.json: folders as trainers leave them, and what PEFT makes of each adapter in them.

A row lists `files`: a text, {"size": n} for bytes that nobody reads here, or {"tensors": name} for a safetensors file
with the tensors of that name in `tensors` ("name dtype shape", values left out). `adapters` gives for every folder that
holds an adapter what PEFT does when it is pointed there: `refused`, or modules, scales, `missing`, `unexpected`.

Sources: transformers 5.24 `trainer.py`, DeepSpeed 0.18 `runtime/engine.py`, accelerate 1.15 `utils/fsdp_utils.py`,
ms-swift 4 `trainers/mixin.py`, LLaMA-Factory 0.9 `train/callbacks.py`, TRL 0.29 `AutoModelForCausalLMWithValueHead`,
torchtune 0.7 `training/checkpointing/_checkpointer.py`, verl 0.7 `fsdp_workers.py`, axolotl 0.13, Unsloth 2026.7,
mistral-finetune 1.0, diffusers 0.42 examples.
"""

import json
import pathlib
import tempfile

import peft
import torch
from safetensors.torch import save_file

import files
import method_corpus

LAYERS, SIZES = range(3), {"q_proj": (40, 48), "v_proj": (40, 24)}
BLOB = {"size": 64}


def pairs(prefix="base_model.model.", infix="", layers=LAYERS, rank=4):
    rows = []
    for layer in layers:
        for name, (into, out) in SIZES.items():
            module = f"{prefix}model.layers.{layer}.self_attn.{name}"
            rows += [f"{module}.lora_A{infix}.weight F32 {rank}x{into}", f"{module}.lora_B{infix}.weight F32 {out}x{rank}"]
    return rows


HEAD = ["v_head.summary.weight F32 1x40", "v_head.summary.bias F32 1"]
TENSORS = {
    "plain": pairs(),
    "other": pairs(rank=4),
    "named": pairs(infix=".default"),
    "half": pairs(layers=[0, 1]),
    "upper half": pairs(layers=[2]),
    "bare": pairs(prefix=""),
    "value head inside": pairs() + [f"base_model.model.{row}" for row in HEAD],
    "value head inside, bare": pairs() + HEAD,
    "value head": HEAD,
    "zero3": [row.rsplit(" ", 1)[0] + " 0" for row in pairs()],
    "compiled": [row.replace("base_model.model.", "base_model.model._orig_mod.") for row in pairs()],
    "fsdp": [row.replace("base_model.", "_fsdp_wrapped_module.base_model.") for row in pairs()],
    "ddp": ["module." + row for row in pairs()],
    "merged": ["model.embed_tokens.weight F32 96x40", "model.layers.0.self_attn.q_proj.weight F32 48x40"],
    "optimizer": ["state.0.exp_avg F32 4x40", "state.0.exp_avg_sq F32 4x40"],
    "experts": ["layers.0.attention.wq.lora_A.weight F32 4x40", "layers.0.attention.wq.lora_B.weight F32 48x4"],
    "unet": ["unet.down_blocks.0.attentions.0.proj_in.lora_A.weight F32 4x8",
             "unet.down_blocks.0.attentions.0.proj_in.lora_B.weight F32 8x4"],
}  # fmt: skip

CONFIG = dict(method_corpus.PLAIN) | dict(peft_type="LORA", bias="none", base_model_name_or_path="x/tiny", inference_mode=True)
WEIGHTS = "adapter_model.safetensors"


def adapter(tensors="plain", at="", config=None, **more):
    return {f"{at}adapter_config.json": json.dumps(CONFIG | (config or {}) | more), f"{at}{WEIGHTS}": {"tensors": tensors}}


def below(folder, rows):
    return {f"{folder}/{name}": value for name, value in rows.items()}


TRAINER = {
    "optimizer.pt": BLOB, "scheduler.pt": BLOB, "scaler.pt": BLOB, "rng_state.pth": BLOB, "training_args.bin": BLOB,
    "trainer_state.json": '{"epoch": 1.0, "global_step": 500, "log_history": []}', "README.md": "---\nlibrary_name: peft\n---\n",
}  # fmt: skip
DEEPSPEED = {
    "latest": "global_step500", "zero_to_fp32.py": "# recovers weights\n", "rng_state_0.pth": BLOB, "rng_state_1.pth": BLOB,
    "global_step500/mp_rank_00_model_states.pt": BLOB,
    "global_step500/bf16_zero_pp_rank_0_mp_rank_00_optim_states.pt": BLOB,
}  # fmt: skip
ZERO3 = {
    "latest": "global_step500", "zero_to_fp32.py": "#\n",
    "global_step500/zero_pp_rank_0_mp_rank_00_model_states.pt": BLOB,
    "global_step500/zero_pp_rank_0_mp_rank_00_optim_states.pt": BLOB,
}  # fmt: skip
SWIFT = {
    "args.json": json.dumps({"model": "x/tiny", "train_type": "lora", "lora_rank": 4, "tuner_backend": "peft"}),
    "additional_config.json": json.dumps({"lora_dtype": None, "lorap_lr_ratio": None, "lorap_emb_lr": 1e-06}),
    "configuration.json": json.dumps({"framework": "pytorch", "adapter_cfg": {"model_id_or_path": "x/tiny"}}),
}
FACTORY = {
    "all_results.json": "{}", "train_results.json": "{}", "trainer_log.jsonl": '{"loss": 1.0}\n', "training_loss.png": BLOB,
    "llamaboard_config.yaml": "top.lang: en\n", "training_args.yaml": "lora_rank: 4\n", "running_log.txt": "x\n",
    "trainer_state.json": "{}", "training_args.bin": BLOB, "README.md": "---\nlibrary_name: peft\n---\n",
}  # fmt: skip
BASE_CONFIG = json.dumps({"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": 40})
UNSLOTH = {"auto_mapping": {"base_model_class": "LlamaForCausalLM", "parent_library": "transformers.models.llama.modeling_llama",
                            "unsloth_fixed": True}}  # fmt: skip
UNSLOTH_TARGETS = r"(?:.*?(?:language|text).*?(?:self_attn|attention|attn|mlp|feed_forward|ffn|dense).*?(?:q_proj|v_proj).*?)|(?:\bmodel\.layers\.[\d]{1,}\.(?:self_attn|attention|attn|mlp|feed_forward|ffn|dense)\.(?:(?:q_proj|v_proj)))"
INDEX = {
    "metadata": {"total_size": 0},
    "weight_map": {row.split()[0]: f"adapter_model-0000{1 if 'layers.2' not in row else 2}-of-00002.safetensors" for row in pairs()},
}
TORCHTUNE = {"r": 4, "lora_alpha": 8, "target_modules": ["q_proj", "v_proj"], "peft_type": "LORA", "base_model_name_or_path": "x/tiny"}

# name: (files, folders that hold an adapter)
FOLDERS = {
    "transformers checkpoint": (adapter() | TRAINER, [""]),
    "transformers run": (
        adapter("other") | {"runs/Nov29/events.out.tfevents.1": BLOB, "README.md": "#\n", "training_args.bin": BLOB}
        | below("checkpoint-500", adapter("other") | TRAINER) | below("checkpoint-1000", adapter() | TRAINER),
        ["", "checkpoint-1000", "checkpoint-500"]),
    "transformers checkpoints alone": (
        below("checkpoint-500", adapter() | TRAINER) | {"trainer_state.json": "{}"}, ["checkpoint-500"]),
    "DeepSpeed ZeRO-2": (adapter() | TRAINER | DEEPSPEED, [""]),
    "DeepSpeed ZeRO-3, not gathered": (adapter("zero3") | ZERO3, [""]),
    "DeepSpeed, no adapter": (ZERO3 | {"trainer_state.json": "{}"}, []),
    "FSDP, sharded": (
        {"pytorch_model_fsdp_0/__0_0.distcp": BLOB, "pytorch_model_fsdp_0/.metadata": BLOB, "optimizer_0/__0_0.distcp": BLOB}, []),
    "FSDP, wrapper left in": (adapter("fsdp"), [""]),
    "torch.compile, wrapper left in": (adapter("compiled"), [""]),
    "DDP, wrapper left in": (adapter("ddp"), [""]),
    "state dict, adapter's name left in": (adapter("named"), [""]),
    "state dict, no prefix": (adapter("bare"), [""]),
    "two adapters": (adapter() | below("other", adapter("other")), ["", "other"]),
    "nested default": (below("default", adapter()) | {"configuration.json": "{}"}, ["default"]),
    "other adapter's name alone": (below("tenant", adapter()) | {"README.md": "#\n"}, ["tenant"]),
    "DPO with a reference": (below("train", adapter()) | below("reference", adapter("other")), ["reference", "train"]),
    "ms-swift checkpoint": (adapter() | TRAINER | SWIFT, [""]),
    "ms-swift run": (
        {"v0-20261129-101010/args.json": "{}", "v0-20261129-101010/logging.jsonl": "{}\n"}
        | below("v0-20261129-101010/checkpoint-93", adapter() | TRAINER | SWIFT), ["v0-20261129-101010/checkpoint-93"]),
    "ms-swift 2, nested": (
        below("default", adapter(config={"lora_dtype": "AUTO", "lorap_lr_ratio": None, "lorap_emb_lr": 1e-06})) | SWIFT, ["default"]),
    "LLaMA-Factory": (adapter() | FACTORY, [""]),
    "LLaMA-Factory, reward model": (adapter() | FACTORY | {"value_head.safetensors": {"tensors": "value head"}}, [""]),
    "LLaMA-Factory, reward model, pickle": (adapter() | FACTORY | {"value_head.bin": BLOB}, [""]),
    "TRL value head, pickle": (adapter() | {"pytorch_model.bin": BLOB}, [""]),
    "TRL value head inside": (adapter("value head inside"), [""]),
    "TRL value head inside, bare": (adapter("value head inside, bare"), [""]),
    "axolotl": (adapter() | {"config.json": BASE_CONFIG, "debug.log": "", "README.md": "#\n", "tokens_state.json": "{}"}, [""]),
    "Unsloth": (adapter(config=UNSLOTH) | {"README.md": "#\n"}, [""]),
    "Unsloth, expression": (adapter(config=UNSLOTH | {"target_modules": UNSLOTH_TARGETS}), [""]),
    "torchtune epoch": (
        below("epoch_0", {"adapter_config.json": json.dumps(TORCHTUNE), WEIGHTS: {"tensors": "plain"}, "config.json": BASE_CONFIG,
                          "model-00001-of-00001.safetensors": {"tensors": "merged"}, "model.safetensors.index.json":
                          json.dumps({"metadata": {}, "weight_map": {}}), "original_repo_id.json": '{"repo_id": "x/tiny"}'})
        | {"recipe_state/recipe_state.pt": BLOB}, ["epoch_0"]),
    "torchtune epoch with its pickle": (
        {"adapter_config.json": json.dumps(TORCHTUNE), WEIGHTS: {"tensors": "plain"}, "adapter_model.pt": BLOB}, [""]),
    "verl": (
        below("global_step_84/actor", below("lora_adapter", adapter(config={"task_type": "CAUSAL_LM"}))
              | {"model_world_size_2_rank_0.pt": BLOB, "optim_world_size_2_rank_0.pt": BLOB, "extra_state_world_size_2_rank_0.pt": BLOB,
                 "huggingface/config.json": BASE_CONFIG, "fsdp_config.json": "{}"}) | {"latest_checkpointed_iteration.txt": "84"},
        ["global_step_84/actor/lora_adapter"]),
    "pickle alone": ({"adapter_config.json": json.dumps(CONFIG), "adapter_model.bin": {"pickle": "plain"}}, [""]),
    "pickle beside": (adapter() | {"adapter_model.bin": {"pickle": "plain"}}, [""]),
    "sharded": (
        {"adapter_config.json": json.dumps(CONFIG), "adapter_model.safetensors.index.json": json.dumps(INDEX),
         "adapter_model-00001-of-00002.safetensors": {"tensors": "half"},
         "adapter_model-00002-of-00002.safetensors": {"tensors": "upper half"}}, [""]),
    "config alone": ({"adapter_config.json": json.dumps(CONFIG), "README.md": "#\n"}, [""]),
    "weights alone": ({WEIGHTS: {"tensors": "plain"}}, [""]),
    "half of the layers": (adapter("half"), [""]),
    "an empty weights file": ({"adapter_config.json": json.dumps(CONFIG), WEIGHTS: {"size": 0}}, [""]),
    "an empty config": ({"adapter_config.json": "", WEIGHTS: {"tensors": "plain"}}, [""]),
    "a config cut off": ({"adapter_config.json": json.dumps(CONFIG)[:90], WEIGHTS: {"tensors": "plain"}}, [""]),
    "half-written weights": ({"adapter_config.json": json.dumps(CONFIG), WEIGHTS + ".tmp": {"tensors": "plain"}}, [""]),
    "two weights files of other names": (
        {"adapter_config.json": json.dumps(CONFIG), "a.safetensors": {"tensors": "plain"}, "b.safetensors": {"tensors": "other"}}, [""]),
    "one weights file of another name": (
        {"adapter_config.json": json.dumps(CONFIG), "lora.safetensors": {"tensors": "plain"}}, [""]),
    "a merged model with the adapter's config": (
        {"adapter_config.json": json.dumps(CONFIG), "config.json": BASE_CONFIG, "model.safetensors": {"tensors": "merged"}}, [""]),
    "a merged model": ({"config.json": BASE_CONFIG, "model.safetensors": {"tensors": "merged"}}, []),
    "an optimizer in safetensors beside": (adapter() | {"optimizer.safetensors": {"tensors": "optimizer"}}, [""]),
    "notebook copies": (adapter() | below(".ipynb_checkpoints", adapter("other")), [""]),
    "the base's config with the adapter below": ({"config.json": BASE_CONFIG} | below("adapter", adapter()), ["adapter"]),
    "X-LoRA": (
        {"adapter_config.json": json.dumps({"peft_type": "XLORA", "task_type": "CAUSAL_LM", "hidden_size": 40, "adapters": {"0": "0"}}),
         WEIGHTS: {"tensors": []}} | below("0", adapter()), ["", "0"]),
}  # fmt: skip


def tensors(rows, shift):
    result = {}
    for number, row in enumerate(rows):
        name, _, shape = row.split(" ")
        sizes = [int(size) for size in shape.split("x")]
        generator = torch.Generator().manual_seed(number + 1000 * shift)
        result[name] = torch.randn(sizes, generator=generator) * 0.1
    return result


def write(folder, rows):
    for number, (name, value) in enumerate(rows.items()):
        path = pathlib.Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        if isinstance(value, str):
            path.write_text(value)
        elif "size" in value:
            path.write_bytes(bytes(value["size"]))
        elif "pickle" in value:
            torch.save(tensors(TENSORS[value["pickle"]], number), path)
        else:
            listed = value["tensors"]
            save_file(tensors(TENSORS[listed] if isinstance(listed, str) else listed, number), path, {"format": "pt"})


def make():
    lines = []
    for name, (rows, places) in FOLDERS.items():
        with tempfile.TemporaryDirectory() as folder:
            write(folder, rows)
            found = {}
            for place in places:
                said = method_corpus.verdict(method_corpus.load("CAUSAL_LM"), str(pathlib.Path(folder) / place))
                if "refused" in said:
                    said["refused"] = said["refused"].replace(folder, "FOLDER").split("(Request")[0].strip()
                found[place] = said
        plain = {name: {"size": 64} if isinstance(value, dict) and "pickle" in value else value for name, value in rows.items()}
        lines.append(json.dumps({"name": name, "files": plain, "adapters": found}))
    used = {key: rows for key, rows in TENSORS.items()}
    head = f'{{"peft": {json.dumps(peft.__version__)},\n "tensors": {json.dumps(used)},\n "cases": [\n  '
    (files.ROOT / "corpus/folders.json").write_text(head + ",\n  ".join(lines) + "\n ]}\n")
