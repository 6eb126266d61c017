"""MXFP4 of gpt-oss: blocks of 32 with an exponent each, experts stacked, rows and columns as in a linear layer."""

import torch
from modelopt.torch.quantization.qtensor import MXFP4QTensor
from transformers.integrations.mxfp4 import convert_moe_packed_tensors

E2M1 = torch.tensor([0, 0.5, 1, 1.5, 2, 3, 4, 6, -0.0, -0.5, -1, -1.5, -2, -3, -4, -6], dtype=torch.float64)


def e2m1(packed):
    """Two values of each byte, the low half first."""
    codes = torch.stack([packed & 15, packed >> 4], -1).flatten(-2)
    return E2M1[codes.long()]


def pack_experts(weight):
    """(experts, in, out) in bf16 becomes blocks (experts, out, in / 32, 16) and scales (experts, out, in / 32)."""
    turned = weight.transpose(1, 2).contiguous()
    experts, rows, columns = turned.shape
    packed, scales = MXFP4QTensor.quantize(turned, 32)
    return {
        "_blocks": packed._quantized_data.reshape(experts, rows, columns // 32, 16),
        "_scales": scales.reshape(experts, rows, columns // 32),
    }


def value_experts(stored):
    scales = torch.exp2(stored["_scales"].double() - 127)
    return (e2m1(stored["_blocks"]) * scales[..., None]).flatten(2).transpose(1, 2).contiguous()


def library_experts(stored):
    return convert_moe_packed_tensors(stored["_blocks"], stored["_scales"])


CONFIG = {
    "modules_to_not_convert": [
        "model.layers.*.self_attn",
        "model.layers.*.mlp.router",
        "model.embed_tokens",
        "lm_head",
    ],
    "quant_method": "mxfp4",
}
