"""HQQ (zeros that are no integers), torchao (scales under names of its own) and MLX (a scale and a bias per group)."""

import json
import tempfile

import mlx.core as mx
import numpy
import torch
import transformers
from hqq.core.quantize import BaseQuantizeConfig, HQQLinear, Quantizer
from torchao.quantization import Float8Tensor, Float8WeightOnlyConfig, Int8Tensor, Int8WeightOnlyConfig

from files import frame, unframe
from quantised_ct import integers
from quantised_models import save_dense
from quantised_mx import E2M1


def hqq_linear(weight, settings):
    linear = torch.nn.Linear(*weight.T.shape, bias=False)
    linear.weight.data = weight.clone()
    return HQQLinear(linear, settings, compute_dtype=torch.bfloat16, device="cpu")


def hqq_settings(bits, axis):
    return BaseQuantizeConfig(nbits=bits, group_size=32, axis=axis)


def hqq_config(bits, axis):
    """What transformers writes (`HqqConfig`)."""
    settings = transformers.HqqConfig(nbits=bits, group_size=32, axis=axis, skip_modules=["lm_head"]).to_dict()
    return settings | {"quant_method": "hqq"}


def hqq_pack(bits, axis):
    def pack(weight):
        state = hqq_linear(weight, hqq_settings(bits, axis)).state_dict()
        return {name: tensor.detach().clone() for name, tensor in state.items()}

    return pack


def hqq_value(stored):
    """(code − zero) × scale over the matrix reshaped to groups; parts of a word are parts of the rows, high first."""
    bits, packed = stored["nbits"].item(), stored["W_q"]
    shifts = range(27 if bits == 3 else 8 - bits, -1, -bits)
    codes = torch.cat([(packed >> shift) & ((1 << bits) - 1) for shift in shifts]).double()
    # Ten codes of 3 bits to a word may be more than there are rows.
    codes = codes[: stored["shape"].prod() // packed.shape[1]]
    values = (codes - stored["zero"].double()) * stored["scale"].double()
    return values.reshape(stored["shape"].tolist())


def hqq_library(stored):
    """HQQ's own steps, with scales and zeros widened so that it does not round twice."""
    meta = {
        "nbits": stored["nbits"].item(),
        "group_size": stored["group_size"].item(),
        "shape": stored["shape"].tolist(),
        "axis": stored["axis"].item(),
        "packing": bytes(stored["packing"].tolist()).decode(),
        "view_as_float": bool(stored["view_as_float"]),
        "compute_dtype": torch.float32,
        "scale": stored["scale"].float(),
        "zero": stored["zero"].float(),
    }
    return Quantizer.dequantize(stored["W_q"], meta)


def torchao_writer(settings):
    """transformers quantises and saves; what torchao adds to the header comes in any order and is put in one."""

    def write(shape, folder):
        with tempfile.TemporaryDirectory() as scratch:
            save_dense(shape, scratch)
            model = transformers.AutoModelForCausalLM.from_pretrained(
                scratch,
                quantization_config=transformers.TorchAoConfig(settings),
                device_map="cpu",
                dtype=torch.bfloat16,
            )
        model.save_pretrained(folder)
        path = folder / "model.safetensors"
        header, data = unframe(path.read_bytes())
        header = json.loads(header)
        header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
        text = json.dumps(header, separators=(",", ":"))
        path.write_bytes(frame(text + " " * (-len(text) % 8), data))

    return write


def torchao_value(stored):
    codes = stored["_weight_qdata"].double()
    if "_weight_zero_point" in stored:
        codes = codes - stored["_weight_zero_point"].double()
    return codes * stored["_weight_scale"].double()


def torchao_library(stored):
    codes, scales = stored["_weight_qdata"], stored["_weight_scale"]
    block = [1, codes.shape[1]]
    if codes.dtype == torch.int8:
        zeros = stored["_weight_zero_point"]
        whole = Int8Tensor(codes, scales, block_size=block, dtype=torch.bfloat16, zero_point=zeros)
    else:
        whole = Float8Tensor(codes, scales, block_size=block, dtype=torch.bfloat16)
    return whole.dequantize()


def to_mlx(tensor):
    return mx.array(tensor.float().numpy()).astype(mx.bfloat16 if tensor.dtype == torch.bfloat16 else mx.float32)


def from_mlx(array):
    if array.dtype == mx.bfloat16:
        return torch.from_numpy(numpy.array(array.astype(mx.float32))).bfloat16()
    return torch.from_numpy(numpy.array(array))


def mlx_pack(bits, group=32, mode="affine"):
    """Without a mode a group has a scale and a bias; the FP4 modes have a scale alone, in one byte."""

    def pack(weight):
        with mx.stream(mx.cpu):
            parts = mx.quantize(to_mlx(weight), group_size=group, bits=bits, mode=mode)
            return dict(zip(("weight", "scales", "biases"), map(from_mlx, parts)))

    return pack


def mlx_value(bits):
    """code × scale + bias; codes along the rows, the lowest bits first."""

    def value(stored):
        columns = stored["weight"].shape[1] * 32 // bits
        codes = integers(stored["weight"], bits, columns).double()
        scales, biases = (stored[name].double().repeat_interleave(32, 1) for name in ("scales", "biases"))
        return codes * scales + biases

    return value


def mlx_value_fp4(mode):
    """E2M1 code × scale, an exponent for 32 (mxfp4) or the bits of an E4M3 number for 16 (nvfp4)."""

    def value(stored):
        codes = E2M1[integers(stored["weight"], 4, stored["weight"].shape[1] * 8)]
        if mode == "mxfp4":
            return codes * torch.exp2(stored["scales"].double() - 127).repeat_interleave(32, 1)
        return codes * stored["scales"].view(torch.float8_e4m3fn).double().repeat_interleave(16, 1)

    return value


def mlx_library(bits, group=32, mode="affine"):
    def library(stored):
        with mx.stream(mx.cpu):
            words = mx.array(stored["weight"].numpy())
            if mode == "affine":
                scales, biases = (to_mlx(stored[name].float()) for name in ("scales", "biases"))
            else:
                scales, biases = mx.array(stored["scales"].numpy()), None
            return from_mlx(mx.dequantize(words, scales, biases, group_size=group, bits=bits, mode=mode))

    return library


def mlx_config(bits, group=32, mode="affine"):
    return {"group_size": group, "bits": bits, "mode": mode}
