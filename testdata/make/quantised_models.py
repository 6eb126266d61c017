"""The dense models that get quantised, the adapters on them, and the merge that everything is held against.

Sizes differ on purpose: rows and columns of no matrix agree, and each shape has an edge that a format can trip over.
"""

import functools
import pathlib
import tempfile

import numpy
import peft
import torch
import transformers
from safetensors.torch import load_file

from adapters import train
from files import ROOT, fresh, read_json, read_model, seed, write_tensors
from merged import round_once
from models import IDS, fill

QUANTISED = ROOT / "quantised"

LLAMA = dict(
    vocab_size=16,
    num_hidden_layers=1,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=32,
    tie_word_embeddings=False,
    dtype=torch.bfloat16,
    **IDS,
)

SHAPES = {
    # One group of 32 in a row of most matrices, two in down_proj; all sizes are multiples of 32.
    "grouped": transformers.LlamaConfig(
        **LLAMA
        | dict(
            hidden_size=32,
            intermediate_size=64,
            head_dim=32,
            num_attention_heads=1,
            num_key_value_heads=1,
        )
    ),
    # Blocks of 64 over the flattened matrix cross rows, and the last one is cut short; 35 x 53 is an odd count.
    "odd": transformers.LlamaConfig(
        **LLAMA | dict(hidden_size=35, intermediate_size=53, head_dim=10, num_attention_heads=5, num_key_value_heads=1)
    ),
    # 257 blocks of 64 in each matrix of the feed-forward part: more than one nested block of 256.
    "nested": transformers.LlamaConfig(**LLAMA | dict(hidden_size=36, intermediate_size=456, head_dim=10)),
    # Grids of blocks of 128 x 128 whose last row or column is cut short: 192 and 144 rows, 192 and 144 columns.
    "blocks": transformers.LlamaConfig(**LLAMA | dict(hidden_size=16, intermediate_size=192, head_dim=36)),
    # Both edges of the grid of blocks of 32 x 16 are cut short.
    "tiles": transformers.LlamaConfig(**LLAMA | dict(hidden_size=24, intermediate_size=56, head_dim=12)),
    # One block of 32 in a row of gate_up_proj, two in down_proj; two experts.
    "gpt-oss": transformers.GptOssConfig(
        **LLAMA
        | dict(
            hidden_size=32,
            intermediate_size=64,
            head_dim=6,
            num_local_experts=2,
            num_experts_per_tok=2,
            sliding_window=16,
            rope_parameters=dict(rope_type="default", rope_theta=10000.0),
        )
    ),
    # Experts are one matrix each on disk and stacked in memory, where PEFT adapts them.
    "qwen3-moe": transformers.Qwen3MoeConfig(
        **LLAMA
        | dict(
            hidden_size=24,
            intermediate_size=20,
            moe_intermediate_size=20,
            head_dim=10,
            num_experts=3,
            num_experts_per_tok=2,
        )
    ),
}

TARGETS = ["q_proj", "v_proj", "o_proj", "down_proj"]
ADAPTERS = {
    "lora": dict(target_modules=TARGETS),
    "dora": dict(target_modules=TARGETS, use_dora=True),
    "experts": dict(target_modules=["q_proj"], target_parameters=["experts.gate_up_proj", "experts.down_proj"]),
}
NAMES = {"lora": "{}", "dora": "{}-dora", "experts": "{}"}


def new_model(shape, dtype=torch.float32):
    return transformers.AutoModelForCausalLM.from_config(SHAPES[shape], dtype=dtype)


def dense_model(shape):
    """Matrices grow down their rows and shrink along them, so that no two blocks or groups get the same scale."""
    seed("quantised " + shape)
    model = fill(new_model(shape), std=0.05)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                rows, columns = (torch.linspace(-2, 2, size) for size in parameter.shape[-2:])
                parameter.mul_(torch.exp2(rows[:, None] - columns))
    return model.to(torch.bfloat16)


def save_dense(shape, folder):
    """A dense model folder as transformers saves it."""
    dense_model(shape).save_pretrained(folder)


@functools.cache
def dense(shape):
    """The bf16 tensors of a shape's model, by their names on disk."""
    with tempfile.TemporaryDirectory() as scratch:
        save_dense(shape, scratch)
        return {name: tensor.clone() for name, tensor in read_model(pathlib.Path(scratch)).items()}


def adapter_folder(shape, kind):
    return QUANTISED / "adapters" / NAMES[kind].format(shape)


def make_adapter(shape, kind):
    """An adapter with nothing left at zero, as PEFT saves it. Its scale 7/3 is no binary fraction."""
    folder, weights = fresh(adapter_folder(shape, kind)), dense_model(shape).float().state_dict()
    seed("quantised adapter " + folder.name)
    model = new_model(shape)
    model.load_state_dict(weights)
    settings = peft.LoraConfig(r=3, lora_alpha=7, task_type="CAUSAL_LM", **ADAPTERS[kind])
    train(peft.get_peft_model(model, settings), step=0.05).save_pretrained(folder)
    (folder / "README.md").unlink(missing_ok=True)


def merge(shape, values, adapter):
    """PEFT's merge in float64 into the exact values, by their names on disk."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        SHAPES[shape].save_pretrained(scratch)
        write_tensors(scratch / "model.safetensors", {name: tensor.double() for name, tensor in values.items()})
        model = transformers.AutoModelForCausalLM.from_pretrained(scratch, dtype=torch.float64)
        model = peft.PeftModel.from_pretrained(model, adapter).merge_and_unload(safe_merge=True)
        model.save_pretrained(scratch / "merged")
        return {name: tensor.clone() for name, tensor in read_model(scratch / "merged").items()}


def merge_by_hand(values, adapter):
    """W + s·B·A of the plain linear modules from the adapter's file alone, with NumPy."""
    config, factors = read_json(adapter / "adapter_config.json"), load_file(adapter / "adapter_model.safetensors")
    if config["use_dora"]:
        return {}
    merged, scale = {}, config["lora_alpha"] / config["r"]
    for key in factors:
        module = key.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
        if key.endswith(".lora_A.weight") and module + ".weight" in values:
            a, b = (factors[key.replace("lora_A", leaf)].double().numpy() for leaf in ("lora_A", "lora_B"))
            merged[module + ".weight"] = values[module + ".weight"].double().numpy() + scale * (b @ a)
    return merged


def expected(shape, values, plain, adapter):
    """The tensors of the merged bf16 model: rounded once where quantised or adapted, else as stored.

    `values` are the exact values of quantised weights in float64, `plain` the other tensors as they are stored.
    """
    together = plain | values
    merged = merge(shape, together, adapter)
    for name, by_hand in merge_by_hand(together, adapter).items():
        numpy.testing.assert_allclose(by_hand, merged[name].numpy(), rtol=0, atol=1e-13, err_msg=name)
    result, moved = {}, 0
    for name, tensor in merged.items():
        changed = not torch.equal(tensor, together[name].double())
        moved += changed
        if name in values:
            result[name] = round_once(tensor, torch.bfloat16)
        else:
            result[name] = round_once(tensor, plain[name].dtype) if changed else plain[name]
    assert moved >= 3, moved
    return result
