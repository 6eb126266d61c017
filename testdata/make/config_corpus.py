"""Makes corpus/configs.json: forms of adapter_config.json, and what PEFT itself makes of each.

The adapter is always the same: rank 4 on q_proj and v_proj of models/llama-bf16-sharded. An entry says `refused`, or
`applied` (modules whose factors PEFT took over) with `scales`, and `warnings` where PEFT gave any about the adapter.
"""

import json
import pathlib
import tempfile
import warnings

import peft
import torch
import transformers
from safetensors.torch import save_file

import files

RANK = 4
PLAIN = dict(
    peft_type="LORA", task_type="CAUSAL_LM", r=RANK, lora_alpha=8, target_modules=["q_proj", "v_proj"], bias="none",
    base_model_name_or_path="x/tiny", fan_in_fan_out=False, inference_mode=True, init_lora_weights=True,
    lora_dropout=0.0, modules_to_save=None,
)  # fmt: skip

# Fields that releases added, in their order; every era has those of the eras before.
ERAS = [
    ("0.2", dict(merge_weights=False, enable_lora=None)),
    ("0.4", dict(auto_mapping=None, layers_pattern=None, layers_to_transform=None, revision=None)),
    ("0.6", dict(alpha_pattern={}, rank_pattern={})),
    ("0.7", dict(loftq_config={}, megatron_config=None, megatron_core="megatron.core")),
    ("0.8", dict(use_rslora=False)),
    ("0.10", dict(use_dora=False, layer_replication=None)),
    ("0.14", dict(eva_config=None, exclude_modules=None, lora_bias=False)),
    ("0.16", dict(corda_config=None, trainable_token_indices=None)),
    ("0.17", dict(qalora_group_size=16, target_parameters=None, use_qalora=False)),
    ("0.18", dict(alora_invocation_tokens=None, arrow_config=None, ensure_weight_tying=False, peft_version="0.18.1")),
    ("0.21", dict(kasa_config=None, lora_ga_config=None, monteclora_config=None, use_bdlora=None, velora_config=None,
                  peft_version="0.21.2")),
]  # fmt: skip

NULLS = """bias lora_dropout rank_pattern alpha_pattern task_type init_lora_weights use_rslora use_dora fan_in_fan_out
modules_to_save layers_to_transform layers_pattern exclude_modules target_parameters loftq_config auto_mapping
base_model_name_or_path inference_mode revision megatron_config peft_version trainable_token_indices lora_bias
ensure_weight_tying layer_replication target_modules r lora_alpha peft_type""".split()

ABSENT = """bias lora_dropout task_type init_lora_weights fan_in_fan_out modules_to_save inference_mode
base_model_name_or_path target_modules r lora_alpha peft_type""".split()

PATTERNS = [
    {"^q_proj": 4}, {"q_proj": 4}, {"model.layers.0.self_attn.q_proj": 4},
    {"base_model.model.model.layers.0.self_attn.q_proj": 4}, {"nope": 4}, {".*q_proj": 4}, {"layers.0.*": 4}, [],
    "q_proj", {"q_proj": "4"},
]  # fmt: skip

VALUES = dict(
    init_lora_weights=["True", "False", "true", "kaiming", "gaussian", "Gaussian", "eva", "olora", "OLoRA", "pissa",
                       "pissa_niter_4", "pissa_niter_x", "PISSA", "corda", "orthogonal", "Orthogonal", "lora_ga",
                       "mica", "", 1, 0, False],
    target_modules=["q_proj", "q_proj,v_proj", ".*q_proj", "q_proj|v_proj", ".*(q_proj|v_proj)", "all-linear",
                    "ALL-LINEAR", "", [], ["q_proj"], ["q_proj", "v_proj", "Wqkv"], ["Wqkv"],
                    ["self_attn.q_proj", "self_attn.v_proj"], ["model.layers.0.self_attn.q_proj", "v_proj"],
                    "model.layers.0.self_attn.q_proj", {"q_proj": 1}, ["q_proj", 3]],
    peft_type=["lora", "Lora", "IA3", "LOHA", "", "NOPE", 3],
    task_type=["causal_lm", "CAUSAL_LM ", "TEXT_GENERATION", "SEQ_CLS", "FEATURE_EXTRACTION", "", 3],
    bias=["all", "lora_only", "None", "NONE", "some", "x_only", True],
    lora_alpha=[8.0, 8.5, "8", 0, -4, True, 1e308],
    r=[4.0, "4", 0, -1, True, 8],
    rank_pattern=PATTERNS,
    alpha_pattern=PATTERNS,
    layers_to_transform=[[0, 1, 2], [0], 0, [7], "0", []],
    layers_pattern=["layers", "h", ["layers"], ""],
    modules_to_save=[["lm_head"], ["score"], "lm_head", []],
    exclude_modules=["v_proj", ["v_proj"], ".*v_proj", [], ["nope"]],
    target_parameters=[["q_proj.weight"], "q_proj.weight", ["nope.weight"], []],
    eva_config=[{}, {"rho": 2.0, "tau": 0.99}, "x", True],
    corda_config=[{}, []],
    lora_ga_config=[{}, 3],
    arrow_config=["x", []],
    kasa_config=[True, []],
    velora_config=["x", {"num_groups": 0}],
    monteclora_config=[3, {"num_samples": 0}],
    use_bdlora=[True, False],
    loftq_config=[{"loftq_bits": 4, "loftq_iter": 1}, []],
    megatron_core=[None, "x"],
    trainable_token_indices=[[1], {"embed_tokens": [1]}, "x", []],
    alora_invocation_tokens=[[]],
    use_qalora=[False],
    qalora_group_size=[3, None],
    ensure_weight_tying=[True, None],
    fan_in_fan_out=[True, "true", 0],
    use_rslora=[True, "true", 1, 0],
    use_dora=[False, 0],
    lora_dropout=["0.1", 0, 1, 2, -1, 0.05, [0.1]],
    inference_mode=[False, "x"],
    revision=["main", 3],
    auto_mapping=[{}, {"base_model_class": "LlamaForCausalLM", "parent_library": "transformers.models.llama.modeling_llama"}],
    base_model_name_or_path=["", "org/name", 3],
    peft_version=["0.99.0", 3],
    lora_bias=[False, 0],
)  # fmt: skip


def cases(modules):
    """Name, config, and the modules that the file has tensors for."""
    config = dict(PLAIN)
    for era, fields in ERAS:
        config = {**config, **fields}
        yield f"era {era}", config, modules
    for field in NULLS:
        yield f"{field} null", {**PLAIN, field: None}, modules
    for field in ABSENT:
        yield f"{field} absent", {key: value for key, value in PLAIN.items() if key != field}, modules
    for field, values in VALUES.items():
        for value in values:
            yield f"{field} {json.dumps(value)}", {**PLAIN, field: value}, modules
    for value in VALUES["layers_pattern"]:
        fields = dict(layers_pattern=value, layers_to_transform=[0, 1, 2])
        yield f"layers_pattern with layers {json.dumps(value)}", {**PLAIN, **fields}, modules
    others = {
        "layers_to_transform with text": dict(target_modules=".*q_proj", layers_to_transform=[0]),
        "use_dora without magnitude": dict(use_dora=True),
        "use_dora with megatron": dict(use_dora=True, megatron_config={"a": 1}),
        "lora_bias without tensors": dict(lora_bias=True),
        "lora_bias with gaussian": dict(lora_bias=True, init_lora_weights="gaussian"),
        "rslora": dict(use_rslora=True),
        "future field": dict(new_thing=3),
        "runtime_config": dict(runtime_config={"a": 1}),
        "more tensors": dict(target_modules=["q_proj"]),
        "alora for another task": dict(alora_invocation_tokens=[5], task_type="SEQ_CLS"),
        "eva without its config": dict(init_lora_weights="eva"),
        "eva with its config": dict(init_lora_weights="eva", eva_config={"rho": 2.0}),
        "corda with its config": dict(init_lora_weights="corda", corda_config={}),
        "loftq without its config": dict(init_lora_weights="loftq"),
        "rslora with pissa and patterns": dict(use_rslora=True, init_lora_weights="pissa", rank_pattern={"q_proj": 4}),
        "several future fields": dict(new_thing=3, other={"a": [1]}, third=None),
        "merge_weights and enable_lora": dict(merge_weights=True, enable_lora=[True, False, True]),
        "ms-swift's fields": dict(lora_dtype=None, lorap_lr_ratio=None, lorap_emb_lr=1e-6),
        "Unsloth's mark": dict(auto_mapping={"base_model_class": "LlamaForCausalLM", "unsloth_fixed": True}),
    }
    for name, fields in others.items():
        yield name, {**PLAIN, **fields}, modules
    yield "fewer tensors", PLAIN, [name for name in modules if name.endswith("q_proj")]
    yield "one module gone", PLAIN, modules[1:]


def verdict(model, folder, tensors):
    """What PEFT makes of the adapter in a folder."""
    entry = {}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            loaded = peft.PeftModel.from_pretrained(model, folder)
            scales = {}
            for name, layer in loaded.named_modules():
                factor = tensors.get(f"{name}.lora_B.weight")
                if factor is None or "default" not in getattr(layer, "lora_B", {}):
                    continue
                if torch.equal(layer.lora_B["default"].weight.float(), factor):
                    scales[name] = float(layer.scaling["default"])
            entry.update(applied=len(scales), scales=sorted(set(scales.values())))
        except Exception as error:
            entry["refused"] = f"{type(error).__name__}: {error}".splitlines()[0].split("{")[0][:100]
    marks = ("adapter", "pattern", "target", "lora_bias", "will be ignored")
    texts = {str(warning.message).split(":")[0].split("=")[0][:100] for warning in caught}
    about = sorted(text for text in texts if any(mark in text for mark in marks))
    return {**entry, "warnings": about} if about else entry


def make():
    base = files.ROOT / "models/llama-bf16-sharded"
    model = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    linear = {name: layer for name, layer in model.named_modules() if isinstance(layer, torch.nn.Linear)}
    modules = [name for name in linear if name.endswith(("q_proj", "v_proj"))]
    rows = []
    for name, config, present in cases(modules):
        generator = torch.Generator().manual_seed(1)
        tensors = {}
        for module in present:
            sizes = linear[module].in_features, linear[module].out_features
            tensors[f"base_model.model.{module}.lora_A.weight"] = torch.randn(RANK, sizes[0], generator=generator)
            tensors[f"base_model.model.{module}.lora_B.weight"] = torch.randn(sizes[1], RANK, generator=generator)
        with tempfile.TemporaryDirectory() as folder:
            save_file(tensors, pathlib.Path(folder) / "adapter_model.safetensors", metadata={"format": "pt"})
            (pathlib.Path(folder) / "adapter_config.json").write_text(json.dumps(config))
            fresh = transformers.AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
            row = {"name": name, "config": config, **verdict(fresh, folder, tensors)}
        if present != modules:
            row["modules"] = present
        rows.append(json.dumps(row))
    head = f'{{"peft": {json.dumps(peft.__version__)}, "rank": {RANK},\n "modules": {json.dumps(modules)},\n "cases": [\n  '
    path = files.ROOT / "corpus/configs.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(head + ",\n  ".join(rows) + "\n ]}\n")
