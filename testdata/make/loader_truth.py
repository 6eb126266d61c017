"""What the adapter loaders of TensorRT-LLM and LoRAX do with adapters of many kinds, as fixtures for the tests.

    python loader_truth.py

Reads engines/vllm-0.33.jsonl.zst for small bases and the names and shapes of adapters on them (vllm_truth.py), adds
kinds of its own, and writes engines/tensorrt-llm-1.0.jsonl.zst, tensorrt-llm-1.4.jsonl.zst and lorax.jsonl.zst in the
same form. Needs zstandard 0.25; neither engine.

Both loaders go by names, ranks and the config alone, so their walk is written here again in our own words:
TensorRT-LLM's of tensorrt_llm/lora_manager.py at 30e6fb55 (1.0) and tensorrt_llm/_torch/peft/lora/loaders.py at 894826e7
(1.4), LoRAX's of server/lorax_server/adapters/lora.py and models/model.py at a7394ba386ec with SGMV kernels on. It was
held against what those files do with random factors on the CPU (LoRAX: its own functions run with CUDA-only imports
stubbed; TensorRT-LLM: its walk, stacking and scale as in its files, without the C++ below): the same verdict for each
of the adapters. What keeps LoRAX's classes from starting was seen with lorax_engine.py; its missing kernels are read.
For LoRAX "applied" means that every factor has its own place at PEFT's strength. For TensorRT-LLM it means that the model
class uses the place as well (trt_classes.py, read and not run); where that was not read, the verdict is the loader's.
Adapters for 1.4 have rank 16 or 64, for its kernels may not read ranks that are no multiples of 8.
"""

import json
import re

import zstandard

import trt_classes
from files import ROOT

PREFIX = "base_model.model."
TYPES = """
    llama mistral mixtral qwen2 qwen3 gemma gemma2 gemma3_text phi phi3 cohere cohere2 granite gpt2 bloom opt falcon
    qwen2_moe qwen3_moe starcoder2 gpt_neox stablelm olmo olmo2 exaone4 seed_oss smollm3 nemotron glm4 ernie4_5 gpt_oss
    deepseek_v2 gptj gpt_bigcode""".split()
# Initialisations that leave the base as it is.
HARMLESS = {"gaussian", "eva", "orthogonal", "mica", "lora_ga"}


def bases():
    """The first base of each type, with adapters."""
    found = {}
    with zstandard.open(ROOT / "engines" / "vllm-0.33.jsonl.zst", "rt") as file:
        for line in file:
            row = json.loads(line)
            kind = row["config"].get("model_type")
            if kind in TYPES and "/" not in row["key"] and ("ForCausalLM" in row["key"] or "LMHead" in row["key"]):
                found.setdefault(kind, row)
    for kind in sorted(found):
        row = found[kind]
        adapters = [dict(name=entry["name"], config=dict(entry["config"]), tensors=dict(entry["tensors"]))
                    for entry in row["adapters"]]
        for entry in adapters:
            if entry["config"].get("use_dora"):
                entry["tensors"].update({
                    name.replace("lora_B.weight", "lora_magnitude_vector"): shape[:1]
                    for name, shape in entry["tensors"].items() if name.endswith("lora_B.weight")})
        if kind == "llama":
            adapters += list(more(adapters[0]["tensors"]))
            adapters.append(resized(adapters[0]["tensors"], row["config"]))
        yield row["key"], row["config"], adapters


def more(tensors):
    """Kinds that a broken or unusual export leaves."""
    def renamed(old, new):
        return {name.replace(old, new): shape for name, shape in tensors.items()}

    def only(*leaves):
        return {name: shape for name, shape in tensors.items() if any(f".{leaf}." in name for leaf in leaves)}

    first = f"{PREFIX}model.layers.0.self_attn.q_proj"
    yield dict(name="compiled", config={}, tensors=renamed(PREFIX, f"{PREFIX}_orig_mod."))
    yield dict(name="r-in-config", config=dict(r=99), tensors=tensors)
    yield dict(name="half-pair", config={}, tensors={
        name: shape for name, shape in tensors.items() if name != f"{first}.lora_B.weight"})
    yield dict(name="layer-too-far", config={}, tensors={
        **tensors, **{name.replace("layers.1.", "layers.7."): shape for name, shape in tensors.items()}})
    yield dict(name="qk", config={}, tensors=only("q_proj", "k_proj"))
    yield dict(name="rslora-attn", config=dict(use_rslora=True), tensors=only("q_proj", "k_proj", "v_proj", "o_proj"))
    yield dict(name="rank-by-layer", config=dict(rank_pattern={"layers.0.self_attn.q_proj": 8}), tensors={
        name: [8 if size == 4 else size for size in shape] if name.startswith(first) else shape
        for name, shape in only("q_proj").items()})
    yield dict(name="router-names", config={}, tensors={
        name.replace("mlp.gate_proj", "block_sparse_moe.gate"): shape for name, shape in only("q_proj", "gate_proj").items()})
    yield dict(name="other-modules", config={}, tensors=renamed("self_attn.o_proj", "self_attn.dense"))


def resized(tensors, base):
    """Factors of an output head that grew, and its rows beside them, as PEFT saves them."""
    rows, width = base["vocab_size"] + 8, base["hidden_size"]
    return dict(name="head-resized", config={}, tensors={
        **tensors, f"{PREFIX}lm_head.lora_A.weight": [4, width], f"{PREFIX}lm_head.lora_B.weight": [rows, 4],
        f"{PREFIX}lm_head.base_layer.weight": [rows, width]})


def peft_alpha(name, config):
    for pattern, value in (config.get("alpha_pattern") or {}).items():
        if re.match(rf"(.*\.)?({pattern})$", name):
            return value
    return config.get("lora_alpha", 12)


def scale(alpha, rank, config):
    return alpha / (rank ** 0.5 if config.get("use_rslora") else rank)


def unread(config, fields):
    """What the config says and the loader never looks at."""
    for field in fields:
        if config.get(field):
            return field
    start = config.get("init_lora_weights")
    return f"init {start}" if isinstance(start, str) and start not in HARMLESS else None


UNREAD = ["use_dora", "alora_invocation_tokens", "layer_replication", "use_qalora", "trainable_token_indices"]


# ----------------------------------------------------------------------------------------------------------- TensorRT-LLM

MAPPED = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "down_proj", "up_proj", "gate_up_proj", "w1", "w2", "w3",
          "gate"}
LATER = MAPPED | {"qkv_proj", "shared_expert.gate_proj", "shared_expert.down_proj", "shared_expert.up_proj", "in_proj",
                  "out_proj", "fc1_latent_proj", "fc2_latent_proj"}
ENDS = (".lora_A.weight", ".lora_B.weight", ".lora_magnitude_vector")


def place(key):
    """(layer, parent, rest) of a factor's key: the last number that a parent and one to three names follow."""
    end = next((end for end in ENDS if key.endswith(end)), None)
    if not end:
        return None
    parts = key[:-len(end)].split(".")
    for index in range(len(parts) - 3, 0, -1):
        rest = parts[index + 2:]
        if parts[index].isdigit() and (len(rest) < 3 or len(rest) == 3 and rest[1].isdigit()):
            return int(parts[index]), parts[index + 1], rest, end
    return None


def tensorrt_llm(later, base, config, tensors):
    row = (trt_classes.TORCH if later else trt_classes.BUILT).get(base["model_type"], {})
    if "fails" in row:
        return "refused", row["fails"]
    known = row.get("names") or (LATER if later else MAPPED)
    layers = base.get("num_hidden_layers") or 2
    slots, passed, misplaced = {}, [], []
    for key, shape in tensors.items():
        found = place(key)
        if not found:
            if "lm_head" in key or "embed_tokens" in key:
                passed.append(key)
                continue
            return "refused", f"unsupported key {key}"
        layer, parent, rest, end = found
        expert = len(rest) == 3
        own = rest[-1] if expert else ".".join(rest)
        full = f"{parent}.{rest[0]}.{own}" if expert else f"{parent}.{own}"
        name = full if full in known else own
        if name not in known and later and len(rest) == 2 and rest[0] not in ("shared_expert", "shared_experts"):
            name = rest[-1]
        if name not in known:
            if not later:
                return "refused", f"{own} is not in the map"
            passed.append(key)
            continue
        if layer >= layers:
            return "refused", f"no layer {layer}"
        handing = trt_classes.handing(row, name)
        if handing == "missing":
            return "refused", f"no place for {name} in the layers"
        if handing in ("dropped", "swapped") or end == ENDS[2]:
            misplaced.append(key)
        if expert and name not in ("w1", "w2", "w3") and not name.startswith("mlp.experts."):
            misplaced.append(key)
        slot = slots.setdefault((layer, name, rest[1] if expert else ""), {})
        if end in slot:
            misplaced.append(key)
        slot[end] = (key, shape)
    for (layer, name, _), slot in slots.items():
        if ENDS[0] not in slot or ENDS[1] not in slot:
            return "refused", f"one factor of {name} in layer {layer} only"
        key, shape = slot[ENDS[0]]
        if shape[0] > 64:
            return "refused", f"rank {shape[0]} above the limit"
        if peft_alpha(key[len(PREFIX):-len(ENDS[0])], config) != config.get("lora_alpha", 12):
            misplaced.append(key)
    if not slots:
        return "refused", "nothing is left to load"
    field = unread(config, UNREAD)
    ranks = {slot[ENDS[0]][1][0] for slot in slots.values()}
    if 0 < len({name for _, name, _ in slots} & {"q_proj", "k_proj", "v_proj"}) < 3:
        ranks.add(config.get("r", 16))
    if later and len(ranks) > 1:
        return "partly", f"one rank for all of {sorted(ranks)}"
    if misplaced:
        return "partly", f"{len(misplaced)} tensors elsewhere or at another strength, such as {misplaced[0]}"
    if passed or field:
        return "partly", f"passes over {passed[0] if passed else field}"
    return "applied", f"all {len(slots)} places"


# ----------------------------------------------------------------------------------------------------------------- LoRAX

ATTENTION = [f"self_attn.{leaf}_proj" for leaf in "qkvo"]
GATED = ["mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"]
# layers, modules in the order of loading, whether there is a head, whether memory is kept for adapters
CLASSES = {
    **{kind: ("model.layers", ATTENTION + GATED, True, True) for kind in ("llama", "mistral", "qwen2", "granite")},
    **{kind: ("model.layers", ATTENTION + GATED, False, True) for kind in ("gemma", "gemma2")},
    "mixtral": ("model.layers", ATTENTION, False, True),
    "cohere": ("model.layers", [*ATTENTION, "mlp.down_proj"], True, True),
    "phi": ("model.layers", [*ATTENTION[:3], "self_attn.dense", "mlp.fc1", "mlp.fc2"], True, True),
    "phi3": ("model.layers", ["self_attn.qkv_proj", "self_attn.o_proj", "mlp.gate_up_proj", "mlp.down_proj"], False, True),
    "bloom": ("transformer.h", ["self_attention.query_key_value", "self_attention.dense", "mlp.dense_h_to_4h",
                                "mlp.dense_4h_to_h"], False, False),
}


# What keeps classes from starting (lorax_engine.py): GPT-2's calls a function with an argument that it does not have,
# some read neither `head_dim` nor `num_key_value_heads`, and Gemma 2's wants a member and an output head of old.
SHARED_WIDTH = {"llama", "qwen2", "granite", "cohere", "mixtral", "phi"}


def start_failure(base):
    kind, heads = base["model_type"], base.get("num_attention_heads")
    if kind == "gpt2":
        return "no fan_in_fan_out"
    if kind in SHARED_WIDTH and (base.get("head_dim") or base["hidden_size"] // heads) * heads != base["hidden_size"]:
        return "heads of another width"
    if kind == "phi" and base.get("num_key_value_heads", heads) != heads:
        return "grouped heads"
    if kind == "gemma2" and ("hidden_act" not in base or not base.get("tie_word_embeddings", True)):
        return "no hidden_act, or a head of its own"
    return None


def padded(rank):
    return 8 if rank <= 8 else (rank + 15) // 16 * 16


def lorax(base, config, tensors):
    kind = base["model_type"]
    if failure := start_failure(base):
        return "refused", failure
    if kind not in CLASSES:
        return "refused", f"no adapters for {kind}"
    path, modules, head, keeps = CLASSES[kind]
    layers = next(base[key] for key in ("num_hidden_layers", "n_layer", "n_layers") if base.get(key))
    divisor, left, wrong, types = config.get("r", 4), dict(tensors), [], 0
    for module in [*modules, *(["lm_head"] if head else [])]:
        names = [PREFIX + (module if module == "lm_head" else f"{path}.{layer}.{module}")
                 for layer in range(1 if module == "lm_head" else layers)]
        ranks = [tensors[f"{name}.lora_A.weight"][0] for name in names
                 if f"{name}.lora_A.weight" in tensors and f"{name}.lora_B.weight" in tensors]
        if len(ranks) < len(names):
            continue
        if len(set(map(padded, ranks))) > 1:
            return "refused", f"{module} of ranks that differ"
        if module == "lm_head" and tensors[f"{names[0]}.lora_B.weight"][0] != base["vocab_size"]:
            return "refused", "more logits than the base has"
        if module != "lm_head" and padded(ranks[0]) <= 128 and padded(ranks[0]) not in (8, 16, 32, 64, 128):
            return "refused", f"no kernel for rank {padded(ranks[0])}"
        types += 1
        for name, rank in zip(names, ranks):
            trained = scale(peft_alpha(name[len(PREFIX):], config), rank, config)
            if abs(config.get("lora_alpha", 12) / divisor - trained) > 1e-6 * trained:
                wrong.append(name)
            left.pop(f"{name}.lora_A.weight")
            left.pop(f"{name}.lora_B.weight")
        divisor = padded(ranks[0])
    if types and not keeps:
        return "refused", "no memory for adapters"
    # The base's own rows beside adapted ones change nothing.
    left = [name for name in left if not name.endswith("lm_head.base_layer.weight")]
    field = unread(config, UNREAD)
    if wrong:
        return "partly", f"{len(wrong)} modules at another strength, such as {wrong[0]}"
    if left or field:
        return "partly", f"passes over {left[0] if left else field}"
    return ("applied", f"{types} kinds of modules") if divisor == config.get("r", 4) else (
        "partly", "another strength when it is loaded again")


def widened(config, tensors):
    """The base and the adapter with eight times the sizes, for which LoRAX has kernels."""
    keys = ("hidden_size", "intermediate_size", "vocab_size", "head_dim", "n_embd", "n_inner", "ffn_dim", "kv_channels")
    config = {key: value * 8 if key in keys and isinstance(value, int) else value for key, value in config.items()}

    def grown(name, shape):
        if name.endswith(("lora_A.weight", "lora_embedding_A")):
            return [shape[0], shape[1] * 8]
        if name.endswith(("lora_B.weight", "lora_embedding_B")):
            return [shape[0] * 8, shape[1]]
        return [shape[0], shape[1] * 8] if "trainable_tokens" in name else [size * 8 for size in shape]

    return config, {name: grown(name, shape) for name, shape in tensors.items()}


def ranked(entry):
    """The same adapter at rank 16, where nothing in its config says another."""
    config = dict(entry["config"])
    if "r" in config:
        return None
    config.update(r=16, lora_alpha=32)
    for key, value in (("rank_pattern", 4), ("alpha_pattern", 4)):
        if key in config:
            config[key] = {name: number * value for name, number in config[key].items()}

    def grown(name, shape):
        if name.endswith(("lora_A.weight", "lora_embedding_A")):
            return [shape[0] * 4, *shape[1:]]
        if name.endswith(("lora_B.weight", "lora_embedding_B")):
            return [*shape[:-1], shape[-1] * 4]
        return shape

    return dict(name=f"{entry['name']}-r16", config=config,
                tensors={name: grown(name, shape) for name, shape in entry["tensors"].items()})


def sparse(config, adapters):
    """A base with experts in all layers, as TensorRT-LLM's classes have them, and adapters without dense MLPs."""
    for entry in adapters:
        entry["tensors"] = {name: shape for name, shape in entry["tensors"].items()
                            if not re.search(r"\.mlp\.(gate|up|down)_proj\.", name)}
    return dict(config, mlp_only_layers=[]), [entry for entry in adapters if entry["tensors"]]


def for_graphs(adapters):
    """The adapters at ranks that kernels for CUDA graphs read."""
    forms = [ranked(entry) or entry for entry in adapters]
    return [entry for entry in forms
            if all(shape[0] % 8 == 0 for name, shape in entry["tensors"].items() if name.endswith(".lora_A.weight"))]


def rows(engine):
    for key, config, adapters in bases():
        if engine != "lorax" and config.get("mlp_only_layers"):
            config, adapters = sparse(config, adapters)
        if engine == "tensorrt-llm-1.4":
            adapters = for_graphs(adapters)
        if engine == "lorax":
            adapters = [form for entry in adapters for form in (entry, ranked(entry)) if form]
            # One refusal of a type that it does not know is like the other.
            adapters = adapters if config["model_type"] in CLASSES and not start_failure(config) else adapters[:2]
        found = []
        for entry in adapters:
            own, tensors = config, entry["tensors"]
            if engine == "lorax":
                own, tensors = widened(config, tensors)
                verdict, why = lorax(own, entry["config"], tensors)
            else:
                verdict, why = tensorrt_llm(engine == "tensorrt-llm-1.4", config, entry["config"], tensors)
            found.append(dict(entry, tensors=tensors, verdict=verdict, why=why[:120]))
        yield dict(key=key, config=widened(config, {})[0] if engine == "lorax" else config, adapters=found)


if __name__ == "__main__":
    for engine in ("tensorrt-llm-1.0", "tensorrt-llm-1.4", "lorax"):
        text = "".join(json.dumps(row, separators=(",", ":")) + "\n" for row in rows(engine)).encode()
        (ROOT / "engines" / f"{engine}.jsonl.zst").write_bytes(zstandard.ZstdCompressor(level=19).compress(text))
        verdicts = [entry["verdict"] for row in rows(engine) for entry in row["adapters"]]
        print(engine, len(verdicts), {word: verdicts.count(word) for word in sorted(set(verdicts))})
