"""ModelOpt: FP8 with a scale for a matrix, and NVFP4, as its own export writes them (`hf_quant_config.json` beside)."""

import tempfile

import modelopt.torch.quantization as mtq
import torch
import transformers
from modelopt.torch.export import export_hf_checkpoint
from modelopt.torch.quantization.qtensor import FP8QTensor, NVFP4QTensor

from quantised_models import save_dense
from quantised_mx import e2m1


def writer(recipe):
    """Quantises with one of ModelOpt's recipes, calibrated on one row of tokens, and exports."""

    def write(shape, folder):
        with tempfile.TemporaryDirectory() as scratch:
            save_dense(shape, scratch)
            model = transformers.AutoModelForCausalLM.from_pretrained(scratch, dtype=torch.bfloat16)
        mtq.quantize(model, recipe, lambda model: model(torch.arange(3, 15)[None]))
        with torch.inference_mode():
            export_hf_checkpoint(model, export_dir=folder)

    return write


def library_fp8(stored):
    codes = FP8QTensor(stored["weight"].shape, torch.float32, stored["weight"])
    return codes.dequantize(torch.float32, scale=stored["weight_scale"])


def value_nvfp4(stored):
    """code × scale of 16 × scale of the matrix: the latter is a factor here."""
    scales = stored["weight_scale"].double().repeat_interleave(16, 1)
    return e2m1(stored["weight"]) * scales * stored["weight_scale_2"].double()


def library_nvfp4(stored):
    rows, half = stored["weight"].shape
    codes = NVFP4QTensor((rows, 2 * half), torch.float32, stored["weight"])
    return codes.dequantize(
        torch.bfloat16, scale=stored["weight_scale"], double_scale=stored["weight_scale_2"], block_sizes={-1: 16}
    )
