"""FP8 (E4M3): scales for blocks (DeepSeek and its followers), for rows (fbgemm), for a matrix (ModelOpt)."""

import types

import torch
import transformers
from compressed_tensors.entrypoints.convert.converters.fp8block_dequantizer import FP8BlockDequantizer
from transformers.integrations.finegrained_fp8 import Fp8Dequantize, Fp8Quantize

E4M3 = torch.float8_e4m3fn
LARGEST = torch.finfo(E4M3).max


def spread(scales, rows, columns, block):
    """The scale of every element: each scale covers `block` elements, less at the lower and the right edge."""
    return scales.repeat_interleave(block[0], 0)[:rows].repeat_interleave(block[1], 1)[:, :columns]


def blocks_of(weight, block):
    """The largest magnitude of every block."""
    rows, columns = (-(-size // edge) for size, edge in zip(weight.shape, block))
    padded = torch.zeros(rows * block[0], columns * block[1])
    padded[: weight.shape[0], : weight.shape[1]] = weight.float().abs()
    return padded.reshape(rows, block[0], columns, block[1]).amax((1, 3))


def pack_blocks(block, power_of_two=False, name="weight_scale_inv"):
    def pack(weight):
        scales = blocks_of(weight, block) / LARGEST
        if power_of_two:
            scales = torch.exp2(torch.ceil(torch.log2(scales)))
        codes = (weight.float() / spread(scales, *weight.shape, block)).to(E4M3)
        return {"weight": codes, name: scales.to(torch.float8_e8m0fnu) if power_of_two else scales}

    return pack


def value_blocks(block, name="weight_scale_inv"):
    def value(stored):
        return stored["weight"].double() * spread(stored[name].double(), *stored["weight"].shape, block)

    return value


def library_blocks(block):
    def library(stored):
        dequantizer = FP8BlockDequantizer(weight_block_size=block)
        return dequantizer._create_dequantized_weight(stored["weight"], stored["weight_scale_inv"].float())

    return library


def block_config(block, **extra):
    """As the published models have it; transformers' own class must read it."""
    config = {"activation_scheme": "dynamic", "fmt": "e4m3", "quant_method": "fp8", "weight_block_size": list(block)}
    config |= extra
    assert transformers.FineGrainedFP8Config(**config).weight_block_size
    return config


def pack_rows(weight):
    """fbgemm: a float32 scale for each row, and the bound of the activations."""
    scales = weight.float().abs().amax(1, keepdim=True) / LARGEST
    codes = (weight.float() / scales).to(E4M3)
    return {"weight": codes, "weight_scale": scales, "input_scale_ub": torch.tensor([1200.0])}


def value_scaled(stored):
    """code × scale, where the scale is one number or one for each row."""
    return stored["weight"].double() * stored["weight_scale"].double()


def library_scaled(stored):
    return (stored["weight"].float() * stored["weight_scale"]).to(torch.bfloat16)


def fbgemm_config(skip):
    return transformers.FbgemmFp8Config(modules_to_not_convert=skip).to_dict()


def transformers_op(operation, block):
    """One of transformers' own steps of loading and saving such a model, for one tensor."""
    settings = transformers.FineGrainedFP8Config(weight_block_size=block)
    return operation(types.SimpleNamespace(quantization_config=settings))


def pack_experts(block):
    """transformers quantises a stack of experts as it lies: one grid of scales for each expert."""

    def pack(weight):
        stored = transformers_op(Fp8Quantize, block)._quantize_one("", weight)
        return {name: tensor.clone() for name, tensor in stored.items()}

    return pack


def value_experts(stored):
    scales = stored["_scale_inv"].double()
    edges = [size // count for size, count in zip(stored[""].shape[1:], scales.shape[1:])]
    return stored[""].double() * scales.repeat_interleave(edges[0], 1).repeat_interleave(edges[1], 2)


def library_experts(stored):
    return transformers_op(Fp8Dequantize, None)._dequantize_one(stored[""], stored["_scale_inv"], torch.bfloat16)
