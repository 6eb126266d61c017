"""GPTQ by gptqmodel's own packer, and AWQ, whose packer needs a GPU and is therefore turned round by its unpacker."""

import importlib.util
import json
import pathlib
import sys
import tempfile

import torch
from gptqmodel.nn_modules.qlinear.torch import TorchLinear
from gptqmodel.quantization.config import FORMAT, QuantizeConfig
from gptqmodel.utils.model import convert_gptq_v2_to_v1_format_module
from gptqmodel.utils.model_dequant import convert_gptq_file
from safetensors.torch import save_file

from quantised_ct import integers

GROUP = 32


def load_awq():
    """autoawq's file of packing alone: the package imports models that transformers 5 no longer has."""
    path = pathlib.Path(sys.prefix) / "autoawq/awq/utils/packing_utils.py"
    spec = importlib.util.spec_from_file_location("packing_utils", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


AWQ = load_awq()


def groups_of(columns, ordered):
    """The group of each input: in rows of 32, or shuffled as act-order leaves them."""
    groups = torch.arange(columns, dtype=torch.int32) // GROUP
    return groups[torch.randperm(columns, generator=torch.Generator().manual_seed(columns))] if ordered else groups


def scales_and_zeros(weight, groups, bits, symmetric):
    """Per output and group, as round-to-nearest quantisers choose them. No zero is 0: format 1 stores zero - 1."""
    scales, zeros, largest = [], [], (1 << bits) - 1
    for group in range(int(groups.max()) + 1):
        part = weight[:, groups == group]
        low, high = part.amin(1).clamp(max=0), part.amax(1).clamp(min=0)
        if symmetric:
            high = torch.maximum(-low, high)
            low = -high
        scale = ((high - low) / largest).half().float()
        scales.append(scale)
        middle = torch.full_like(scale, (largest + 1) // 2)
        zeros.append(middle if symmetric else (-low / scale).round().clamp(1, largest))
    return torch.stack(scales, 1), torch.stack(zeros, 1)


def config(bits, symmetric, ordered, version):
    """What gptqmodel saves, less the settings of the machine that it ran on."""
    form = FORMAT.GPTQ if version == 1 else FORMAT.GPTQ_V2
    settings = QuantizeConfig(bits=bits, group_size=GROUP, desc_act=ordered, sym=symmetric, format=form)
    saved = json.loads(json.dumps(settings.to_dict()))
    return settings, saved | {"meta": {"quantizer": ["gptqmodel:7.7.0"]}}


def pack(bits=4, symmetric=True, ordered=False, version=1, with_groups=True):
    settings, _ = config(bits, symmetric, ordered, version)

    def pack_one(weight):
        weight = weight.float()
        groups = groups_of(weight.shape[1], ordered)
        scales, zeros = scales_and_zeros(weight, groups, bits, symmetric)
        codes = (weight / scales[:, groups.long()] + zeros[:, groups.long()]).round().clamp(0, (1 << bits) - 1)
        linear = torch.nn.Linear(*weight.T.shape, bias=False)
        linear.weight.data = (codes - zeros[:, groups.long()]) * scales[:, groups.long()]
        layer = TorchLinear(
            bits=bits,
            group_size=GROUP,
            sym=symmetric,
            desc_act=ordered,
            in_features=weight.shape[1],
            out_features=len(weight),
            register_buffers=True,
            format=settings.format,
        )
        layer.pack_block(linear, scales, zeros, groups)
        if version == 1:
            convert_gptq_v2_to_v1_format_module(layer, settings)
        names = ["qweight", "qzeros", "scales"] + ["g_idx"] * with_groups
        return {name: getattr(layer, name).detach().clone() for name in names}

    return pack_one


def value(bits=4, version=1):
    """(code − zero) × scale, turned: the file has inputs down and outputs across. Version 1 stores zero − 1."""

    def value_one(stored):
        inputs = stored["qweight"].shape[0] * 32 // bits
        codes = integers(stored["qweight"].T, bits, inputs).T
        zeros = integers(stored["qzeros"], bits, codes.shape[1])
        zeros = (zeros + 1) & ((1 << bits) - 1) if version == 1 else zeros
        groups = stored.get("g_idx", torch.arange(inputs) // GROUP).long()
        return ((codes - zeros[groups]).double() * stored["scales"].double()[groups]).T.contiguous()

    return value_one


def library(bits=4, symmetric=True, ordered=False, version=1):
    _, settings = config(bits, symmetric, ordered, version)

    def library_one(stored):
        inputs = stored["qweight"].shape[0] * 32 // bits
        whole = {"g_idx": groups_of(inputs, False)} | stored
        with tempfile.TemporaryDirectory() as scratch:
            path = pathlib.Path(scratch) / "module.safetensors"
            save_file({"m." + name: tensor.contiguous() for name, tensor in whole.items()}, path)
            return convert_gptq_file(path, torch.float32, settings, "cpu")["m.weight"]

    return library_one


def awq_words(codes):
    """Eight codes across in a word; from the lowest bits its columns are 0 2 4 6 1 3 5 7."""
    shuffled = codes.reshape(len(codes), -1, 8)[:, :, AWQ.AWQ_ORDER].long()
    return (shuffled << (4 * torch.arange(8))).sum(-1).to(torch.int32)


def pack_awq(weight):
    weight = weight.float()
    groups = groups_of(weight.shape[1], False)
    scales, zeros = scales_and_zeros(weight, groups, 4, False)
    codes = (weight / scales[:, groups.long()] + zeros[:, groups.long()]).round().clamp(0, 15)
    return {"qweight": awq_words(codes.T), "qzeros": awq_words(zeros.T), "scales": scales.T.half().contiguous()}


def value_awq(stored):
    def codes(words):
        nibbles = integers(words, 4, words.shape[1] * 8).reshape(len(words), -1, 8)
        return nibbles[:, :, [0, 4, 1, 5, 2, 6, 3, 7]].flatten(1)

    groups = torch.arange(len(stored["qweight"])) // GROUP
    whole = codes(stored["qweight"]) - codes(stored["qzeros"])[groups]
    return (whole.double() * stored["scales"].double()[groups]).T.contiguous()


def library_awq(stored):
    return AWQ.dequantize_gemm(stored["qweight"], stored["qzeros"], stored["scales"].float(), 4, GROUP).T


AWQ_CONFIG = {
    "bits": 4,
    "group_size": GROUP,
    "modules_to_not_convert": None,
    "quant_method": "awq",
    "version": "gemm",
    "zero_point": True,
}
