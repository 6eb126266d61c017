"""bitsandbytes: 4 bits (NF4, FP4, nested scales, packed into BF16) and int8, as transformers saves them."""

import json
import tempfile

import torch
import transformers
from bitsandbytes import functional
from bitsandbytes.backends.default.ops import _dequantize_4bit_compute

from quantised_models import save_dense


def writer(**options):
    """Loads the dense model with these options of `BitsAndBytesConfig` and saves it."""

    def write(shape, folder):
        with tempfile.TemporaryDirectory() as scratch:
            save_dense(shape, scratch)
            model = transformers.AutoModelForCausalLM.from_pretrained(
                scratch,
                quantization_config=transformers.BitsAndBytesConfig(**options),
                device_map="cpu",
                dtype=torch.bfloat16,
            )
        model.save_pretrained(folder)

    return write


def scales_of_blocks(stored, state):
    """One float32 per block. Nested scales are defined in float32: table × nested scale, then + offset."""
    absmax = stored["weight.absmax"]
    if "nested_blocksize" not in state:
        return absmax.double()
    nested = stored["weight.nested_absmax"].repeat_interleave(state["nested_blocksize"])[: len(absmax)]
    return (stored["weight.nested_quant_map"][absmax.long()] * nested + state["nested_offset"]).double()


def value_4bit(stored):
    """table[code] × scale of the block; the first element lies in the high half of a byte."""
    key = next(key for key in stored if ".quant_state.bitsandbytes__" in key)
    state = json.loads(bytes(stored[key].tolist()))
    packed = stored["weight"].contiguous().flatten().view(torch.uint8)
    count = torch.Size(state["shape"]).numel()
    codes = torch.stack([packed >> 4, packed & 15], 1).flatten()[:count].long()
    scales = scales_of_blocks(stored, state).repeat_interleave(state["blocksize"])[:count]
    return (stored["weight.quant_map"].double()[codes] * scales).reshape(state["shape"])


def library_4bit(stored):
    """The library's portable code, which counts blocks through the whole matrix, as its quantiser and CUDA do.

    Its AVX512 kernel (0.50.2) takes wrong scales in some matrices whose rows are no multiple of a block, here in those
    of 24 x 48 and 36 x 456.
    """
    siblings = {key.removeprefix("weight."): tensor for key, tensor in stored.items() if key != "weight"}
    state = functional.QuantState.from_dict(siblings, device=torch.device("cpu"))
    absmax = (
        functional.dequantize_blockwise(state.absmax, state.state2) + state.offset if state.nested else state.absmax
    )
    packed = stored["weight"].view(torch.uint8).reshape(-1)
    return _dequantize_4bit_compute(packed, absmax, state.code, state.blocksize, state.shape, state.dtype)


def value_int8(stored):
    assert stored["weight_format"].item() == 0
    return stored["weight"].double() * stored["SCB"].double()[:, None] / 127


def library_int8(stored):
    return functional.int8_vectorwise_dequant(stored["weight"], stored["SCB"]).to(torch.bfloat16)
