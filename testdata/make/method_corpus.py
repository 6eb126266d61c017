"""Makes corpus/methods.json: an adapter of every `peft_type` and of every variant of LoRA that PEFT has, as PEFT saves
it, and what PEFT itself makes of it when it is loaded again.

The base is models/llama-bf16-sharded. A row holds the config as saved and the tensors as "name dtype shape"; values are
left out. `refused` is PEFT's error; else `missing` and `unexpected` count tensors that the file lacks and that PEFT
drops, `warnings` is what it says, and for LoRA `scales` gives the modules' scales.
"""

import json
import pathlib
import tempfile
import warnings

import peft
import peft.peft_model
import torch
import transformers
from safetensors import safe_open
from safetensors.torch import save_file

import files

BASE = files.ROOT / "models/llama-bf16-sharded"
QV = dict(target_modules=["q_proj", "v_proj"])
CAUSAL = dict(task_type="CAUSAL_LM")
PROMPT = dict(num_virtual_tokens=3, **CAUSAL)

# The least that each method needs on this base; names are those of PEFT's classes, by peft_type.
METHODS = {
    "LORA": dict(r=4, **QV),
    "ADALORA": dict(init_r=4, target_r=2, total_step=10, **QV),
    "ADAMSS": dict(r=4, num_subspaces=2, **QV),
    "ADAPTION_PROMPT": dict(adapter_len=3, adapter_layers=2, **CAUSAL),
    "BEFT": dict(target_modules=["v_proj"]),
    "BOFT": dict(boft_block_size=4, **QV),
    "C3A": dict(block_size=4, **QV),
    "CARTRIDGE": dict(PROMPT),
    "CPT": dict(cpt_token_ids=[5, 6, 7], cpt_mask=[1, 1, 1], cpt_tokens_type_mask=[1, 2, 3], **CAUSAL),
    "DEFT": dict(r=4, **QV),
    "DELORA": dict(r=4, **QV),
    "FOURIERFT": dict(n_frequency=20, **QV),
    "FROD": dict(target_modules=["q_proj", "k_proj"]),
    "GLORA": dict(r=4, **QV),
    "GRALORA": dict(r=4, gralora_k=2, **QV),
    "HIRA": dict(r=4, **QV),
    "HRA": dict(r=4, **QV),
    "IA3": dict(target_modules=["k_proj", "v_proj", "down_proj"], feedforward_modules=["down_proj"]),
    "LILY": dict(r=4, num_B=2, **QV),
    "LN_TUNING": dict(target_modules=["input_layernorm", "norm"]),
    "LOHA": dict(r=4, **QV),
    "LOKR": dict(r=2, **QV),
    "MISS": dict(r=4, **QV),
    "MULTITASK_PROMPT_TUNING": dict(num_tasks=2, **PROMPT),
    "OFT": dict(oft_block_size=4, **QV),
    "OSF": dict(effective_rank=4, **QV),
    "P_TUNING": dict(encoder_hidden_size=8, **PROMPT),
    "PEANUT": dict(r=4, **QV),
    "POLY": dict(r=4, n_tasks=2, n_skills=2, n_splits=1, **QV),
    "PREFIX_TUNING": dict(PROMPT),
    "PROMPT_TUNING": dict(PROMPT),
    "PSOFT": dict(r=4, **QV),
    "PVERA": dict(r=4, **QV),
    "RANDLORA": dict(r=4, **QV),
    "ROAD": dict(group_size=4, **QV),
    "SHADOW": dict(r=4, **QV),
    "SHIRA": dict(r=4, **QV),
    "SUPERTUNING": dict(sparsity=0.9, **QV),
    "TINYLORA": dict(u=4, **QV),
    "TRAINABLE_TOKENS": dict(token_indices=[3, 4], target_modules=["embed_tokens"]),
    "UNILORA": dict(r=4, theta_d_length=32, **QV),
    "VBLORA": dict(r=4, num_vectors=8, vector_length=4, **QV),
    "VERA": dict(r=4, **QV),
    "WAVEFT": dict(n_frequency=20, **QV),
    "XLORA": dict(hidden_size=40),
}

SHAPES = {  # other forms of the same methods, which save other tensors
    "ADALORA with rank_pattern": ("ADALORA", dict(init_r=4, target_r=2, total_step=10, **QV)),
    "CPT with one token": ("CPT", dict(cpt_token_ids=[5], cpt_mask=[1], cpt_tokens_type_mask=[1], **CAUSAL)),
    "IA3 with a head": ("IA3", METHODS["IA3"] | dict(modules_to_save=["lm_head"])),
    "LOHA of one projection": ("LOHA", dict(r=4, alpha=2, target_modules=["q_proj"])),
    "LOKR in full": ("LOKR", dict(r=64, decompose_both=True, **QV)),
    "LOKR on both sides": ("LOKR", dict(r=2, decompose_both=True, decompose_factor=4, **QV)),
    "MISS as bat": ("MISS", dict(r=4, init_weights="bat", **QV)),
    "MISS as mini": ("MISS", dict(r=4, mini_r=2, init_weights="mini", **QV)),
    "OFT with a shared block": ("OFT", dict(oft_block_size=4, block_share=True, **QV)),
    "P_TUNING with an LSTM": ("P_TUNING", dict(encoder_hidden_size=8, encoder_reparameterization_type="LSTM", **PROMPT)),
    "PREFIX_TUNING with a projection": ("PREFIX_TUNING", dict(prefix_projection=True, encoder_hidden_size=8, **PROMPT)),
    "ROAD 4": ("ROAD", dict(variant="road_4", group_size=4, **QV)),
    "VBLORA with its best alone": ("VBLORA", METHODS["VBLORA"] | dict(save_only_topk_weights=True)),
    "VERA without its projection": ("VERA", dict(r=4, save_projection=False, **QV)),
    "C3A, SEQ_CLS": ("C3A", dict(block_size=4, task_type="SEQ_CLS", **QV)),
    "LOHA, SEQ_CLS": ("LOHA", dict(r=4, task_type="SEQ_CLS", **QV)),
    "HRA, SEQ_CLS": ("HRA", dict(r=4, task_type="SEQ_CLS", **QV)),
}  # fmt: skip

ATTENTION = "base_model.model.model.layers.{}.self_attn.q_proj."
# As earlier releases saved them: the method is gone, or its tensors have other names today.
EARLIER = {
    "BONE of PEFT 0.17": ("BONE", dict(r=4, bias="none", init_weights=True, layers_pattern=None, modules_to_save=None),
                          ["bone_block F32 4x48"]),
    "BONE of PEFT 0.17 as bat": ("BONE", dict(r=4, bias="none", init_weights="bat"), ["bone_block F32 12x4x4"]),
    "OFT of PEFT 0.12": ("OFT", dict(r=4, module_dropout=0.0, coft=False, eps=6e-05, block_share=False), ["oft_r F32 4x10x10"]),
    "VERA of PEFT 0.11": ("VERA", dict(r=4, projection_prng_key=0, save_projection=False, d_initial=0.1),
                          ["vera_lambda_b F32 48", "vera_lambda_d F32 4"]),
    "ADALORA of PEFT 0.3": ("ADALORA", dict(r=8, target_r=2, init_r=4, lora_alpha=8, rank_pattern=None),
                            ["lora_A F32 4x40", "lora_B F32 48x4", "lora_E F32 4x1", "ranknum F32 1"]),
    "IA3 of PEFT 0.4": ("IA3", dict(feedforward_modules=[], fan_in_fan_out=False), ["ia3_l F32 48x1"]),
}  # fmt: skip

PLAIN = dict(r=4, lora_alpha=8, **CAUSAL, **QV)
VARIANTS = {
    "plain": {},
    "dora": dict(use_dora=True),
    "rslora": dict(use_rslora=True),
    "rslora with patterns": dict(use_rslora=True, rank_pattern={"q_proj": 2}, alpha_pattern={"v_proj": 3}),
    "rank_pattern": dict(rank_pattern={"layers.0.self_attn.q_proj": 2}),
    "alpha_pattern": dict(alpha_pattern={"v_proj": 3}),
    "fractional alpha": dict(lora_alpha=2.5),
    "dead alpha_pattern": dict(alpha_pattern={"^q_proj": 3}),
    "dead rank_pattern": dict(rank_pattern={"k_proj": 2}),
    "layers_to_transform": dict(layers_to_transform=[0, 2]),
    "layers_to_transform as a number": dict(layers_to_transform=1),
    "layers_pattern": dict(layers_to_transform=[1], layers_pattern="layers"),
    "a regular expression": dict(target_modules=r".*\.layers\.[01]\.self_attn\.(q|k)_proj"),
    "full names": dict(target_modules=["model.layers.1.mlp.up_proj", "model.layers.2.self_attn.o_proj"]),
    "all-linear": dict(target_modules="all-linear"),
    "exclude_modules": dict(exclude_modules=["layers.0.self_attn.q_proj"]),
    "exclude_modules as an expression": dict(exclude_modules=r".*\.layers\.2\..*"),
    "lm_head": dict(target_modules=["q_proj", "lm_head"]),
    "embed_tokens": dict(target_modules=["q_proj", "embed_tokens"]),
    "modules_to_save": dict(modules_to_save=["lm_head"]),
    "modules_to_save, embeddings": dict(modules_to_save=["embed_tokens", "lm_head"]),
    "modules_to_save, nothing": dict(modules_to_save=["score"]),
    "norms saved": dict(modules_to_save=["input_layernorm"]),
    "trainable_token_indices": dict(trainable_token_indices=[1, 2, 3]),
    "trainable_token_indices by name": dict(trainable_token_indices={"embed_tokens": [1, 2, 3]}),
    "lora_bias": dict(lora_bias=True),
    "bias all": dict(bias="all"),
    "bias lora_only": dict(bias="lora_only"),
    "layer_replication": dict(layer_replication=[[0, 2], [1, 3]]),
    "gaussian": dict(init_lora_weights="gaussian"),
    "orthogonal": dict(init_lora_weights="orthogonal"),
    "init false": dict(init_lora_weights=False),
    "pissa": dict(init_lora_weights="pissa"),
    "pissa_niter_2": dict(init_lora_weights="pissa_niter_2"),
    "olora": dict(init_lora_weights="olora"),
    "mica": dict(init_lora_weights="mica"),
    "eva": dict(init_lora_weights="eva", eva_config=peft.EvaConfig()),
    "qalora": dict(use_qalora=True, qalora_group_size=4),
    "alora": dict(alora_invocation_tokens=[5, 6]),
    "kasa": dict(kasa_config={}),
    "bdlora": dict(use_bdlora=dict(target_modules_bd_a=["v_proj"], target_modules_bd_b=["q_proj"], nblocks=2)),
    "velora": dict(velora_config=dict(num_groups=4)),
    "monteclora": dict(monteclora_config=dict(num_samples=2)),
    "arrow": dict(arrow_config=dict(top_k=1)),
    "megatron_core alone": dict(megatron_core="megatron.core"),
    "megatron_config": dict(megatron_config={"tensor_model_parallel_size": 1}),
    "loftq_config left over": dict(loftq_config={"loftq_bits": 4, "loftq_iter": 1}),
    "eva_config left over": dict(eva_config=peft.EvaConfig()),
    "corda_config left over": dict(corda_config={}),
    "ensure_weight_tying": dict(modules_to_save=["embed_tokens"], ensure_weight_tying=True),
    "SEQ_CLS": dict(task_type="SEQ_CLS"),
    "TOKEN_CLS": dict(task_type="TOKEN_CLS"),
    "QUESTION_ANS": dict(task_type="QUESTION_ANS"),
    "no task": dict(task_type=None),
    "FEATURE_EXTRACTION": dict(task_type="FEATURE_EXTRACTION"),
    "dora with embed_tokens": dict(use_dora=True, target_modules=["q_proj", "embed_tokens"]),
    "other adapter name": {},
}
CLASSES = {
    "SEQ_CLS": transformers.AutoModelForSequenceClassification,
    "TOKEN_CLS": transformers.AutoModelForTokenClassification,
    "QUESTION_ANS": transformers.AutoModelForQuestionAnswering,
    "FEATURE_EXTRACTION": transformers.AutoModel,
}


def load(task):
    model = CLASSES.get(task, transformers.AutoModelForCausalLM).from_pretrained(BASE, dtype=torch.float32)
    model.config.use_cache = False  # X-LoRA insists
    return model


def verdict(model, folder):
    """What PEFT makes of the adapter in a folder."""
    results = []
    original = peft.peft_model.set_peft_model_state_dict

    def noting(*arguments, **more):
        results.append(original(*arguments, **more))
        return results[-1]

    peft.peft_model.set_peft_model_state_dict = noting
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            loaded = peft.PeftModel.from_pretrained(model, folder)
        except Exception as error:
            return {"refused": f"{type(error).__name__}: {error}".splitlines()[0][:140]}
        finally:
            peft.peft_model.set_peft_model_state_dict = original
    entry = {}
    if loaded.peft_config["default"].peft_type == "LORA":
        layers = [layer for layer in loaded.modules() if isinstance(layer, peft.tuners.lora.LoraLayer)]
        layers = [layer for layer in layers if "default" in layer.scaling]
        entry["modules"] = len(layers)
        entry["scales"] = sorted({float(layer.scaling["default"]) for layer in layers})
    if results:
        config = loaded.peft_config["default"]
        missing = [key for key in results[0].missing_keys if getattr(loaded.base_model, "prefix", "lora_") in key]
        entry["missing"] = len(missing)
        entry["unexpected"] = len(results[0].unexpected_keys)
    texts = {str(warning.message).splitlines()[0][:160] for warning in caught if "torch" not in str(warning.category)}
    # What the machine lacks says nothing of the adapter.
    texts = sorted(text for text in texts if "CUDA extension" not in text)
    return {**entry, "warnings": texts} if texts else entry


def shaken(model):
    generator = torch.Generator().manual_seed(3)
    for parameter in model.parameters():
        if parameter.requires_grad and parameter.is_floating_point():
            parameter.data = torch.randn(parameter.shape, generator=generator).to(parameter.dtype) * 0.1


def saved(config, folder, adapter="default"):
    """Trains nothing, but gives every trainable number a value, and saves; the folder of the adapter."""
    model = load(getattr(config, "task_type", None))
    model = peft.get_peft_model(model, config, adapter_name=adapter)
    shaken(model)
    model.save_pretrained(folder)
    return pathlib.Path(folder) / adapter if adapter != "default" else pathlib.Path(folder)


def described(path):
    with safe_open(path / "adapter_model.safetensors", "pt") as file:
        rows = []
        for name in file.keys():  # noqa: SIM118
            part = file.get_slice(name)
            rows.append(f"{name} {part.get_dtype()} {'x'.join(str(size) for size in part.get_shape())}")
        return sorted(rows)


def xlora(folder):
    lora = pathlib.Path(folder) / "lora"
    saved(peft.LoraConfig(**PLAIN), lora)
    model = load("CAUSAL_LM")
    config = peft.XLoraConfig(hidden_size=40, xlora_depth=1, adapters={"0": str(lora)}, **CAUSAL)
    model = peft.get_peft_model(model, config)
    model.save_pretrained(pathlib.Path(folder) / "x")
    return pathlib.Path(folder) / "x"


def row(name, method, config, adapter="default"):
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if method == "XLORA":
            path = xlora(folder)
        else:
            path = saved(config, folder, adapter)
        text = json.loads((path / "adapter_config.json").read_text())
        entry = {"name": name, "method": method, "config": text, "tensors": described(path)}
        entry |= verdict(load(text.get("task_type")), str(path))
        for key in ("base_model_name_or_path",):
            if key in text:
                text[key] = "x/tiny"
        if method == "XLORA":
            text["adapters"] = {"0": "lora"}
        return entry


def earlier():
    """Rows that no release of today saves, with its verdict on them."""
    for name, (method, fields, parts) in EARLIER.items():
        config = dict(peft_type=method, target_modules=["q_proj"], base_model_name_or_path="x/tiny", **CAUSAL, **fields)
        listed = [ATTENTION.format(layer) + part for layer in range(3) for part in parts]
        tensors = {}
        for line in listed:
            key, _, shape = line.split(" ")
            tensors[key] = torch.full([int(size) for size in shape.split("x")], 0.1)
        with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            save_file(tensors, pathlib.Path(folder) / "adapter_model.safetensors", metadata={"format": "pt"})
            (pathlib.Path(folder) / "adapter_config.json").write_text(json.dumps(config))
            entry = {"name": name, "method": method, "config": config, "tensors": sorted(listed)}
            yield entry | verdict(load("CAUSAL_LM"), folder)


def rows():
    yield from earlier()
    mapping = peft.mapping.PEFT_TYPE_TO_CONFIG_MAPPING
    assert set(METHODS) == {str(kind.value) for kind in mapping}, set(mapping) ^ set(METHODS)
    cases = [(name, name, fields) for name, fields in METHODS.items()]
    cases += [(name, method, fields) for name, (method, fields) in SHAPES.items()]
    for name, method, fields in cases:
        config = mapping[method](**fields) if method != "XLORA" else None
        yield row(name, method, config)
    for name, fields in VARIANTS.items():
        try:
            yield row(f"LORA {name}", "LORA", peft.LoraConfig(**(PLAIN | fields)), "other" if "other" in name else "default")
        except Exception as error:
            yield {"name": f"LORA {name}", "unmade": f"{type(error).__name__}: {error}".splitlines()[0][:140]}


def make():
    lines = []
    for entry in rows():
        if "unmade" in entry:
            print(entry)
            continue
        lines.append(json.dumps(entry))
    head = f'{{"peft": {json.dumps(peft.__version__)},\n "cases": [\n  '
    (files.ROOT / "corpus/methods.json").write_text(head + ",\n  ".join(lines) + "\n ]}\n")
