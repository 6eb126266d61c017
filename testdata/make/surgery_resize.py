"""Adapters for `resize`, and the singular values that numpy finds in the full deltas of these and older ones.

    python surgery_resize.py            writes testdata/surgery/resize

The deltas are formed in float64 from what PEFT loads, with PEFT's own scales and layouts.
"""

import json
import pathlib

import numpy
import peft
import torch
import transformers

DATA = pathlib.Path(__file__).resolve().parent.parent
OUT = DATA / "surgery" / "resize"

OLDER = {
    "llama-all-linear": "llama-bf16-sharded",
    "llama-rslora-patterns": "llama-f16",
    "llama-patterns": "llama-f16",
    "llama-embedding": "llama-f16",
    "llama-attention-bf16": None,
    "llama-f64": None,
    "llama-dora": None,
    "lora-bias": None,
    "gpt2": None,
    "mixtral-experts": None,
    "resnet-conv": None,
}


def model(path):
    config = transformers.AutoConfig.from_pretrained(path)
    kind = transformers.AutoModelForCausalLM if "resnet" not in config.model_type else transformers.AutoModelForImageClassification
    return kind.from_pretrained(path, dtype=torch.float32)


def deltas(wrapped):
    """Every module's delta as a list of float64 matrices, one for each expert, in the orientation (out, in)."""
    found = {}
    for name, layer in wrapped.base_model.model.named_modules():
        if not isinstance(layer, peft.tuners.lora.layer.LoraLayer):
            continue
        scale = layer.scaling["default"]
        if isinstance(layer, peft.tuners.lora.layer.ParamWrapper):
            a, b = layer.lora_A["default"].weight.double(), layer.lora_B["default"].weight.double()
            experts = layer.num_experts
            a = a.reshape(experts, -1, a.shape[-1])
            b = b.reshape(b.shape[0], -1, experts).permute(2, 0, 1)
            owner = ".".join(part for part in name.split(".") if part != "base_layer")
            found[f"{owner}.{layer.parameter_name}"] = [scale * (b[e] @ a[e]) for e in range(experts)]
        elif layer.lora_embedding_A:
            a, b = layer.lora_embedding_A["default"].double(), layer.lora_embedding_B["default"].double()
            found[name] = [scale * (b @ a)]
        else:
            a, b = layer.lora_A["default"].weight.double(), layer.lora_B["default"].weight.double()
            found[name] = [scale * (b.flatten(1) @ a.flatten(1))]
    return {name: [part.detach().numpy() for part in parts] for name, parts in found.items()}


def load(folder, base):
    """As stored: `autocast_adapter_dtype` would make f32 of bf16, which changes no number."""
    return peft.PeftModel.from_pretrained(model(base), folder)


def randomize(wrapped, seed, dtype):
    """Factors whose columns fall over three decades; the first query projection changes nothing."""
    random = torch.Generator().manual_seed(seed)
    for name, value in wrapped.named_parameters():
        if "lora_" not in name or "magnitude" in name:
            continue
        noise = torch.randn(value.shape, generator=random) * 0.1
        is_up = "lora_B" in name or "embedding_B" in name
        if is_up and noise.dim() > 1:
            shape = [1] * noise.dim()
            shape[1] = noise.shape[1]
            noise = noise * torch.logspace(0, -3, noise.shape[1]).reshape(shape)
        if "layers.0.self_attn.q_proj.lora_B" in name:
            noise = noise * 0
        value.data = noise.to(dtype)


def make(name, base, config, dtype, seed):
    wrapped = peft.get_peft_model(model(DATA / "models" / base), config)
    randomize(wrapped, seed, dtype)
    folder = OUT / name
    wrapped.save_pretrained(folder)
    (folder / "README.md").unlink()
    path = folder / "adapter_config.json"
    fields = json.loads(path.read_text()) | {"base_model_name_or_path": f"testdata/models/{base}"}
    path.write_text(json.dumps(fields, indent=2, sort_keys=True) + "\n")
    return folder


def main():
    torch.manual_seed(0)
    linear = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj", "embed_tokens"]
    new = {
        # Rank 24 is more than k_proj and v_proj have outputs.
        "wide": ("llama-f16", dict(r=24, lora_alpha=12, use_rslora=True, target_modules=linear, rank_pattern={"o_proj": 3})),
        "experts": (
            "mixtral-bf16",
            dict(r=5, lora_alpha=15, target_modules=["q_proj"],
                 target_parameters=["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]),
        ),
        "conv": ("resnet-f32", dict(r=5, lora_alpha=7, target_modules=["convolution"])),
    }
    spectra = {}
    for seed, (name, (base, fields)) in enumerate(new.items()):
        folder = make(name, base, peft.LoraConfig(**fields), torch.bfloat16 if name == "wide" else torch.float32, seed)
        spectra[f"surgery/resize/{name}"] = values(deltas(load(folder, DATA / "models" / base)))
    for name in OLDER:
        folder = DATA / "adapters" / name
        base = pathlib.Path(json.loads((folder / "adapter_config.json").read_text())["base_model_name_or_path"]).name
        spectra[f"adapters/{name}"] = values(deltas(load(folder, DATA / "models" / base)))
    (OUT / "spectra.json").write_text(
        json.dumps({"peft": peft.__version__, "numpy": numpy.__version__, "adapters": spectra}) + "\n")


def values(found):
    return {
        name: [
            [float(f"{value:.17g}") for value in numpy.linalg.svd(part, compute_uv=False) if value > 1e-14]
            for part in parts
        ]
        for name, parts in found.items()
    }


if __name__ == "__main__":
    main()
