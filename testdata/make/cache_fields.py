"""What caches are made of: `cache_fields.py SWIFT [JSON]`, for `Sources/BaseCatalogue/Table/TypeTable+Caches.swift` and
`testdata/engines/transformers-caches.json`.

The table of types has the fields that decide about tensors. Those that decide about the cache alone (the heads where no
projection's size depends on their number, windows, which layers attend) are added to it here, for every type that
generates text: the raw defaults of its configuration class, and what the class works out of them where that is not in
the table. The evidence is a model of the sizes of the class, run on three tokens on the meta device, whose cache is
measured; and where a model does not run there, the fields of its configuration alone.

    transformers 5.24.0, torch 2.13.0 (CPU)
"""

import dataclasses
import json
import pathlib
import re
import signal
import sys

import torch
from transformers import CONFIG_MAPPING, AutoModel, AutoModelForCausalLM
from transformers.cache_utils import get_layer_types_and_kwargs
from transformers.models.auto import modeling_auto

import arch_swift

GENERATING = modeling_auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES
TEXTS = pathlib.Path(__file__).parents[2] / "Sources/BaseCatalogue/Table/TypeTable+Texts.swift"
LAYERS = ["num_hidden_layers", "n_layer", "n_layers", "num_layers"]
HEADS = ["num_attention_heads", "n_head", "n_heads", "num_heads"]
PAIRS = ["num_key_value_heads", "num_kv_heads", "n_head_kv"]
WIDTHS = ["head_dim", "attention_head_dim"]
FIELDS = [
    *LAYERS, *HEADS, *PAIRS, *WIDTHS, "hidden_size", "n_embd", "d_model", "kv_lora_rank", "qk_rope_head_dim",
    "sliding_window", "attention_window_size", "use_sliding_window", "multi_query", "new_decoder_architecture",
    "num_kv_shared_layers", "layer_types", "layers_block_type", "block_types", "attn_layer_indices",
    "attn_layer_period", "attn_layer_offset", "linear_num_key_heads", "linear_num_value_heads", "linear_key_head_dim",
    "linear_value_head_dim", "linear_conv_kernel_dim", "linear_head_dim", "linear_num_heads", "mamba_expand",
    "mamba_d_state", "mamba_d_conv", "mamba_n_groups", "mamba_n_heads", "mamba_d_head", "mamba_ngroups",
    "n_mamba_heads", "mamba_headdim", "mamba_d_ssm", "state_size", "conv_kernel", "expand", "n_groups",
    "mamba_num_heads", "mamba_head_dim", "ssm_state_size", "conv_L_cache", "conv1d_width", "n_input_layers",
    "n_recurrent_layers", "n_output_layers", "n_recurrent_loops", "recurrent_kv_cache_mode",
]

# What classes work out in properties, which decide about no tensor or belong to types without rows in the table.
LINEAR = "[num_hidden_layers|'linear_attention']"
FORMULAS = {
    **dict.fromkeys(["gemma4_text", "gemma4_unified_text"], {
        "layer_types": "null(layer_types)?[num_hidden_layers|i%6==5|i+1==num_hidden_layers?'full_attention':"
                       "'sliding_attention']:[len(layer_types)|i+1==len(layer_types)?'full_attention':"
                       "layer_types[i]]"}),
    "mamba": {"layer_types": LINEAR}, "mamba2": {"layer_types": LINEAR}, "falcon_mamba": {"layer_types": LINEAR},
    "falcon_h1": {"layers_block_type": "[num_hidden_layers|'hybrid']"},
    "jamba": {"layer_types": "[num_hidden_layers|i%attn_layer_period==attn_layer_offset?'full_attention':"
                             "'linear_attention']"},
    "bamba": {"layers_block_type": "[num_hidden_layers|attn_layer_indices has i?'full_attention':'linear_attention']"},
    "zamba": {
        "layers_block_type": "null(layers_block_type)?[(num_hidden_layers<3?3:num_hidden_layers)|i<2?"
                             "'linear_attention':i==2?'hybrid':(i-3)%attn_layer_period==attn_layer_offset?'hybrid':"
                             "'linear_attention']:layers_block_type",
        "attention_head_dim": "attention_head_dim?attention_head_dim:2*hidden_size//num_attention_heads"},
    "zamba2": {
        "layers_block_type": "null(layers_block_type)?[54|(i%6==0&0<i&i<=42)|i==47|i==51?'hybrid':"
                             "'linear_attention']:layers_block_type",
        "attention_head_dim": "2*hidden_size//num_attention_heads",
        "mamba_headdim": "mamba_expand*hidden_size//n_mamba_heads"},
    "recurrent_gemma": {
        "layers_block_type": "[num_hidden_layers|block_types[i%len(block_types)]=='recurrent'?'linear_attention':"
                             "'sliding_attention']",
        "head_dim": "hidden_size//num_attention_heads"},
    "nemotron_h": {
        "layers_block_type": "null(layers_block_type)?[4|i==0?'linear_attention':i==1?'moe':i==2?'full_attention':"
                             "'mlp']:layers_block_type"},
}
# Configurations other than the usual ones, for the types whose layers are of several kinds.
OTHERS = {
    "bamba": [dict(num_hidden_layers=7, attn_layer_indices=[2, 5], num_key_value_heads=4)],
    "jamba": [dict(num_hidden_layers=9, attn_layer_period=3, attn_layer_offset=1, num_key_value_heads=2)],
    "zamba": [dict(num_hidden_layers=11, attn_layer_period=4, attn_layer_offset=1)],
    "zamba2": [dict(num_hidden_layers=4, layers_block_type=["mamba", "hybrid", "mamba", "hybrid"], hidden_size=2048)],
    "recurrent_gemma": [dict(num_hidden_layers=5, block_types=["attention", "recurrent"], num_key_value_heads=1)],
    "nemotron_h": [dict(layers_block_type=["mamba", "attention", "mlp", "mamba", "attention"])],
    "kimi_linear": [
        dict(num_hidden_layers=5, layer_types=["linear_attention"] * 3 + ["full_attention"] * 2, kv_lora_rank=256),
        dict(num_hidden_layers=8, linear_attn_config=dict(
            full_attn_layers=[4, 8], kda_layers=[1, 2, 3, 5, 6, 7], num_heads=16, head_dim=64,
            short_conv_kernel_size=3))],
    "minimax": [dict(num_hidden_layers=5, num_key_value_heads=4),
                dict(num_hidden_layers=3, layer_types=["linear_attention", "linear_attention", "full_attention"])],
    "qwen3_next": [dict(num_hidden_layers=6, full_attention_interval=3)],
    "gemma3n_text": [dict(num_hidden_layers=10, num_kv_shared_layers=5)],
    "gemma4_text": [
        dict(attention_k_eq_v=True, num_global_key_value_heads=2, global_head_dim=128, head_dim=64),
        dict(num_hidden_layers=13, num_kv_shared_layers=5, num_key_value_heads=2),
        dict(num_hidden_layers=6, per_layer_config={"5": {"head_dim": 96, "num_key_value_heads": 1}})],
    "gemma4_unified_text": [dict(attention_k_eq_v=True, num_global_key_value_heads=1, num_hidden_layers=7)],
    "inkling_text": [dict(num_hidden_layers=9, swa_num_key_value_heads=4, swa_head_dim=64, num_key_value_heads=2)],
    "mimo_v2_flash": [dict(num_hidden_layers=8, num_key_value_heads=8, head_dim=96, v_head_dim=64)],
    "longcat_flash": [dict(num_layers=3, kv_lora_rank=256)],
    "dory": [dict(n_recurrent_loops=3, n_input_layers=4), dict(recurrent_kv_cache_mode="last_loop"),
             dict(num_hidden_layers=12, n_input_layers=2, n_output_layers=4, num_key_value_heads=2,
                  layer_types=["sliding_attention", "mlp", "full_attention", "mlp"] * 3)],
    "falcon": [dict(new_decoder_architecture=True, num_kv_heads=8), dict(multi_query=False)],
    "gpt_bigcode": [dict(multi_query=False)],
    "qwen2": [dict(num_attention_heads=16, num_key_value_heads=4)],
    "mistral": [dict(num_attention_heads=64, hidden_size=8192)],
}


def texts():
    """The lines of the types in the table."""
    found, name = {}, None
    for line in TEXTS.read_text().replace("\\\n    ", "").split("\n"):
        if start := re.fullmatch(r"    = (.*)", line):
            name = start[1]
            found[name] = []
        elif line.startswith("    ") and name and line != '    """)':
            found[name].append(line.strip())
    return found


def raw_defaults(cls):
    found = {}
    for field in dataclasses.fields(cls):
        value = field.default
        if value is dataclasses.MISSING and field.default_factory is not dataclasses.MISSING:
            value = field.default_factory()
        if isinstance(value, tuple):
            value = list(value)
        if value is not dataclasses.MISSING and value is not None:
            found[field.name] = value
    return found


def lines(name, known):
    """The lines that a type needs beside those of the table."""
    cls = CONFIG_MAPPING[name]
    have = {word.split("=")[0] for line in known if line.startswith("f . ") for word in line[4:].split()}
    others = {key: field for key, field in (cls.attribute_map or {}).items() if key in FIELDS or field in FIELDS}
    wanted = {*FIELDS, *others.values()} - have
    fields = {key: value for key, value in raw_defaults(cls).items() if key in wanted}
    out = []
    if fields:
        out.append("f . " + " ".join(f"{k}={json.dumps(v, separators=(',', ':'))}" for k, v in sorted(fields.items())))
    had = {word for line in known if line.startswith("k . ") for word in line[4:].split()}
    keys = {f"{key}={field}" for key, field in others.items()} - had
    if keys:
        out.append("k . " + " ".join(sorted(keys)))
    return out + [f"d {field} {formula}" for field, formula in FORMULAS.get(name, {}).items()]


def first(config, names):
    return next((value for name in names if isinstance(value := getattr(config, name, None), int)), None)


def measured(config):
    """Elements of a token in the keys and values of a model that runs; None where it does not."""
    def stop(*_):
        raise TimeoutError

    signal.signal(signal.SIGALRM, stop)
    signal.alarm(60)
    try:
        with torch.device("meta"), torch.no_grad():
            auto = AutoModelForCausalLM if config.model_type in GENERATING else AutoModel
            model = auto.from_config(config, dtype=torch.bfloat16).eval()
            out = model(input_ids=torch.zeros(1, 3, dtype=torch.long), use_cache=True)
        found = 0
        for layer in out.past_key_values.layers:
            for part in ("keys", "values"):
                tensor = getattr(layer, part, None)
                if tensor is not None:
                    assert tensor.shape[-2] == 3, tensor.shape
                    found += tensor.numel() // 3
        return found
    except Exception as error:
        print(config.model_type, "does not run:", repr(error)[:150], file=sys.stderr)
        return None
    finally:
        signal.alarm(0)


def row(name, given):
    config = CONFIG_MAPPING[name](**given)
    counts = dict.fromkeys(["full", "windowed", "shared", "stateful", "none"], 0)
    own = getattr(config, "layer_types", None) or []
    for index, kind in enumerate(get_layer_types_and_kwargs(config)[0]):
        if kind == "dummy":
            counts["none" if own[index] in ("moe", "mlp") else "shared"] += 1
        if kind in ("linear_attention", "conv", "hybrid", "hybrid_sliding"):
            counts["stateful"] += 1
        if kind in ("sliding_attention", "chunked_attention", "hybrid_sliding"):
            counts["windowed"] += 1
        elif kind not in ("dummy", "linear_attention", "conv"):
            counts["full"] += 1
    heads = first(config, HEADS)
    out = {"config": {"model_type": name, **given}, "layers": counts, "heads": heads}
    if heads is None or not counts["full"] + counts["windowed"]:
        return out
    if latent := getattr(config, "kv_lora_rank", None):
        return {**out, "latent": [latent, config.qk_rope_head_dim]}
    out["elements"] = measured(config)
    if out["elements"] is None:
        pairs = first(config, PAIRS) or heads
        width = first(config, WIDTHS) or first(config, ["hidden_size", "n_embd", "d_model"]) // heads
        out["elements"] = (counts["full"] + counts["windowed"]) * 2 * pairs * width
        out["is_measured"] = False
    return out


def main():
    """Writes both files."""
    known = texts()
    # Encoders, and decoders beside one, keep more or less than a decoder alone.
    others = {
        *modeling_auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES, *modeling_auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES}
    names = [
        name for name in sorted({*known, *FORMULAS})
        if name in CONFIG_MAPPING and (name in GENERATING or name.endswith("_text"))
        and name not in others and not hasattr(CONFIG_MAPPING[name](), "text_config")]
    entries = {name: "\n".join(lines(name, known.get(name, []))) for name in names}
    head = arch_swift.HEAD.format(version="5.24.0").replace("arch_swift", "cache_fields")
    pathlib.Path(sys.argv[1]).write_text(
        head + "\nextension TypeTable {\n"
        + "  /// What the caches of types that generate text depend on, beside what `texts` says.\n"
        + "\n".join(arch_swift.literal("caches", entries)) + "\n}\n")
    if len(sys.argv) < 3:
        return
    rows = []
    for name in names:
        for given in [{}, *OTHERS.get(name, [])]:
            try:
                rows.append(row(name, given))
            except Exception as error:
                print("left out", name, given, repr(error)[:200], file=sys.stderr)
    pathlib.Path(sys.argv[2]).write_text("[\n" + ",\n".join(" " + json.dumps(row) for row in rows) + "\n]\n")


if __name__ == "__main__":
    main()
