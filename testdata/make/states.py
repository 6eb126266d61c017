"""What a sequence keeps in layers of constant size: `states.py > testdata/engines/vllm-states.json`.

vLLM's own `get_mamba_state_shape_from_config` is asked for every class that has it, and its calculator directly for
types whose class it does not have (Bamba, Kimi Linear, MiniMax) or has for files of other keys only (Bailing), with
configurations of transformers in their default sizes and in odd ones, and for one device and two. The number of layers
that keep a state is that of transformers' cache (`get_layer_types_and_kwargs`).

    vllm 0.33.0, torch 2.12.0 (CPU), transformers of that installation
"""

import importlib
import json
import math
import random
import sys
import types

CLASSES = {
    "qwen3_next": ("qwen3_next", "Qwen3NextForCausalLM"),
    "qwen3_5_text": ("qwen3_5", "Qwen3_5ForCausalLM"),
    "qwen3_5_moe_text": ("qwen3_5", "Qwen3_5MoeForCausalLM"),
    "olmo_hybrid": ("olmo_hybrid", "OlmoHybridForCausalLM"),
    "jamba": ("jamba", "JambaForCausalLM"),
    "mamba": ("mamba", "MambaForCausalLM"),
    "falcon_mamba": ("mamba", "MambaForCausalLM"),
    "mamba2": ("mamba2", "Mamba2ForCausalLM"),
    "falcon_h1": ("falcon_h1", "FalconH1ForCausalLM"),
    "granitemoehybrid": ("granitemoehybrid", "GraniteMoeHybridForCausalLM"),
    "nemotron_h": ("nemotron_h", "NemotronHForCausalLM"),
    "zamba2": ("zamba2", "Zamba2ForCausalLM"),
    "bamba": None, "kimi_linear": None, "bailing_hybrid": None, "minimax": None,
    "lfm2": ("lfm2", "Lfm2ForCausalLM"),
    "lfm2_moe": ("lfm2_moe", "Lfm2MoeForCausalLM"),
}

# Keys that a state is made of, and other numbers for them.
ODD = {
    "linear_num_key_heads": [4, 8], "linear_num_value_heads": [8, 16], "linear_key_head_dim": [48, 96],
    "linear_value_head_dim": [80, 160], "linear_conv_kernel_dim": [3, 5],
    "mamba_expand": [2, 3], "mamba_d_state": [24, 48], "mamba_d_conv": [3, 5], "mamba_n_groups": [2, 4],
    "mamba_n_heads": [32, 64], "mamba_d_head": [16, 48], "mamba_ngroups": [2, 4], "n_mamba_heads": [16, 32],
    "mamba_headdim": [32, 64], "mamba_d_ssm": [1024, 1536],
    "state_size": [24, 48], "conv_kernel": [3, 5], "expand": [2, 3], "n_groups": [2, 4], "num_heads": [32, 64],
    "head_dim": [32, 48], "mamba_num_heads": [32, 64], "mamba_head_dim": [48, 96], "ssm_state_size": [24, 48],
    "linear_num_heads": [8, 16], "linear_head_dim": [48, 64], "num_attention_heads": [16, 32],
    "attn_layer_indices": [[1, 3], [2]], "conv_L_cache": [3, 5], "hidden_size": [1536, 2048],
}


def fit(given, model_type, fields):
    """Numbers that configuration classes demand to go together, and a key that published files have."""
    if model_type.startswith("lfm2") and given:
        given.update(layer_types=["conv", "full_attention", "conv", "conv", "full_attention"], num_hidden_layers=5)
    if model_type == "lfm2":
        given["conv_dim"] = given.get("hidden_size", fields["hidden_size"])
    if not given:
        return
    hidden = given.get("hidden_size", fields.get("hidden_size"))
    for heads, width, factor in [("num_heads", "head_dim", "expand"), ("mamba_n_heads", "mamba_d_head", "mamba_expand"),
                                 ("n_mamba_heads", "mamba_headdim", "mamba_expand")]:
        if heads in given and factor in given:
            given[width] = rng.choice([32, 64])
            given[heads] = given[factor] * hidden // given[width]
    if model_type == "falcon_h1":
        given["mamba_d_ssm"] = given["mamba_n_heads"] * given["mamba_d_head"]


rng = random.Random(7)


def kept(config):
    from transformers.cache_utils import get_layer_types_and_kwargs

    kinds = get_layer_types_and_kwargs(config.get_text_config(decoder=True))[0]
    if kinds is None:
        return config.num_hidden_layers
    return sum(kind in ("linear_attention", "mamba", "conv", "hybrid", "hybrid_sliding", "recurrent") for kind in kinds)


def shapes(cls, config, devices):
    text = config.get_text_config()
    stub = types.SimpleNamespace(
        parallel_config=types.SimpleNamespace(tensor_parallel_size=devices),
        model_config=types.SimpleNamespace(hf_config=config, hf_text_config=text),
        cache_config=types.SimpleNamespace(use_replayssm=False),
        speculative_config=None, num_speculative_tokens=0)
    return [math.prod(shape) for shape in cls.get_mamba_state_shape_from_config(stub)]


class Calculated:
    """What vLLM's calculator says of a configuration of transformers."""

    @classmethod
    def get_mamba_state_shape_from_config(cls, stub):
        from vllm.model_executor.layers.mamba.mamba_utils import MambaStateShapeCalculator as calculator

        config, devices = stub.model_config.hf_text_config, stub.parallel_config.tensor_parallel_size
        if config.model_type == "bamba":
            return calculator.mamba2_state_shape(
                devices, config.mamba_expand * config.hidden_size, config.mamba_n_groups, config.mamba_n_heads,
                config.mamba_d_head, config.mamba_d_state, config.mamba_d_conv)
        if config.model_type == "minimax":
            width = config.head_dim or config.hidden_size // config.num_attention_heads
            return calculator.linear_attention_state_shape(config.num_attention_heads, devices, width)
        return calculator.kda_state_shape(
            devices, config.linear_num_heads, config.linear_head_dim, conv_kernel_size=config.linear_conv_kernel_dim)


def main():
    from transformers import CONFIG_MAPPING

    rows = []
    for model_type, place in CLASSES.items():
        try:
            cls = Calculated
            if place:
                cls = getattr(importlib.import_module(f"vllm.model_executor.models.{place[0]}"), place[1])
            usual = CONFIG_MAPPING[model_type]
        except Exception as error:
            print("left out", model_type, repr(error)[:200], file=sys.stderr)
            continue
        fields = usual().to_dict()
        for number in range(4):
            given = {} if number == 0 else {k: rng.choice(v) for k, v in ODD.items() if k in fields}
            fit(given, model_type, fields)
            try:
                config = usual(**given)
                row = {
                    "model_type": model_type, "config": {"model_type": model_type, **given},
                    "elements": shapes(cls, config, 1), "of_two": shapes(cls, config, 2), "layers": kept(config)}
            except Exception as error:
                print("left out", model_type, number, repr(error)[:200], file=sys.stderr)
                continue
            if number == 3:
                # As published files have it: everything written out.
                written = config.to_dict()
                keys = [*ODD, "num_hidden_layers", "layer_types", "layers_block_type", "conv_dim", "head_dim"]
                row["config"].update({key: written[key] for key in keys if written.get(key) is not None})
                row["is_written_out"] = True
            rows.append(row)
    print("[\n" + ",\n".join(" " + json.dumps(row) for row in rows) + "\n]")


main()
