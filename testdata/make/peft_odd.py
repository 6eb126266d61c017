"""What PEFT itself does with adapters that are right and nearly right, as a fixture for the tests.

    python peft_odd.py OUTPUT.jsonl.zst [FOLDER]

Of small models of several types adapters are made by PEFT and damaged in one way each (`damaged`). One row per base: its
config, the shapes of its weights, and the adapters, with the whole of `adapter_config.json`, the shapes of the tensors,
and whether PEFT took the adapter as it is: without an error, no key of its own missing, none left over, every tensor's
values in the model, and nothing else replaced by them. With FOLDER, bases and adapters stay there.
Needs torch, peft 0.21.2, transformers 5.24, safetensors and zstandard.
"""

import copy
import json
import sys
import tempfile
from pathlib import Path

import peft.peft_model
import torch
import transformers
import zstandard
from peft import LoraConfig, PeftModel, get_peft_model
from peft.tuners.lora.config import BdLoraConfig, KasaConfig, MontecloraConfig, VeloraConfig
from peft.utils.constants import TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING
from safetensors.torch import load_file, save_file

PREFIX = "base_model.model."
SMALL = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
         "vocab_size": 64, "max_position_embeddings": 64, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
GROUPED = {**SMALL, "num_key_value_heads": 2}
EXPERTS = {"moe_intermediate_size": 24, "num_experts_per_tok": 2}
QKV = ["q_proj", "v_proj"]
T5 = {"d_model": 32, "d_ff": 48, "d_kv": 8, "num_heads": 4, "num_layers": 2, "vocab_size": 64,
      "decoder_start_token_id": 0}
BASES = [
    ("llama", "AutoModelForCausalLM", GROUPED, QKV + ["down_proj"], "embed_tokens", "lm_head"),
    ("qwen2", "AutoModelForCausalLM", GROUPED, QKV + ["down_proj"], "embed_tokens", "lm_head"),
    ("phi3", "AutoModelForCausalLM", GROUPED, ["qkv_proj", "down_proj"], "embed_tokens", "lm_head"),
    ("opt", "AutoModelForCausalLM", {**SMALL, "ffn_dim": 48, "word_embed_proj_dim": 32}, QKV + ["fc1"], "embed_tokens",
     None),
    ("gpt_neox", "AutoModelForCausalLM", SMALL, ["query_key_value", "dense"], "embed_in", None),
    ("gpt2", "AutoModelForCausalLM", {"n_embd": 32, "n_layer": 2, "n_head": 4, "vocab_size": 64, "n_positions": 64},
     ["c_attn", "c_proj"], "wte", None),
    ("mixtral", "AutoModelForCausalLM", {**GROUPED, "num_local_experts": 4}, QKV, "embed_tokens", "lm_head"),
    ("bert", "AutoModelForSequenceClassification", SMALL, ["query", "value"], "word_embeddings", None),
    ("roberta", "AutoModelForSequenceClassification", SMALL, ["query", "dense"], "word_embeddings", None),
    ("t5", "AutoModelForSeq2SeqLM", T5, ["q", "wo"], "shared", None),
    ("mt5", "AutoModelForSeq2SeqLM", T5, ["q", "v"], "shared", None),
    ("gpt_neo", "AutoModelForCausalLM", {"hidden_size": 32, "num_layers": 2, "num_heads": 4, "vocab_size": 64,
                                         "attention_types": [[["global", "local"], 1]], "intermediate_size": 40,
                                         "max_position_embeddings": 64, "window_size": 8},
     QKV + ["c_fc", "c_proj"], "wte", None),
    ("qwen3_moe", "AutoModelForCausalLM", {**GROUPED, **EXPERTS, "head_dim": 8, "num_experts": 4}, QKV, "embed_tokens",
     "lm_head"),
    ("olmoe", "AutoModelForCausalLM", {**GROUPED, **EXPERTS, "num_experts": 4}, QKV, "embed_tokens", "lm_head"),
    ("granitemoe", "AutoModelForCausalLM", {**GROUPED, "num_local_experts": 4, "num_experts_per_tok": 2}, QKV,
     "embed_tokens", None),
    ("mamba", "AutoModelForCausalLM", {"hidden_size": 32, "num_hidden_layers": 2, "vocab_size": 64, "state_size": 4},
     ["in_proj", "x_proj"], "embeddings", None),
    ("whisper", "AutoModelForSpeechSeq2Seq",
     {"d_model": 32, "encoder_layers": 2, "decoder_layers": 2, "encoder_ffn_dim": 48, "decoder_ffn_dim": 48,
      "encoder_attention_heads": 4, "decoder_attention_heads": 4, "vocab_size": 64, "num_mel_bins": 8,
      "max_source_positions": 16, "max_target_positions": 16, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2,
      "decoder_start_token_id": 1}, QKV, "embed_tokens", None),
    ("gemma3", "AutoModelForImageTextToText",
     {"text_config": {**GROUPED, "head_dim": 8}, "mm_tokens_per_image": 4,
      "vision_config": {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
                        "image_size": 16, "patch_size": 8}}, QKV, "embed_tokens", None),
    ("qwen2_vl", "AutoModelForImageTextToText",
     {"text_config": {**GROUPED, "rope_parameters": {"rope_type": "default", "mrope_section": [1, 1, 2],
                                                     "rope_theta": 1e4}},
      "vision_config": {"depth": 2, "embed_dim": 32, "hidden_size": 32, "num_heads": 4, "patch_size": 4}}, QKV,
     "embed_tokens", "lm_head"),
    ("bert", "AutoModelForMaskedLM", SMALL, ["query", "value"], "word_embeddings", None),
]
# Bases whose head is their embedding.
TIED = [("llama", "AutoModelForCausalLM", {**GROUPED, "tie_word_embeddings": True}, QKV, "embed_tokens", "lm_head")]
TASKS = {"AutoModelForCausalLM": "CAUSAL_LM", "AutoModelForSequenceClassification": "SEQ_CLS",
         "AutoModelForSeq2SeqLM": "SEQ_2_SEQ_LM", "AutoModelForSpeechSeq2Seq": "SEQ_2_SEQ_LM",
         "AutoModelForImageTextToText": "CAUSAL_LM", "AutoModelForMaskedLM": None}

LOADED = []


def remember(*arguments, load=peft.peft_model.set_peft_model_state_dict, **options):
    LOADED.append(load(*arguments, **options))
    return LOADED[-1]


peft.peft_model.set_peft_model_state_dict = remember


def is_copy(name, tensors):
    other = tensors.get(name.replace(".modules_to_save.default.", ".").replace(".modules_to_save.", "."))
    return ".modules_to_save." in name and other is not None


def verdict(model, folder):
    """Why PEFT does not take the whole of the adapter, or an empty text."""
    LOADED.clear()
    try:
        loaded = PeftModel.from_pretrained(copy.deepcopy(model), folder)
    except Exception as error:  # Whatever it is, the adapter was refused.
        return f"{type(error).__name__}: {error}".split("\n")[0][:160]
    tensors = load_file(folder / "adapter_model.safetensors")
    # With the biases of all modules PEFT writes those of a saved module twice, and reads one of the two.
    left_over = [key for key in LOADED[0].unexpected_keys if not is_copy(key, tensors)]
    # load_adapter has cut the list of missing keys to the factors; a lost head raises above.
    for keys, what in ((LOADED[0].missing_keys, "missing"), (left_over, "left over")):
        if keys:
            return f"{what}: {keys[0]}"
    state, own = loaded.state_dict(), list(model.state_dict().values())
    for name in tensors.keys() & state.keys():
        place = state[name].data_ptr()
        others = [key for key, value in state.items() if value.data_ptr() == place and key != name and key not in tensors
                  and ".original_module." not in key]
        if others and not any(value.shape == state[name].shape and torch.equal(value, state[name]) for value in own):
            return f"shared: {name}"
    values = {(tuple(value.shape), value.float().numpy().tobytes()) for value in loaded.state_dict().values()}
    for name, tensor in tensors.items():
        if not is_copy(name, tensors) and (tuple(tensor.shape), tensor.float().numpy().tobytes()) not in values:
            return f"lost: {name}"
    return ""


def starts(model, task, targets, embedding, head):
    """Names and options of the adapters that PEFT makes."""
    options = {"r": 4, "lora_alpha": 8, "task_type": task, "target_modules": targets}
    if model.config.model_type == "gpt2":
        options["fan_in_fan_out"] = True
    yield "plain", options
    yield "dora", {**options, "use_dora": True}
    yield "lora-bias", {**options, "lora_bias": True}
    yield "bias", {**options, "bias": "lora_only"}
    if embedding:
        yield "embedding", {**options, "target_modules": [*targets, embedding]}
        yield "rows", {**options, "trainable_token_indices": {embedding: [1, 5, 7]}}
    if head:
        yield "head", {**options, "modules_to_save": [head]}
    yield "biases", {**options, "bias": "all"}
    if model.config.model_type in ("llama", "bert"):
        yield "alora", {**options, "alora_invocation_tokens": [1, 2]}
        yield "kasa", {**options, "kasa_config": KasaConfig()}
        yield "velora", {**options, "velora_config": VeloraConfig(num_groups=4)}
        yield "monteclora", {**options, "monteclora_config": MontecloraConfig()}
        yield "bdlora", {**options, "use_bdlora": BdLoraConfig(target_modules_bd_a=targets[:1], target_modules_bd_b=targets[1:],
                                                               nblocks=2)}
        yield "rslora", {**options, "use_rslora": True, "rank_pattern": {targets[0]: 2}, "alpha_pattern": {targets[0]: 3}}
        yield "negative", {**options, "lora_alpha": -3.5}
        yield "layers", {**options, "layers_to_transform": [1], "exclude_modules": [targets[0]]}
        yield "eva", {**options, "init_lora_weights": "eva"}
        yield "orthogonal", {**options, "init_lora_weights": "orthogonal"}
        yield "mica", {**options, "init_lora_weights": "mica"}
    defaults = TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING.get(model.config.model_type)
    if defaults:
        yield "defaults", {**options, "target_modules": defaults}
    if model.config.model_type == "llama":
        yield "replicated", {**options, "layer_replication": [[0, 2], [1, 2]]}
    stacks = sorted({".".join(name.split(".")[-2:]) for name, parameter in model.named_parameters()
                     if parameter.dim() == 3 and "experts" in name})
    if stacks:
        yield "experts", {**options, "target_parameters": stacks}
    if model.config.tie_word_embeddings and embedding and task == "CAUSAL_LM":
        tied = {**options, "ensure_weight_tying": True}
        yield "tied-embedding", {**tied, "target_modules": [*targets, embedding]}
        yield "tied-saved", {**tied, "modules_to_save": [embedding]}
        yield "tied-rows", {**tied, "trainable_token_indices": {embedding: [1, 5, 7]}}


def last(tensors, ending):
    return sorted(name for name in tensors if name.endswith(ending))[-1]


def damaged(start, config, tensors, embedding, head):
    """Name, config and tensors of each damaged form."""
    def put(**changes):
        return {**tensors, **changes}

    def renamed(change):
        return {change(name): tensor for name, tensor in tensors.items()}

    if start == "plain":
        a = last(tensors, ".lora_A.weight")
        module = a.removesuffix(".lora_A.weight")
        b = module + ".lora_B.weight"
        A, B = tensors[a], tensors[b]
        others = {name: tensor for name, tensor in tensors.items() if name not in (a, b)}
        yield "4d", config, put(**{a: A[:, :, None, None], b: B[:, :, None, None]})
        yield "4d-all", config, {name: tensor[:, :, None, None] if ".lora_" in name else tensor
                                 for name, tensor in tensors.items()}
        yield "3d-a", config, put(**{a: A[:, :, None]})
        yield "3d", config, put(**{a: A[:, :, None], b: B[:, :, None]})
        yield "embedding-names", config, {**others, module + ".lora_embedding_A": A, module + ".lora_embedding_B": B}
        yield "own-weight", config, put(**{module + ".weight": torch.ones(len(B), A.shape[1])})
        yield "own-bias", config, put(**{module + ".bias": torch.ones(len(B))})
        yield "wider-a", config, put(**{a: torch.cat([A, A[:, :1]], 1)})
        yield "half", config, others
        for prefix in ("model.", "transformer."):
            yield f"below-{prefix[:-1]}", config, renamed(lambda name: name.replace(PREFIX, PREFIX + prefix, 1))
        yield "replication", {**config, "layer_replication": "x"}, tensors
        yield "no-targets", {**config, "target_modules": None}, tensors
        leaf = module.split(".")[-1]
        yield "alpha-pattern", {**config, "alpha_pattern": {leaf: 4}}, tensors
        yield "rank-pattern", {**config, "rank_pattern": {leaf: 2}}, tensors
        yield "rank-anchored", {**config, "rank_pattern": {"^" + leaf: 2}}, tensors
        if embedding:
            yield "names-of-linear", {**config, "target_modules": [*config["target_modules"], embedding]}, put(**{
                f"{EMBEDDINGS[-1]}.lora_A.weight": torch.ones(4, 64), f"{EMBEDDINGS[-1]}.lora_B.weight": torch.ones(32, 4)})
        for kind, name in (("root", "nothing.weight"), ("layer", module.removeprefix(PREFIX).rpartition(".")[0] + ".x.weight"),
                           ("bare", "nothing"), ("norm", "model.norm.weight"), ("norm-bias", "model.norm.bias"),
                           ("deep", "model.layers.9.input_layernorm.weight"),
                           ("vector", "model.layers.0.post_attention_layernorm.weight"), ("head", "lm_head.bias")):
            yield f"stray-{kind}", config, put(**{PREFIX + name: torch.ones(32)})
        for field in SUBCONFIGS:
            yield field.replace("_config", "-empty"), {**config, field: {}}, tensors
        yield "megatron", {**config, "megatron_config": {"tensor_model_parallel_size": 1}}, tensors
        yield "megatron-core", {**config, "megatron_core": "megatron.other"}, tensors
        yield "arrow", {**config, "arrow_config": {"top_k": 2}}, tensors
        yield "kasa", {**config, "kasa_config": {"beta": 0.1}}, tensors
        yield "bdlora", {**config, "use_bdlora": {"target_modules_bd_a": config["target_modules"], "nblocks": 2}}, tensors
        yield "qalora", {**config, "use_qalora": True, "qalora_group_size": 16}, tensors
        yield "alora", {**config, "alora_invocation_tokens": [1, 2]}, tensors
        yield "subconfig-field", {**config, "eva_config": {"nothing": 1}}, tensors
        yield "mamba-output", {**config, "target_modules": [*config["target_modules"], "out_proj"]}, {
            **tensors, **{f"{PREFIX}backbone.layers.{layer}.mixer.out_proj.lora_{part}.weight": torch.ones(*shape)
                          for layer in (0, 1) for part, shape in (("A", (4, 64)), ("B", (32, 4)))}}
        yield "replication-beyond", {**config, "layer_replication": [[0, 3]]}, tensors
        yield "replication-more", {**config, "layer_replication": [[0, 2], [1, 2]]}, tensors
    if start == "defaults":
        yield "unnamed", {**config, "target_modules": None}, tensors
        yield "absent", {key: value for key, value in config.items() if key != "target_modules"}, tensors
    for variant, part in (("kasa", "lora_diag"), ("velora", "lora_velora_embed"), ("monteclora", "lora_monteclora")):
        if start == variant:
            yield "without", config, {name: value for name, value in tensors.items() if part not in name}
            name = sorted(name for name in tensors if part in name)[-1]
            yield "half", config, {key: value for key, value in tensors.items() if key != name}
            yield "off", {**config, variant + "_config": None}, tensors
    if start == "bdlora":
        options = config["use_bdlora"]
        yield "off", {**config, "use_bdlora": None}, tensors
        for kind, changes in (("blocks", {"nblocks": 4}), ("three", {"nblocks": 3}),
                              ("both", {"target_modules_bd_b": [config["target_modules"][0]]}),
                              ("swapped", {"target_modules_bd_a": options["target_modules_bd_b"],
                                           "target_modules_bd_b": options["target_modules_bd_a"]})):
            yield kind, {**config, "use_bdlora": {**options, **changes}}, tensors
    if start == "orthogonal":
        yield "odd", {**config, "r": 3}, {name: value[:3] if "lora_A" in name else value[:, :3] if "lora_B" in name else value
                                          for name, value in tensors.items()}
        yield "dora", {**config, "use_dora": True}, tensors
    if start == "mica":
        yield "dora", {**config, "use_dora": True}, tensors
    if start == "layers":
        yield "other", {**config, "layers_to_transform": [0]}, tensors
        yield "both", {**config, "layers_to_transform": [0, 1]}, tensors
        yield "none", {**config, "layers_to_transform": None}, tensors
        yield "text", {**config, "layers_to_transform": "1"}, tensors
        yield "included", {**config, "exclude_modules": None}, tensors
        yield "lists", {**config, "layers_pattern": "layers"}, tensors
        yield "other-list", {**config, "layers_pattern": "h"}, tensors
    if start == "rslora":
        yield "pattern-of-none", {**config, "rank_pattern": {}}, tensors
        yield "zero", {**config, "rank_pattern": {config["target_modules"][0]: 0}}, tensors
        yield "float-rank", {**config, "r": 4.0}, tensors
    if start in ("embedding", "experts"):
        for field, value in (("lora_bias", True), ("use_dora", True), ("alora_invocation_tokens", [1]),
                             ("kasa_config", {"beta": 0.1}), ("velora_config", {"num_groups": 4}),
                             ("monteclora_config", {}), ("fan_in_fan_out", True), ("init_lora_weights", "mica")):
            yield f"with-{field}", {**config, field: value}, tensors
    if start == "replicated":
        yield "beyond", {**config, "layer_replication": [[0, 2], [1, 3]]}, tensors
        yield "fewer", {**config, "layer_replication": [[0, 2]]}, tensors
        yield "gone", {**config, "layer_replication": None}, tensors
        yield "backwards", {**config, "layer_replication": [[0, 2], [2, 1]]}, tensors
        yield "negative", {**config, "layer_replication": [[0, 2], [-1, 0]]}, tensors
        yield "triple", {**config, "layer_replication": [[0, 2, 3]]}, tensors
    if start == "biases":
        biases = sorted(name for name in tensors if name.endswith(".bias"))
        for position, name in enumerate(biases):
            value = tensors[name]
            if "layers.1" in name or ".1." in name:
                continue
            yield f"longer-{position}", config, put(**{name: torch.cat([value, value[:1]])})
        for name in ("model.norm.bias", "model.layers.0.input_layernorm.bias", "lm_head.bias",
                     "model.final_layernorm.bias", "transformer.ln_f.weight.bias"):
            if PREFIX + name not in tensors:
                yield f"stray-{name}", config, put(**{PREFIX + name: torch.ones(32)})
    if start.startswith("tied-"):
        yield "untied", {**config, "ensure_weight_tying": False}, tensors
        own = [name for name in tensors if embedding in name or "lm_head" in name]
        for position, name in enumerate(sorted(own)):
            yield f"without-{position}", config, {key: value for key, value in tensors.items() if key != name}
        yield "without-head", config, {key: value for key, value in tensors.items() if "lm_head" not in key}
        yield "without-embedding", config, {key: value for key, value in tensors.items() if embedding not in key}
    if start == "dora":
        name = last(tensors, ".lora_magnitude_vector")
        value = tensors[name]
        for kind, changed in (("longer", torch.cat([value, value[:1]])), ("shorter", value[:-1]), ("one", value[:1]),
                              ("row", value[None]), ("column", value[:, None])):
            yield kind, config, put(**{name: changed})
        yield "undeclared", {**config, "use_dora": False}, tensors
    if start == "lora-bias":
        name = last(tensors, ".lora_B.bias")
        value = tensors[name]
        for kind, changed in (("longer", torch.cat([value, value[:1]])), ("one", value[:1]), ("row", value[None])):
            yield kind, config, put(**{name: changed})
        yield "undeclared", {**config, "lora_bias": False}, tensors
    if start == "bias":
        biases = [name for name in tensors if name.endswith(".base_layer.bias")]
        module = last(tensors, ".lora_B.weight").removesuffix(".lora_B.weight")
        yield "of-no-module", config, put(**{module + "x.base_layer.bias": torch.ones(4)})
        if biases:
            yield "plain-names", config, renamed(lambda name: name.replace(".base_layer.bias", ".bias"))
            value = tensors[biases[-1]]
            yield "longer", config, put(**{biases[-1]: torch.cat([value, value[:1]])})
        else:
            rows = len(tensors[module + ".lora_B.weight"])
            yield "of-none", config, put(**{module + ".base_layer.bias": torch.ones(rows)})
    if start == "embedding":
        a = last(tensors, ".lora_embedding_A")
        module = a.removesuffix(".lora_embedding_A")
        b = module + ".lora_embedding_B"
        A, B = tensors[a], tensors[b]
        others = {name: tensor for name, tensor in tensors.items() if name not in (a, b)}
        yield "names-of-linear", config, {**others, module + ".lora_A.weight": A, module + ".lora_B.weight": B}
        yield "4d", config, put(**{a: A[:, :, None, None], b: B[:, :, None, None]})
    if start == "rows":
        name = last(tensors, ".trainable_tokens_delta")
        value = tensors[name]
        yield "more", config, put(**{name: torch.cat([value, value[:1]])})
        for kind, indices in (("nothing-too", {embedding: [1, 5, 7], "nothing": [1]}),
                              ("nothing", {"nothing": [1, 5, 7]}), ("suffix", {embedding[-3:]: [1, 5, 7]}),
                              ("beyond", {embedding: [1, 5, 64]}),
                              ("fewer-indices", {embedding: [1, 5]}), ("more-indices", {embedding: [1, 5, 7, 9]}),
                              ("list", [1, 5, 7]), ("no-indices", None), ("empty", {})):
            yield kind, {**config, "trainable_token_indices": indices}, tensors
        yield "saved-too", {**config, "modules_to_save": [*(config["modules_to_save"] or []), embedding]}, tensors
        if head:
            yield "head-too", {**config, "trainable_token_indices": {embedding: [1, 5, 7], head: [1, 5, 7]}}, tensors
    if start == "head":
        name = last(tensors, f"{head}.weight")
        yield "text", {**config, "modules_to_save": head}, tensors
        yield "bias", config, put(**{name.removesuffix("weight") + "bias": torch.ones(64)})
        yield "undeclared", {**config, "modules_to_save": None}, tensors
        yield "flat", config, put(**{name: tensors[name].flatten()})
    if start == "experts":
        yield "dropout", {**config, "lora_dropout": 0.1}, tensors
        yield "elsewhere-too", {**config, "target_parameters": [*config["target_parameters"], "nothing.here"]}, tensors
        for entry in ("nothing", "experts.nothing"):
            yield f"{entry}-too", {**config, "target_parameters": [*config["target_parameters"], entry]}, tensors
        yield "leaf-too", {**config, "target_parameters": [*config["target_parameters"], "down_proj"]}, tensors
        yield "without-prefix", config, renamed(lambda name: name.removeprefix(PREFIX))
        yield "one-without-prefix", config, renamed(
            lambda name: name.removeprefix(PREFIX) if "layers.0.self_attn.q_proj" in name else name)
        ordered = config["target_parameters"]
        yield "first-alone", {**config, "target_parameters": ordered[:1]}, tensors
        yield "reversed", {**config, "target_parameters": ordered[::-1]}, tensors
        yield "swapped", config, renamed(lambda name: name.replace("experts.base_layer.", "experts.x.").replace(
            "experts.lora", "experts.base_layer.lora").replace("experts.x.", "experts."))
    if start == "plain":
        yield "without-prefix", config, renamed(lambda name: name.removeprefix(PREFIX))
    heads = [name for name in tensors if name.endswith(("classifier.bias", "classifier.dense.bias"))]
    if start == "plain" and heads:
        yield "head-without-bias", config, {name: tensor for name, tensor in tensors.items() if name not in heads}
        yield "head-unlisted", {**config, "modules_to_save": None}, tensors


EMBEDDINGS = []
SUBCONFIGS = ["megatron_config", "arrow_config", "eva_config", "corda_config", "lora_ga_config", "kasa_config",
              "velora_config", "monteclora_config", "use_bdlora", "loftq_config"]


def row(kind, auto, sizes, targets, embedding, head, keep=None):
    """One base and its adapters; `keep` is a folder in which all of them stay."""
    torch.manual_seed(0)
    config = transformers.CONFIG_MAPPING[kind](**sizes)
    model = getattr(transformers, auto).from_config(config).float().eval()
    model.config.architectures = [type(model).__name__]
    EMBEDDINGS[:] = [PREFIX + name for name, _ in model.named_modules() if name.split(".")[-1] == embedding]
    key = kind + ("-tied" if sizes.get("tie_word_embeddings") else "-masked" if auto.endswith("MaskedLM") else "")
    adapters = []
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(keep or temporary) / key
        base, made_by_peft = folder / "base", folder / "made"
        model.save_pretrained(base)
        weights = load_file(base / "model.safetensors")
        for start, options in starts(model, TASKS[auto], targets, embedding, head):
            trained = get_peft_model(copy.deepcopy(model), LoraConfig(**options))
            with torch.no_grad():
                for name, parameter in trained.named_parameters():
                    if parameter.requires_grad:
                        parameter.copy_(torch.rand_like(parameter) + 0.5)
            trained.save_pretrained(made_by_peft)
            made = json.loads((made_by_peft / "adapter_config.json").read_text())
            tensors = load_file(made_by_peft / "adapter_model.safetensors")
            forms = [("good", made, tensors), *damaged(start, made, tensors, embedding, head)]
            for name, changed, left in forms:
                changed = {**changed, "base_model_name_or_path": None}
                adapter = folder / f"{start}-{name}"
                adapter.mkdir()
                (adapter / "adapter_config.json").write_text(json.dumps(changed))
                save_file({key: value.clone().contiguous() for key, value in left.items()},
                          adapter / "adapter_model.safetensors")
                why = verdict(model, adapter)
                if name.endswith("good") and why:
                    raise SystemExit(f"{key}, {start}, {name}: {why}")
                adapters.append({"name": f"{start}-{name}", "config": changed, "why": why,
                                 "tensors": {key: list(value.shape) for key, value in left.items()}})
    return {"key": key, "config": json.loads(model.config.to_json_string(use_diff=False)), "adapters": adapters,
            "weights": {name: list(value.shape) for name, value in weights.items()}}


def main(output, keep=None):
    rows = [row(*base, keep=keep) for base in BASES + TIED]
    text = "".join(json.dumps(row, sort_keys=True) + "\n" for row in rows)
    Path(output).write_bytes(zstandard.ZstdCompressor(level=19).compress(text.encode()))
    for row_ in rows:
        print(row_["key"], len(row_["adapters"]), sum(not adapter["why"] for adapter in row_["adapters"]))


if __name__ == "__main__":
    main(*sys.argv[1:])
