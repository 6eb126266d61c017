"""Adapters as mlx-lm trains and saves them, on its CPU build."""

import mlx.core as mx
from mlx.utils import tree_flatten, tree_map_with_path
from mlx_lm.models import llama, qwen3_moe
from mlx_lm.tuner.utils import linear_to_lora_layers

from files import ROOT, fresh, write_json

FORMATS = ROOT / "formats"
LLAMA = dict(model_type="llama", hidden_size=16, num_hidden_layers=2, intermediate_size=20, num_attention_heads=2,
             num_key_value_heads=1, rms_norm_eps=1e-6, vocab_size=24, head_dim=12, tie_word_embeddings=False)  # fmt: skip
EXPERTS = dict(model_type="qwen3_moe", hidden_size=16, num_hidden_layers=1, intermediate_size=20, num_attention_heads=2,
               num_experts=3, num_experts_per_tok=1, decoder_sparse_step=1, mlp_only_layers=[], moe_intermediate_size=10,
               rms_norm_eps=1e-6, vocab_size=24, num_key_value_heads=1, head_dim=12, rope_theta=10000.0,
               tie_word_embeddings=False, max_position_embeddings=32, norm_topk_prob=True)  # fmt: skip


def trained(model, keys, layers, use_dora=False, **parameters):
    """Wraps the model as `mlx_lm.lora` does and gives every adapter tensor seeded values."""
    model.freeze()
    config = dict(dropout=0.0) | parameters
    linear_to_lora_layers(model, layers, config | (dict(keys=set(keys)) if keys else {}), use_dora=use_dora)
    for _, layer in model.named_modules():
        if hasattr(layer, "lora_a"):
            layer.unfreeze(keys=["lora_a", "lora_b", "m"], recurse=False, strict=False)
    noise = lambda _, leaf: leaf + 0.05 * mx.random.normal(leaf.shape)  # noqa: E731
    model.update(tree_map_with_path(noise, model.trainable_parameters()))
    return config | (dict(keys=keys) if keys else {})


def rows(model):
    """What mlx-lm's own layers hold: sizes by its fused delta's shape, the scale as it multiplies."""
    for name, layer in model.named_modules():
        if not hasattr(layer, "lora_a"):
            continue
        base = next(layer[key] for key in ("linear", "embedding") if key in layer)
        a, kind = layer.lora_a, "embedding" if "embedding" in layer else "parameter" if layer.lora_a.ndim == 3 else "linear"
        rank = a.shape[1]
        into, out = base.weight.shape if kind == "embedding" else base.weight.shape[::-1][:2]
        yield {"name": name, "kind": kind, "rank": rank, "in": into, "out": out, "alpha": None,
               "scale": float(layer.scale), "source": "file", "declared": rank,
               "experts": a.shape[0] if a.ndim == 3 else 1}  # fmt: skip


def save(name, model, config):
    """As `mlx_lm.lora` leaves its adapter folder."""
    folder = fresh(FORMATS / name)
    mx.save_safetensors(str(folder / "adapters.safetensors"), dict(tree_flatten(model.trainable_parameters())))
    (folder / "adapters.safetensors").chmod(0o644)
    write_json(folder / "adapter_config.json", dict(sorted(config.items())), indent=4)
    return folder


def mlx_cases():
    def case(folder, modules=(), rules=(), **more):
        # MLX writes `"__metadata__": null` and its tensors in no order, which some readers do not take.
        rules = ["header-unusual", *rules]
        row = dict(name=folder.name, path=f"formats/{folder.name}", format="mlx", rules=rules)
        return row | more | dict(modules=list(modules))

    mx.random.seed(7)
    common = dict(model="someone/tiny-llama", num_layers=1, fine_tune_type="lora", batch_size=4, seed=0)

    model = llama.Model(llama.ModelArgs(**LLAMA))
    parameters = trained(model, None, 1, rank=4, scale=20.0)
    lora = save("mlx-lora", model, common | dict(lora_parameters=parameters))
    yield case(lora, rows(model), base_model="someone/tiny-llama")
    plain = list(rows(model))

    # The weights without their config, and with one whose scale is no number: nothing says what multiplies B·A.
    unknown = [row | dict(scale=1.0, source="assumed", declared=None) for row in plain]
    folder = save("mlx-no-config", model, {})
    (folder / "adapter_config.json").unlink()
    yield case(folder, unknown, rules=["config-missing"])
    folder = save("mlx-bad-config", model, common | dict(lora_parameters=dict(parameters, scale="20", rank=0)))
    yield case(folder, unknown, rules=["config-invalid"])

    model = llama.Model(llama.ModelArgs(**LLAMA))
    keys = ["self_attn.q_proj", "mlp.down_proj"]
    parameters = trained(model, keys, 2, use_dora=True, rank=3, scale=0.5)
    folder = save("mlx-dora", model, common | dict(fine_tune_type="dora", num_layers=2, lora_parameters=parameters))
    yield case(folder, rows(model))

    model = llama.Model(llama.ModelArgs(**LLAMA))
    parameters = trained(model, ["model.embed_tokens", "lm_head"], 0, rank=2, scale=10.0)
    folder = save("mlx-embedding", model, common | dict(num_layers=0, lora_parameters=parameters))
    yield case(folder, rows(model))

    model = qwen3_moe.Model(qwen3_moe.ModelArgs(**EXPERTS))
    keys = ["mlp.switch_mlp.gate_proj", "mlp.switch_mlp.down_proj", "self_attn.v_proj"]
    parameters = trained(model, keys, 1, rank=2, scale=4.0)
    folder = save("mlx-experts", model, common | dict(lora_parameters=parameters))
    yield case(folder, rows(model))

    # `fine_tune_type: full` saves whole weights: no LoRA at all.
    model = llama.Model(llama.ModelArgs(**LLAMA))
    model.freeze()
    model.layers[1].self_attn.unfreeze()
    folder = save("mlx-full", model, common | dict(fine_tune_type="full", lora_parameters=None))
    yield case(folder, format="unknown", method="FULL")
