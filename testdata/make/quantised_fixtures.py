"""The table of quantised bases."""

import torch

import quantised_bnb as bnb
import quantised_fp8 as fp8
import quantised_mx as mx
from quantised import Fixture, packed

BLOCK, TILE = (128, 128), (32, 16)


def bnb_4bit(name, shape="odd", kind="lora", note="", **options):
    options = {"load_in_4bit": True, "bnb_4bit_compute_dtype": torch.bfloat16} | options
    return Fixture(name, shape, bnb.writer(**options), bnb.value_4bit, bnb.library_4bit, kind, note)


def fp8_blocks(name, shape, block, shards=False, kind="lora", note="", **config):
    write = packed(
        fp8.pack_blocks(block, config.get("scale_fmt") == "ue8m0"), fp8.block_config(block, **config), shards=shards
    )
    return Fixture(name, shape, write, fp8.value_blocks(block), fp8.library_blocks(block), kind, note)


FIXTURES = [
    bnb_4bit("bnb-nf4", bnb_4bit_quant_type="nf4", note="blocks cross rows; the last of a matrix is cut short"),
    bnb_4bit("bnb-nf4-dora", kind="dora", bnb_4bit_quant_type="nf4", llm_int8_skip_modules=["lm_head", "o_proj"]),
    bnb_4bit("bnb-nf4-nested", "nested", bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True),
    bnb_4bit("bnb-fp4", bnb_4bit_quant_type="fp4"),
    bnb_4bit(
        "bnb-nf4-bf16-storage",
        "tiles",
        bnb_4bit_quant_type="nf4",
        bnb_4bit_quant_storage=torch.bfloat16,
        note="the packed bytes are labelled BF16",
    ),
    Fixture(
        "bnb-int8", "odd", bnb.writer(load_in_8bit=True), bnb.value_int8, bnb.library_int8,
        note="the config says bnb_4bit_quant_type fp4 all the same",
    ),
    fp8_blocks("fp8-block", "blocks", BLOCK, shards=True, note="blocks cut short; scales in another shard"),
    fp8_blocks("fp8-block-ue8m0", "tiles", TILE, scale_fmt="ue8m0", note="scales are exponents (F8_E8M0)"),
    fp8_blocks("fp8-block-small", "tiles", TILE, kind="dora", modules_to_not_convert=["lm_head"]),
    Fixture(
        "fp8-fbgemm", "odd", packed(fp8.pack_rows, fp8.fbgemm_config(["lm_head", "o_proj"]), ("lm_head", "o_proj")),
        fp8.value_scaled, fp8.library_scaled, note="o_proj is adapted and not quantised",
    ),
    Fixture(
        "mxfp4-gpt-oss", "gpt-oss", packed(mx.pack_experts, mx.CONFIG, ("self_attn", "lm_head")),
        mx.value_experts, mx.library_experts, "experts", "blocks are transposed against the bf16 parameter",
    ),
]
