"""Bases and adapters for check_sglang.py: small configurations, adapters made by PEFT, and what each of them trained.

    python sglang_adapters.py FOLDER [--extra FILE.json] [--only NAME]

Needs torch, transformers 5.19.0 (SGLang's pin) and peft 0.21.2. Writes FOLDER/NAME/config.json and for each adapter
FOLDER/NAME/ADAPTER/{adapter_config.json, adapter_model.safetensors, delta.safetensors_}. The delta is the product that
PEFT adds to each weight, under the names of the checkpoint: what an engine has to hold if the adapter is to act as
trained. `--extra` adds configurations (a list of config.json contents) to those of catalogue/.
"""

import argparse
import copy
import json
import os
import re
import shutil
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
import transformers
from peft import LoraConfig, get_peft_model
from peft.tuners.lora.layer import LoraLayer
from safetensors.torch import load_file, save_file
from transformers.core_model_loading import revert_weight_conversion
from transformers.pytorch_utils import Conv1D

ROOT = Path(__file__).resolve().parent.parent
RANK, ALPHA = 4, 6
MOST_PARAMETERS = 400_000
PREFIX = "base_model.model."
transformers.logging.set_verbosity_error()


# Bases


def catalogue():
    """Of each model type: the smallest configurations of its classes, causal models with and without a tied head."""
    for path in sorted((ROOT / "catalogue").glob("*.json")):
        cases = json.loads(path.read_text())["cases"]
        cases = [case for case in cases if case["parameters"] <= MOST_PARAMETERS]
        cases.sort(key=lambda case: (bool(case["config"].get("tie_word_embeddings")), case["parameters"]))
        taken = set()
        for case in cases:
            config = case["config"]
            architecture = config["architectures"][0]
            tied = bool(config.get("tie_word_embeddings")) and re.search("CausalLM|LMHead|Conditional", architecture)
            experts = next((config[key] for key in ("n_routed_experts", "num_local_experts", "num_experts")
                            if config.get(key)), 0)
            if "moe" in config["model_type"] and not experts:
                continue
            kind = (architecture, bool(tied))
            if kind not in taken:
                taken.add(kind)
                yield config


# Members that configs on the Hub have and transformers 5 does not write, by model type.
PUBLISHED = {
    "bert": dict(position_embedding_type="absolute"), "roberta": dict(position_embedding_type="absolute"),
    "xlm-roberta": dict(position_embedding_type="absolute"),
    "deepseek_v2": dict(moe_layer_freq=1, scoring_func="softmax", topk_method="greedy", n_group=1, topk_group=1),
    "deepseek_v3": dict(moe_layer_freq=1, scoring_func="sigmoid", topk_method="noaux_tc"),
    "exaone4": dict(sliding_window_pattern="LLLG"), "glm4_moe_lite": dict(first_k_dense_replace=1),
    "hy_v3": dict(route_norm=True), "minimax_m2": dict(scoring_func="sigmoid"),
    "qwen3_next": dict(full_attention_interval=2), "qwen3_5_text": dict(full_attention_interval=2),
    "qwen3_5_moe_text": dict(full_attention_interval=2),
}


def as_published(config):
    """With what configs on the Hub say and transformers 5 does not write, and with the shapes that SGLang's class has."""
    kind = config["model_type"]
    config = dict(config)
    for key, value in PUBLISHED.get(kind, {}).items():
        if config.get(key) is None:
            config[key] = value
    if isinstance(config.get("text_config"), dict):
        config["text_config"] = as_published({"model_type": "", **config["text_config"]})
    if kind in ("gemma", "gemma2", "gemma3_text"):
        config["hidden_act"] = config.get("hidden_act") or config.get("hidden_activation")
    if kind == "qwen2_vl":
        config["vision_config"] = {**config["vision_config"], "in_chans": 3}
    if kind in ("olmo", "phi"):
        config["num_key_value_heads"] = config["num_attention_heads"]
    if kind == "whisper":
        config["decoder_layers"] = config["num_hidden_layers"] = config["encoder_layers"]
    return config


def name_of(config, taken):
    name = config["architectures"][0] + (".tied" if config.get("tie_word_embeddings") else "")
    number = 2
    while name in taken:
        name, number = f"{name.split('~')[0]}~{number}", number + 1
    taken.add(name)
    return name


def build(folder, config):
    """The model of transformers with weights of zero. Tying is off: what an adapter adds to a tied head stands apart."""
    loaded = transformers.AutoConfig.from_pretrained(folder)
    loaded.tie_word_embeddings = False
    if hasattr(loaded, "text_config"):
        loaded.text_config.tie_word_embeddings = False
    torch.set_default_dtype(torch.float32)
    name = config["architectures"][0]
    model = getattr(transformers, name.replace("MPT", "Mpt"), None) or transformers.AutoModelForCausalLM
    model = model(loaded) if hasattr(transformers, name.replace("MPT", "Mpt")) else model.from_config(loaded)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.zero_()
    return model


# Adapters


def linears(model):
    """Names of what PEFT wraps as a linear layer, the head of a causal model left out."""
    head = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    return [name for name, module in model.named_modules()
            if isinstance(module, (torch.nn.Linear, Conv1D)) and module is not head]


def stacks(model):
    """Parameters that are stacks of experts, and routers that are no linear layer."""
    experts, routers = [], []
    for name, module in model.named_modules():
        for key, value in module.named_parameters(recurse=False):
            if value.ndim == 3 and "Experts" in type(module).__name__:
                experts.append(f"{name}.{key}")
            elif value.ndim == 2 and key == "weight" and re.search(r"Router|Gate", type(module).__name__):
                routers.append(f"{name}.{key}")
    return experts, routers


def leaf(name):
    return name.rsplit(".", 1)[-1]


def tail(name):
    """The name behind the number of the layer."""
    return re.sub(r"^.*\.\d+\.", "", name)


def module_name(model, module):
    return next((name for name, other in model.named_modules() if other is module), None)


def kinds(model, config, full):
    """Name of each kind and the settings of PEFT that make it."""
    names = linears(model)
    leaves = sorted({leaf(name) for name in names})
    attention = sorted({leaf(name) for name in names if re.search("attn|attention", name.lower())})
    mlp = sorted(set(leaves) - set(attention))
    experts, routers = stacks(model)
    experts = sorted({tail(name) for name in experts})
    routers = sorted({tail(name) for name in routers})
    base = {"target_modules": leaves} if leaves else None
    has = set(leaves).issuperset
    embedding = module_name(model, model.get_input_embeddings())
    output = model.get_output_embeddings() if hasattr(model, "get_output_embeddings") else None
    head = module_name(model, output) if output is not None else None
    head = head and leaf(head)

    yield "all", base
    for one in leaves:
        yield f"only-{one}", {"target_modules": [one]}
    pairs = [("q_proj", "v_proj"), ("k_proj", "v_proj"), ("q_proj", "k_proj"), ("gate_proj", "up_proj"),
             ("q_proj", "o_proj"), ("q_a_proj", "q_b_proj"), ("q_a_proj", "kv_a_proj_with_mqa")]
    for pair in pairs:
        if has(pair):
            yield "pair-" + "-".join(pair), {"target_modules": list(pair)}
    if attention and mlp:
        yield "attention", {"target_modules": attention}
        yield "mlp", {"target_modules": mlp}
    if has(("q_proj", "v_proj")) and "o_proj" in leaves:
        yield "without-v", {"target_modules": [one for one in leaves if one != "v_proj"]}
        yield "without-k", {"target_modules": [one for one in leaves if one != "k_proj"]}
    if embedding:
        short = leaf(embedding)
        yield "embedding", {"target_modules": [*leaves, short]}
        yield "embedding-only", {"target_modules": [short]}
    if head:
        yield "head", {"target_modules": [*leaves, head]}
        yield "head-only", {"target_modules": [head]}
        yield "embedding-head", {"target_modules": [*leaves, head, leaf(embedding)]}
    if experts:
        yield "stacks", {"target_modules": [], "target_parameters": experts}
        yield "stacks-all", {"target_modules": leaves, "target_parameters": experts}
        for one in experts:
            yield f"stacks-{leaf(one)}", {"target_modules": attention, "target_parameters": [one]}
    if routers:
        yield "router", {"target_modules": attention, "target_parameters": routers}
    if not full or not leaves:
        return
    first = leaves[0]
    last = leaves[-1]
    depth = len({re.search(r"\.(\d+)\.", name).group(1) for name in names if re.search(r"\.(\d+)\.", name)})
    yield "rslora", {**base, "use_rslora": True}
    yield "alpha-pattern", {**base, "alpha_pattern": {first: 12}}
    yield "rank-pattern-lower", {**base, "rank_pattern": {last: 2}}
    yield "rank-pattern-higher", {**base, "rank_pattern": {last: 8}}
    yield "rank-pattern-layer", {**base, "rank_pattern": {f"0.*{last}": 2}}
    yield "dora", {**base, "use_dora": True}
    yield "bias-all", {**base, "bias": "all"}
    yield "bias-lora-only", {**base, "bias": "lora_only"}
    yield "lora-bias", {**base, "lora_bias": True}
    norm = next((name for name, _ in model.named_modules() if leaf(name) in ("norm", "ln_f", "final_layernorm")), None)
    if norm:
        yield "saved-norm", {**base, "modules_to_save": [norm]}
    inner = next((leaf(name) for name, _ in model.named_modules() if re.search(r"layernorm|ln_1", leaf(name))), None)
    if inner:
        yield "saved-inner-norm", {**base, "modules_to_save": [inner]}
    if head:
        yield "saved-head", {**base, "modules_to_save": [head]}
    if embedding:
        yield "saved-embedding", {**base, "modules_to_save": [leaf(embedding)]}
        yield "tokens", {**base, "trainable_token_indices": [1, 2]}
    if depth > 1:
        yield "first-layer", {**base, "layers_to_transform": [0]}
        yield "last-layer", {**base, "layers_to_transform": [depth - 1]}
        yield "replicated-layers", {**base, "layer_replication": [[0, depth], [0, 1]]}
    yield "pissa", {**base, "init_lora_weights": "pissa"}
    yield "olora", {**base, "init_lora_weights": "olora"}
    yield "big-rank", {**base, "r": 24}


def deltas(model, wrapped):
    """What PEFT adds to each weight, by the model's own names."""
    found = {}
    for name, module in wrapped.base_model.model.named_modules():
        if not isinstance(module, LoraLayer):
            continue
        for adapter in module.scaling:
            delta = module.get_delta_weight(adapter).detach()
            # A parameter's wrapper says which one; nested wrappers stand for several parameters of one module.
            plain = name
            while plain.endswith(".base_layer"):
                plain = plain[: -len(".base_layer")]
            found[f"{plain}.{getattr(module, 'parameter_name', 'weight')}"] = delta
    return found


def on_disk(model, found):
    # Buffers that are saved are no deltas.
    state = {name: torch.zeros_like(value) for name, value in model.state_dict().items()}
    for name, delta in found.items():
        state[name] = delta.reshape(state[name].shape)
    state = revert_weight_conversion(model, state)
    return {name: value.contiguous().clone() for name, value in state.items() if torch.count_nonzero(value)}


def save(folder, tensors, settings, delta):
    folder.mkdir(parents=True)
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    save_file({name: value.contiguous().clone() for name, value in tensors.items()},
              folder / "adapter_model.safetensors")
    if delta is not None:
        save_file(delta, folder / "delta.safetensors_")


def train(model, settings, folder):
    """An adapter with random factors, saved by PEFT; returns what it adds."""
    torch.manual_seed(0)
    options = {"r": RANK, "lora_alpha": ALPHA, "init_lora_weights": False, **settings}
    start = options.pop("init_lora_weights")
    wrapped = get_peft_model(copy.deepcopy(model), LoraConfig(init_lora_weights=False, **options))
    with torch.no_grad():
        for name, parameter in wrapped.named_parameters():
            if "modules_to_save" in name or "lora_magnitude" in name or "trainable_tokens" in name:
                parameter.normal_()
    plain = model
    if settings.get("layer_replication"):
        plain = wrapped.base_model.model
    found = None if settings.get("use_dora") or settings.get("layer_replication") else deltas(plain, wrapped)
    wrapped.peft_config["default"].init_lora_weights = True if start is False else start
    wrapped.save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)
    if found is not None:
        save_file(on_disk(model, found), folder / "delta.safetensors_")


def one_by_one(model, folder, attention):
    """Factors of single experts under the names of the checkpoint, as trainers for transformers 4 and Megatron write."""
    whole, _ = stacks(model)
    state = {name: torch.ones_like(value) if name in whole else value for name, value in model.state_dict().items()}
    experts = {name: value for name, value in revert_weight_conversion(model, state).items()
               if re.search(r"experts\.\d+\.", name) and value.ndim == 2 and torch.count_nonzero(value)}
    if not experts:
        return
    names = {f"{name}.weight" for name in linears(model)}
    disk = {**experts, **{name: value for name, value in state.items() if name in names}}
    roles = sorted({name.split(".")[-2] for name in experts})
    choices = {"apart": lambda name: True, "apart-expert-1": lambda name: ".experts.1." in name,
               "apart-layer-1": lambda name: ".layers.1." in name}
    for role in roles:
        choices[f"apart-only-{role}"] = lambda name, role=role: name.split(".")[-2] == role
        choices[f"apart-without-{role}"] = lambda name, role=role: name.split(".")[-2] != role
    choices = {kind: lambda name, chosen=chosen: name in experts and chosen(name) for kind, chosen in choices.items()}
    choices["apart-all"] = lambda name: True
    choices["apart-shared"] = lambda name: "shared" in name and name not in experts and "shared_expert_gate" not in name
    choices["apart-dense"] = lambda name: ".mlp." in name and name not in experts and "shared" not in name
    for kind, chosen in choices.items():
        torch.manual_seed(0)
        tensors, delta = {}, {}
        for name, value in disk.items():
            if not chosen(name):
                continue
            a, b = torch.randn(RANK, value.shape[1]), torch.randn(value.shape[0], RANK)
            stem = PREFIX + name[: -len(".weight")]
            tensors[f"{stem}.lora_A.weight"], tensors[f"{stem}.lora_B.weight"] = a, b
            delta[name] = ALPHA / RANK * (b @ a)
        if tensors:
            leaves = sorted({name.split(".")[-2] for name in delta})
            save(folder / kind, tensors, plain_settings(leaves), delta)
    if (folder / "attention").exists() and (folder / "apart").exists():
        tensors, delta = {}, {}
        for part in ("attention", "apart"):
            tensors |= load_file(folder / part / "adapter_model.safetensors")
            delta |= load_file(folder / part / "delta.safetensors_")
        save(folder / "apart-attention", tensors, plain_settings(attention + roles), delta)
        settings = {**plain_settings(attention + roles), "target_modules": "all-linear"}
        save(folder / "apart-all-linear", tensors, settings, delta)


def plain_settings(leaves):
    settings = LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=leaves).to_dict()
    return json.loads(json.dumps(settings, default=lambda value: sorted(value) if isinstance(value, set) else str(value)))


# Changes of files that PEFT wrote


def variants(folder, config):
    """Other configs, names and files for the factors of the adapter "all"."""
    source = folder / "all"
    settings = json.loads((source / "adapter_config.json").read_text())
    tensors = load_file(source / "adapter_model.safetensors")
    targets = settings["target_modules"]
    vocabulary = config.get("vocab_size") or config.get("text_config", {}).get("vocab_size") or 128

    def write(name, changed=None, renamed=None, without=(), files=None):
        target = folder / name
        shutil.copytree(source, target)
        new = {key: value for key, value in {**settings, **(changed or {})}.items() if key not in without}
        (target / "adapter_config.json").write_text(json.dumps(new))
        if renamed:
            save_file({renamed(key): value for key, value in tensors.items()}, target / "adapter_model.safetensors")
        if files:
            files(target)

    write("targets-null", {"target_modules": None})
    write("targets-absent", without=["target_modules"])
    write("targets-ALL", {"target_modules": "ALL"})
    write("targets-all-linear", {"target_modules": "all-linear"})
    write("targets-all", {"target_modules": "all"})
    write("targets-regex", {"target_modules": r".*\.(" + "|".join(targets) + ")"})
    write("targets-empty", {"target_modules": []})
    if len(targets) > 1:
        write("targets-fewer", {"target_modules": targets[:-1]})
        write("targets-one", {"target_modules": targets[:1]})
    write("targets-more", {"target_modules": [*targets, "not_there"]})
    write("targets-more-known", {"target_modules": sorted({*targets, "q_proj", "o_proj", "gate_proj", "down_proj"})})
    paths = sorted({".".join(key.split(".")[-4:-2]) for key in tensors if "lora_A" in key})
    write("targets-paths", {"target_modules": paths})
    write("rank-in-config", {"r": 8})
    write("alora", {"alora_invocation_tokens": [1, 2]})
    write("peft-type-absent", without=["peft_type"])
    write("peft-type-lower", {"peft_type": "lora"})

    write("names-bare", renamed=lambda key: key.removeprefix(PREFIX))
    write("names-body", renamed=lambda key: re.sub(r"^base_model\.model\.(model|transformer)\.", "", key))
    write("names-auto", renamed=lambda key: re.sub(r"^(base_model\.model\.)(model|transformer|gpt_neox|bert)\.", r"\1", key))
    write("names-adapter", renamed=lambda key: re.sub(r"(lora_(?:A|B|embedding_A|embedding_B))\.weight", r"\1.default.weight", key))
    write("names-compiled", renamed=lambda key: key.replace(PREFIX, PREFIX + "_orig_mod."))
    write("names-model-language-model", renamed=lambda key: key.replace("base_model.model.model.", "base_model.model.model.language_model."))
    write("names-language-model-model", renamed=lambda key: key.replace("base_model.model.model.", "base_model.model.language_model.model."))
    write("names-thinker", renamed=lambda key: key.replace("base_model.model.model.", "base_model.model.thinker.model."))
    write("names-transformer-h", renamed=lambda key: key.replace(".model.layers.", ".transformer.h."))

    def tokens(first):
        return lambda target: (target / "added_tokens.json").write_text(json.dumps({"<new>": first}))

    def second(target):
        save_file({key: value + 1 for key, value in tensors.items()}, target / "optimizer.safetensors")

    def first(target):
        save_file({key: value + 1 for key, value in tensors.items()}, target / "a.safetensors")

    def other_name(target):
        (target / "adapter_model.safetensors").rename(target / "my_lora.safetensors")

    def as_bin(target):
        (target / "adapter_model.safetensors").unlink()
        torch.save(tensors, target / "adapter_model.bin")

    def as_both(target):
        torch.save({key: value + 1 for key, value in tensors.items()}, target / "adapter_model.bin")

    def half(target):
        save_file({key: value for key, value in tensors.items() if "lora_B" not in key or "layers.0" not in key},
                  target / "adapter_model.safetensors")

    def far_layer(target):
        more = {re.sub(r"\.0\.", ".40.", key, count=1): value for key, value in tensors.items()
                if re.search(r"\.0\.", key)}
        save_file({**tensors, **{key: value.clone() for key, value in more.items()}}, target / "adapter_model.safetensors")

    write("added-tokens", files=tokens(vocabulary))
    write("added-tokens-known", files=tokens(vocabulary - 1))
    write("second-file", files=second)
    write("earlier-file", files=first)
    write("other-file-name", files=other_name)
    write("bin-file", files=as_bin)
    write("bin-beside", files=as_both)
    write("half-pairs", files=half)
    write("far-layer", files=far_layer)


def make(folder, config, full):
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps(config))
    model = build(folder, config)
    failed = {}
    for kind, settings in kinds(model, config, full):
        if not settings:
            continue
        try:
            train(model, settings, folder / kind)
        except Exception as error:
            shutil.rmtree(folder / kind, ignore_errors=True)
            failed[kind] = f"{type(error).__name__}: {error}"[:200]
    names = linears(model)
    attention = sorted({leaf(name) for name in names if re.search("attn|attention", name.lower())})
    if stacks(model)[0]:
        try:
            one_by_one(model, folder, attention)
        except Exception as error:
            failed["apart"] = f"{type(error).__name__}: {error}"[:200]
    if full and (folder / "all").exists():
        variants(folder, config)
    return failed


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--extra", type=Path)
    parser.add_argument("--only")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    taken, types = set(), set()
    configs = [as_published(config) for config in catalogue()]
    extra = [as_published(config) for config in json.loads(chosen.extra.read_text())] if chosen.extra else []
    for config in configs + extra:
        name = name_of(config, taken)
        generating = re.search("CausalLM|LMHead|Conditional", config["architectures"][0])
        # Odd files, names and configs do not depend on the class: once for each type of the catalogue.
        full = bool(generating) and config["model_type"] not in types and config not in extra
        if full:
            types.add(config["model_type"])
        if chosen.only and not re.fullmatch(chosen.only, name) or (chosen.folder / name).exists():
            continue
        try:
            failed = make(chosen.folder / name, {**config, "dtype": "float32"}, full)
            print(name, len([x for x in (chosen.folder / name).iterdir() if x.is_dir()]), failed or "", flush=True)
        except Exception as error:
            shutil.rmtree(chosen.folder / name, ignore_errors=True)
            print(name, f"FAILED {type(error).__name__}: {error}"[:300], flush=True)


if __name__ == "__main__":
    main()
