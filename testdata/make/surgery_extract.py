"""Two models for `extract`, and what NumPy's SVD of their differences says in float64.

`python testdata/make/make.py surgery_extract`, with numpy 2.5.5, torch 2.15.0, safetensors 0.8.0.
"""

import numpy
import torch

from files import ROOT, fresh, seed, write_json, write_tensors

FOLDER = ROOT / "surgery" / "extract"
RANK = 8
LAYER = "model.layers.0."


def spectrum(rows, columns, values):
    """A matrix with these singular values and random vectors."""
    left, _ = torch.linalg.qr(torch.randn(rows, len(values), dtype=torch.float64))
    right, _ = torch.linalg.qr(torch.randn(columns, len(values), dtype=torch.float64))
    return left @ torch.diag(torch.tensor(values, dtype=torch.float64)) @ right.T


def models():
    """Tensors of both models, and the differences as they were before they were rounded."""
    seed("extract")
    shapes = {
        LAYER + "self_attn.q_proj": (96, 128, [1 / i for i in range(1, 97)], torch.float32),
        LAYER + "self_attn.k_proj": (96, 128, [i**-0.5 for i in range(1, 97)], torch.float32),
        LAYER + "self_attn.v_proj": (128, 96, [0.9, 0.8, 0.7, 0.6], torch.bfloat16),
        LAYER + "self_attn.o_proj": (64, 96, [], torch.bfloat16),
        LAYER + "mlp.down_proj": (24, 40, [0.3, 0.2, 0.1], torch.float16),
    }
    base, tuned, exact = {}, {}, {}
    for name, (rows, columns, values, dtype) in shapes.items():
        weight = (0.1 * torch.randn(rows, columns)).to(dtype)
        delta = spectrum(rows, columns, values) if values else torch.zeros(rows, columns, dtype=torch.float64)
        base[name + ".weight"], exact[name] = weight, delta
        tuned[name + ".weight"] = (weight.double() + delta).to(dtype)
    for name, change in ((LAYER + "input_layernorm.weight", 0.5), ("model.norm.weight", 0.0)):
        base[name] = torch.ones(128, dtype=torch.bfloat16)
        tuned[name] = base[name] + change
    for name in ("self_attn.q_proj.bias", "self_attn.o_proj.bias"):
        base[LAYER + name] = torch.zeros(base[LAYER + name[:-4] + "weight"].shape[0], dtype=torch.bfloat16)
        tuned[LAYER + name] = base[LAYER + name] + 0.25
    return base, tuned, exact


def make():
    base, tuned, exact = models()
    fresh(FOLDER)
    for name, tensors in (("base", base), ("tuned", tuned)):
        (FOLDER / name).mkdir()
        write_tensors(FOLDER / name / "model.safetensors", tensors)
    rows = []
    for name, delta in exact.items():
        difference = tuned[name + ".weight"].double().numpy() - base[name + ".weight"].double().numpy()
        norm = float(numpy.linalg.norm(difference))
        if norm == 0:
            continue
        left, values, right = numpy.linalg.svd(difference, full_matrices=False)
        cut = (left[:, :4] * values[:4]) @ right[:4]
        rows.append(
            {
                "name": name,
                "norm": norm,
                "values": [float(value) for value in values],
                "best_error": float(numpy.linalg.norm(values[RANK:]) / norm),
                # What rounding did to the difference, and the largest singular value of that.
                "noise": float(numpy.linalg.svd(difference - delta.numpy(), compute_uv=False)[0]),
                "cut_to_exact": float(numpy.linalg.norm(cut - delta.numpy()) / numpy.linalg.norm(delta.numpy())),
                "stored_to_exact": float(numpy.linalg.norm(difference - delta.numpy()) / numpy.linalg.norm(delta.numpy())),
            }
        )
    write_json(FOLDER / "expected.json", {"rank": RANK, "modules": rows})
