"""compressed-tensors: FP8, int8, packed integers, NVFP4 and MXFP4, made and read back by its compressors."""

import pathlib
import subprocess
import sys
import tempfile

import numpy
import torch
from compressed_tensors import __version__
from compressed_tensors.compressors import BaseCompressor
from compressed_tensors.quantization import QuantizationArgs, QuantizationConfig, QuantizationScheme
from compressed_tensors.quantization.utils.helpers import calculate_qparams, generate_gparam
from safetensors.torch import load_file, save_file

from quantised_fp8 import blocks_of, spread
from quantised_mx import e2m1

OLD = pathlib.Path(sys.prefix) / "compressed-tensors-0.17"


def arguments(**settings):
    return QuantizationArgs(**{"symmetric": True} | settings)


def config(args, form, ignore=("lm_head",), activations=None, cache=None):
    """The quantization_config as `ModelCompressor.update_config` writes it."""
    scheme = QuantizationScheme(targets=["Linear"], weights=args, input_activations=activations, format=form)
    whole = QuantizationConfig(
        config_groups={"group_0": scheme},
        format=form,
        ignore=list(ignore),
        quantization_status="compressed",
        kv_cache_scheme=cache,
    )
    return {
        "version": __version__,
        "quant_method": "compressed-tensors",
        "sparsity_config": {},
        "transform_config": {},
        **whole.model_dump(mode="json", exclude=["quant_method"]),
    }


def bounds(weight, args):
    """Smallest and largest value of whatever has a scale of its own."""
    if args.strategy == "tensor":
        return weight.amin().reshape(1), weight.amax().reshape(1)
    if args.strategy == "channel":
        return weight.amin(1, keepdim=True), weight.amax(1, keepdim=True)
    if args.strategy == "block":
        largest = blocks_of(weight, args.block_structure).to(weight.dtype)
        return -largest, largest
    groups = weight.reshape(len(weight), -1, args.group_size)
    return groups.amin(-1), groups.amax(-1)


def pack(args, form, scale=torch.bfloat16, **extra):
    """The stored tensors of a matrix. `extra` are more tensors of every module, such as scales of activations."""
    compressor, scheme = BaseCompressor.get_value_from_registry(form), QuantizationScheme(targets=[], weights=args)

    def pack_one(weight):
        state, whole = {"weight": weight}, None
        if args.strategy == "tensor_group":
            whole = state["weight_global_scale"] = generate_gparam(
                weight.float().amin(), weight.float().amax()
            ).reshape(1)
        scales, zeros = calculate_qparams(*bounds(weight.float(), args), args, whole)
        state["weight_scale"] = scales if args.scale_dtype or form.startswith(("nv", "mx")) else scales.to(scale)
        if not args.symmetric:
            state["weight_zero_point"] = zeros.to(torch.int8)
        stored = compressor.compress(state, scheme)
        return {name: tensor.detach().clone() for name, tensor in (stored | extra).items()}

    return pack_one


def library(args, form):
    compressor, scheme = BaseCompressor.get_value_from_registry(form), QuantizationScheme(targets=[], weights=args)
    return lambda stored: compressor.decompress(stored, scheme)["weight"]


def value_scaled(block=None):
    """code × scale: one scale for the matrix, for each row, or for each block."""

    def value(stored):
        codes, scales = stored["weight"].double(), stored["weight_scale"].double()
        return codes * (spread(scales, *codes.shape, block) if block else scales)

    return value


def value_nvfp4(stored):
    """code × scale of 16 / scale of the matrix: the latter is a divisor here."""
    scales = stored["weight_scale"].double().repeat_interleave(16, 1)
    return e2m1(stored["weight_packed"]) * scales / stored["weight_global_scale"].double()


def value_mxfp4(stored):
    return e2m1(stored["weight_packed"]) * torch.exp2(stored["weight_scale"].double() - 127).repeat_interleave(32, 1)


def integers(words, bits, count):
    """`count` unsigned integers from each row of 32-bit words: one stream of bits, the lowest first."""
    stream = numpy.unpackbits(words.contiguous().numpy().view(numpy.uint8), axis=1, bitorder="little")
    digits = stream[:, : count * bits].reshape(len(words), count, bits).astype(numpy.int64)
    return torch.from_numpy(digits @ (1 << numpy.arange(bits)))


def value_packed(bits):
    """(code − zero) × scale; codes are packed along the rows, zeros down the columns, both shifted up to unsigned."""

    def value(stored):
        rows, columns = stored["weight_shape"].tolist()
        half, scales = 1 << (bits - 1), stored["weight_scale"].double()
        codes = (integers(stored["weight_packed"], bits, columns) - half).double()
        groups = stored.get("weight_g_idx", torch.arange(columns) // (columns // scales.shape[1])).long()
        zeros = torch.zeros_like(scales)
        if "weight_zero_point" in stored:
            zeros = (integers(stored["weight_zero_point"].T, bits, rows).T - half).double()
        return (codes - zeros[:, groups]) * scales[:, groups]

    return value


# With `actorder: group` a column belongs to any group (`weight_g_idx`). Release 0.20 no longer knows it, 0.17 does.
ORDERED = """
import sys, torch
from safetensors.torch import load_file, save_file
from compressed_tensors.compressors import BaseCompressor
from compressed_tensors.quantization import QuantizationArgs, QuantizationScheme
args = QuantizationArgs(num_bits=4, symmetric=True, strategy="group", group_size=32, actorder="group")
scheme, state = QuantizationScheme(targets=[], weights=args), load_file(sys.argv[1])
result = getattr(BaseCompressor.get_value_from_registry("pack-quantized"), sys.argv[2])(state, scheme)
save_file({name: tensor.detach().contiguous() for name, tensor in result.items()}, sys.argv[1])
"""


def ordered(step, state):
    """`compress` or `decompress` by release 0.17 in a process of its own."""
    with tempfile.TemporaryDirectory() as scratch:
        path = scratch + "/state.safetensors"
        save_file({name: tensor.contiguous() for name, tensor in state.items()}, path)
        code = f"import sys; sys.path.insert(0, {str(OLD)!r})\n" + ORDERED
        subprocess.run([sys.executable, "-c", code, path, step], check=True, capture_output=True)
        return load_file(path)


def pack_ordered(weight):
    columns = weight.shape[1]
    order = torch.randperm(columns, generator=torch.Generator().manual_seed(columns))
    groups = torch.empty(columns, dtype=torch.int32)
    groups[order] = (torch.arange(columns) // 32).int()
    args = arguments(num_bits=4, strategy="group", group_size=32)
    scales, _ = calculate_qparams(*bounds(weight.float()[:, order], args), args)
    return ordered("compress", {"weight": weight, "weight_scale": scales.to(weight.dtype), "weight_g_idx": groups})


def library_ordered(stored):
    return ordered("decompress", stored)["weight"]


def config_ordered():
    settings = config(arguments(num_bits=4, strategy="group", group_size=32), "pack-quantized")
    settings["version"] = "0.17.0"
    settings["config_groups"]["group_0"]["weights"]["actorder"] = "group"
    return settings
