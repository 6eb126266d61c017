"""The table of quantised bases."""

import torch

import quantised_bnb as bnb
import quantised_ct as ct
import quantised_fp8 as fp8
import quantised_gptq as gptq
import quantised_modelopt as modelopt
import quantised_mx as mx
import quantised_others as others
from quantised import PLAIN, Fixture, packed

BLOCK, TILE = (128, 128), (32, 16)


def bnb_4bit(name, shape="odd", kind="lora", note="", **options):
    options = {"load_in_4bit": True, "bnb_4bit_compute_dtype": torch.bfloat16} | options
    return Fixture(name, shape, bnb.writer(**options), bnb.value_4bit, bnb.library_4bit, kind, note)


def fp8_blocks(name, shape, block, shards=False, kind="lora", note="", **config):
    write = packed(
        fp8.pack_blocks(block, config.get("scale_fmt") == "ue8m0"), fp8.block_config(block, **config), shards=shards
    )
    return Fixture(name, shape, write, fp8.value_blocks(block), fp8.library_blocks(block), kind, note)


def ct_scaled(
    name,
    shape,
    form,
    args,
    scale=torch.bfloat16,
    skip=("lm_head",),
    kind="lora",
    note="",
    extra=None,
    static=None,
    **more,
):
    write = packed(
        ct.pack(args, form, scale, **(static or {})),
        ct.config(args, form, ["re:.*" + part for part in skip], **more),
        (*PLAIN, *skip),
        extra=extra,
    )
    block = args.block_structure
    return Fixture(name, shape, write, ct.value_scaled(block), ct.library(args, form), kind, note)


def ct_other(name, shape, form, args, value, note="", scale=torch.bfloat16, static=None, **more):
    write = packed(ct.pack(args, form, scale, **(static or {})), ct.config(args, form, **more))
    return Fixture(name, shape, write, value, ct.library(args, form), "lora", note)


FP8 = dict(num_bits=8, type="float")
INT4 = dict(num_bits=4, type="int")
ONE = torch.ones(1, dtype=torch.bfloat16)
COMPRESSED_TENSORS = [
    ct_scaled(
        "ct-fp8-channel",
        "odd",
        "float-quantized",
        ct.arguments(**FP8, strategy="channel"),
        skip=("lm_head", "o_proj"),
        kind="dora",
        activations=ct.arguments(**FP8, strategy="token", dynamic=True),
        note="BF16 scales; o_proj is plain",
    ),
    ct_scaled(
        "ct-fp8-tensor",
        "odd",
        "float-quantized",
        ct.arguments(**FP8, strategy="tensor"),
        torch.float32,
        activations=ct.arguments(**FP8, strategy="tensor"),
        cache=ct.arguments(**FP8, strategy="tensor"),
        static={"input_scale": ONE * 0.25},
        extra={f"model.layers.0.self_attn.{leaf}_scale": ONE * 0.5 for leaf in "kv"},
        note="F32 scales; scales of activations and of the cache go",
    ),
    ct_scaled(
        "ct-fp8-block",
        "tiles",
        "float-quantized",
        ct.arguments(**FP8, strategy="block", block_structure=[32, 16]),
        note="weight_scale of blocks, cut short at both edges",
    ),
    ct_scaled("ct-int8", "odd", "int-quantized", ct.arguments(num_bits=8, strategy="channel")),
    ct_other(
        "ct-int4",
        "grouped",
        "pack-quantized",
        ct.arguments(**INT4, strategy="group", group_size=32),
        ct.value_packed(4),
    ),
    ct_other(
        "ct-int4-asymmetric",
        "grouped",
        "pack-quantized",
        ct.arguments(**INT4, strategy="group", group_size=32, symmetric=False),
        ct.value_packed(4),
        "zero points are packed down the columns",
    ),
    ct_other(
        "ct-int4-channel",
        "odd",
        "pack-quantized",
        ct.arguments(**INT4, strategy="channel"),
        ct.value_packed(4),
        "the last word of a row is filled in part; F32 scales",
        torch.float32,
    ),
    ct_other(
        "ct-int3",
        "grouped",
        "pack-quantized",
        ct.arguments(num_bits=3, strategy="group", group_size=16),
        ct.value_packed(3),
        "codes cross words",
    ),
    Fixture(
        "ct-int4-ordered",
        "grouped",
        packed(ct.pack_ordered, ct.config_ordered()),
        ct.value_packed(4),
        ct.library_ordered,
        note="weight_g_idx: columns in any order",
    ),
    ct_other(
        "ct-nvfp4",
        "grouped",
        "nvfp4-pack-quantized",
        ct.arguments(num_bits=4, type="float", strategy="tensor_group", group_size=16, scale_dtype=torch.float8_e4m3fn),
        ct.value_nvfp4,
        static={"input_global_scale": torch.tensor([300.0])},
        activations=ct.arguments(num_bits=4, type="float", strategy="tensor_group", group_size=16, dynamic="local"),
    ),
    ct_other(
        "ct-mxfp4",
        "grouped",
        "mxfp4-pack-quantized",
        ct.arguments(num_bits=4, type="float", strategy="group", group_size=32, scale_dtype=torch.uint8),
        ct.value_mxfp4,
    ),
]


def gptq_packed(name, note="", dtype=torch.bfloat16, side=False, with_groups=True, **options):
    layout = {"bits": 4, "symmetric": True, "ordered": False, "version": 1} | options
    _, config = gptq.config(**layout)
    files = {"quantize_config.json": config} if side else None
    write = packed(gptq.pack(**layout, with_groups=with_groups), config, side=files, dtype=dtype)
    value = gptq.value(layout["bits"], layout["version"])
    return Fixture(name, "grouped", write, value, gptq.library(**layout), "lora", note)


WORDS = [
    gptq_packed("gptq", "qzeros hold 7 for a zero of 8; plain tensors are F16", torch.float16, side=True),
    gptq_packed("gptq-asymmetric", symmetric=False),
    gptq_packed("gptq-v2", "qzeros hold the zeros themselves", version=2),
    gptq_packed("gptq-v2-asymmetric", symmetric=False, version=2),
    gptq_packed("gptq-ordered", "g_idx in any order", symmetric=False, ordered=True),
    gptq_packed("gptq-8bit", bits=8),
    gptq_packed("gptq-3bit", "codes cross words", bits=3, symmetric=False),
    gptq_packed("gptq-without-groups", "no g_idx: groups in order", with_groups=False),
    Fixture(
        "awq",
        "grouped",
        packed(gptq.pack_awq, gptq.AWQ_CONFIG, dtype=torch.float16),
        gptq.value_awq,
        gptq.library_awq,
        note="plain tensors are F16",
    ),
]
MODELOPT = [
    Fixture(
        "modelopt-fp8",
        "odd",
        modelopt.writer(modelopt.mtq.FP8_DEFAULT_CFG),
        fp8.value_scaled,
        modelopt.library_fp8,
    ),
    Fixture(
        "modelopt-nvfp4",
        "grouped",
        modelopt.writer(modelopt.mtq.NVFP4_DEFAULT_CFG),
        modelopt.value_nvfp4,
        modelopt.library_nvfp4,
        note="weight_scale_2 is a factor, where compressed-tensors has a divisor",
    ),
]


def hqq(name, bits, axis, note=""):
    write = packed(others.hqq_pack(bits, axis), others.hqq_config(bits, axis))
    return Fixture(name, "grouped", write, others.hqq_value, others.hqq_library, "lora", note)


def mlx(name, note, *layout):
    write = packed(
        others.mlx_pack(*layout), others.mlx_config(*layout), ("norm",), key="quantization quantization_config"
    )
    value = others.mlx_value_fp4(layout[2]) if len(layout) > 1 else others.mlx_value(*layout)
    return Fixture(name, "grouped", write, value, others.mlx_library(*layout), "lora", note)


OTHERS = [
    hqq("hqq-4bit", 4, 1, "halves of a byte are halves of the groups"),
    hqq("hqq-4bit-axis-0", 4, 0, "a group is a column of the reshaped matrix"),
    hqq("hqq-8bit", 8, 1),
    hqq("hqq-2bit", 2, 1),
    hqq("hqq-3bit", 3, 1, "ten codes to a word of 32 bits, the last word of a column not full"),
    hqq("hqq-3bit-axis-0", 3, 0),
    Fixture(
        "torchao-int8",
        "odd",
        others.torchao_writer(others.Int8WeightOnlyConfig(version=2)),
        others.torchao_value,
        others.torchao_library,
        note="what a tensor is stands in the metadata of the header",
    ),
    Fixture(
        "torchao-float8",
        "odd",
        others.torchao_writer(others.Float8WeightOnlyConfig()),
        others.torchao_value,
        others.torchao_library,
    ),
    mlx("mlx-4bit", "embedding and head are quantised too", 4),
    mlx("mlx-8bit", "", 8),
    mlx("mlx-mxfp4", "no biases; scales are exponents in U8", 4, 32, "mxfp4"),
    mlx("mlx-nvfp4", "no biases and no scale of the matrix; scales are E4M3 in U8", 4, 16, "nvfp4"),
]

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
        "bnb-int8",
        "odd",
        bnb.writer(load_in_8bit=True),
        bnb.value_int8,
        bnb.library_int8,
        note="the config says bnb_4bit_quant_type fp4 all the same",
    ),
    fp8_blocks("fp8-block", "blocks", BLOCK, shards=True, note="blocks cut short; scales in another shard"),
    fp8_blocks("fp8-block-ue8m0", "tiles", TILE, scale_fmt="ue8m0", note="scales are exponents (F8_E8M0)"),
    Fixture(
        "fp8-fbgemm",
        "odd",
        packed(fp8.pack_rows, fp8.fbgemm_config(["lm_head", "o_proj"]), (*PLAIN, "o_proj")),
        fp8.value_scaled,
        fp8.library_scaled,
        note="o_proj is adapted and not quantised",
    ),
    fp8_blocks(
        "fp8-experts",
        "qwen3-moe",
        (16, 16),
        kind="experts",
        modules_to_not_convert=["lm_head", "model.layers.0.mlp.gate"],
        note="each expert has matrices and scales of its own on disk; the adapter names the stack",
    ),
    Fixture(
        "fp8-experts-stacked",
        "gpt-oss",
        packed(fp8.pack_experts((16, 16)), fp8.block_config((16, 16)), ("self_attn", *PLAIN)),
        fp8.value_experts,
        fp8.library_experts,
        "experts",
        "stacks of experts: gate_up_proj and gate_up_proj_scale_inv",
    ),
    Fixture(
        "mxfp4-gpt-oss",
        "gpt-oss",
        packed(mx.pack_experts, mx.CONFIG, ("self_attn", *PLAIN)),
        mx.value_experts,
        mx.library_experts,
        "experts",
        "blocks are transposed against the bf16 parameter",
    ),
    *COMPRESSED_TENSORS,
    *WORDS,
    *MODELOPT,
    *OTHERS,
]
