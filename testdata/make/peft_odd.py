"""What PEFT itself does with adapters that are right and nearly right, as a fixture for the tests.

    python peft_odd.py OUTPUT.jsonl.zst

Of small models of several types adapters are made by PEFT and damaged in one way each (`damaged`). One row per base: its
config and the adapters, with the whole of `adapter_config.json`, the shapes of the tensors, and whether PEFT took the
adapter as it is: without an error, no key of its own missing, none left over, and every tensor's values in the model.
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
from safetensors.torch import load_file, save_file

PREFIX = "base_model.model."
SMALL = {"hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2, "num_attention_heads": 4,
         "vocab_size": 64, "max_position_embeddings": 64, "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}
GROUPED = {**SMALL, "num_key_value_heads": 2}
QKV = ["q_proj", "v_proj"]
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
    ("t5", "AutoModelForSeq2SeqLM", {"d_model": 32, "d_ff": 48, "d_kv": 8, "num_heads": 4, "num_layers": 2,
                                     "vocab_size": 64}, ["q", "wo"], None, None),
]
TASKS = {"AutoModelForCausalLM": "CAUSAL_LM", "AutoModelForSequenceClassification": "SEQ_CLS",
         "AutoModelForSeq2SeqLM": "SEQ_2_SEQ_LM"}

LOADED = []


def remember(*arguments, load=peft.peft_model.set_peft_model_state_dict, **options):
    LOADED.append(load(*arguments, **options))
    return LOADED[-1]


peft.peft_model.set_peft_model_state_dict = remember


def verdict(model, folder):
    """Why PEFT does not take the whole of the adapter, or an empty text."""
    LOADED.clear()
    try:
        loaded = PeftModel.from_pretrained(copy.deepcopy(model), folder)
    except Exception as error:  # Whatever it is, the adapter was refused.
        return f"{type(error).__name__}: {error}".split("\n")[0][:160]
    # load_adapter has cut the list of missing keys to the factors; a lost head raises above.
    for keys, what in ((LOADED[0].missing_keys, "missing"), (LOADED[0].unexpected_keys, "left over")):
        if keys:
            return f"{what}: {keys[0]}"
    values = {(tuple(value.shape), value.float().numpy().tobytes()) for value in loaded.state_dict().values()}
    for name, tensor in load_file(folder / "adapter_model.safetensors").items():
        if (tuple(tensor.shape), tensor.float().numpy().tobytes()) not in values:
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
    if model.config.model_type == "mixtral":
        yield "experts", {**options, "target_parameters": ["experts.gate_up_proj", "experts.down_proj"]}


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
        for kind, indices in (("fewer-indices", {embedding: [1, 5]}), ("more-indices", {embedding: [1, 5, 7, 9]}),
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
    heads = [name for name in tensors if name.endswith(("classifier.bias", "classifier.dense.bias"))]
    if start == "plain" and heads:
        yield "head-without-bias", config, {name: tensor for name, tensor in tensors.items() if name not in heads}
        yield "head-unlisted", {**config, "modules_to_save": None}, tensors


EMBEDDINGS = []


def row(kind, auto, sizes, targets, embedding, head):
    torch.manual_seed(0)
    config = transformers.CONFIG_MAPPING[kind](**sizes)
    model = getattr(transformers, auto).from_config(config).float().eval()
    model.config.architectures = [type(model).__name__]
    EMBEDDINGS[:] = [PREFIX + name for name, _ in model.named_modules() if name.split(".")[-1] == embedding]
    adapters = []
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        for start, options in starts(model, TASKS[auto], targets, embedding, head):
            trained = get_peft_model(copy.deepcopy(model), LoraConfig(**options))
            with torch.no_grad():
                for name, parameter in trained.named_parameters():
                    if parameter.requires_grad:
                        parameter.copy_(torch.rand_like(parameter) + 0.5)
            trained.save_pretrained(folder)
            made = json.loads((folder / "adapter_config.json").read_text())
            tensors = load_file(folder / "adapter_model.safetensors")
            forms = [("good", made, tensors), *damaged(start, made, tensors, embedding, head)]
            for name, changed, left in forms:
                changed = {**changed, "base_model_name_or_path": None}
                (folder / "adapter_config.json").write_text(json.dumps(changed))
                save_file({key: value.clone().contiguous() for key, value in left.items()},
                          folder / "adapter_model.safetensors")
                why = verdict(model, folder)
                if name == "good" and why:
                    raise SystemExit(f"{kind}, {start}: {why}")
                adapters.append({"name": f"{start}-{name}", "config": changed, "why": why,
                                 "tensors": {key: list(value.shape) for key, value in left.items()}})
    return {"key": kind, "config": json.loads(model.config.to_json_string(use_diff=False)), "adapters": adapters}


def main(output):
    rows = [row(*base) for base in BASES]
    text = "".join(json.dumps(row, sort_keys=True) + "\n" for row in rows)
    Path(output).write_bytes(zstandard.ZstdCompressor(level=19).compress(text.encode()))
    for row_ in rows:
        print(row_["key"], len(row_["adapters"]), sum(not adapter["why"] for adapter in row_["adapters"]))


main(sys.argv[1])
