"""Adapters converted by the program, each opened by the reader of its target and compared with PEFT's own deltas.

What the readers agreed with is kept as digests in `surgery/convert/cases.json`, so that the tests need no Python.
Besides requirements.txt this wants gguf==0.19.0, lycoris-lora==3.4.0, and torchtune 0.6.1 unpacked (its file
`models/convert_weights.py` is loaded alone): `python surgery_convert.py PROGRAM TORCHTUNE`.
"""

import hashlib
import importlib.util
import json
import pathlib
import subprocess
import sys
import tempfile

import gguf
import mlx.core as mx
import numpy as np
import peft
import torch
import transformers
from diffusers import UNet2DConditionModel
from diffusers.loaders import FluxLoraLoaderMixin, StableDiffusionLoraLoaderMixin, StableDiffusionXLLoraLoaderMixin
from mlx.utils import tree_unflatten
from peft.tuners.lora import LoraLayer, ParamWrapper
from peft.utils.other import get_pattern_key
from safetensors import safe_open
from safetensors.torch import load_file

from files import ADAPTERS, MODELS, ROOT, fresh, seed, write_json, write_rows, write_tensors

PROGRAM, TORCHTUNE = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]).resolve()
INPUTS = ROOT / "surgery" / "convert"

# Models that only their configs say, too small to be of use and large enough that no two sizes are equal.
UNET = dict(
    sample_size=8, in_channels=4, out_channels=4, layers_per_block=2, norm_num_groups=4, attention_head_dim=4,
    cross_attention_dim=20, use_linear_projection=True)  # fmt: skip
SD1 = UNET | dict(
    block_out_channels=(8, 16), down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"),
    up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"))  # fmt: skip
SDXL = UNET | dict(
    block_out_channels=(8, 12, 16), down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), transformer_layers_per_block=(1, 1, 2))  # fmt: skip
TEXT = dict(vocab_size=48, hidden_size=32, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=32)
CONFIGS = {
    "phi3": transformers.Phi3Config(**TEXT, num_key_value_heads=2, intermediate_size=40, pad_token_id=0),
    "gpt_neox": transformers.GPTNeoXConfig(**TEXT, intermediate_size=40),
    "falcon": transformers.FalconConfig(**TEXT, new_decoder_architecture=True, num_kv_heads=2, bias=False),
}


def train(model, step=0.05):
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(step * torch.randn(parameter.shape))
    return model


def save(model, folder):
    """As PEFT does, but with the targets, which it keeps as a set, in the same order every time."""
    model.save_pretrained(folder)
    (folder / "README.md").unlink()
    config = json.loads((folder / "adapter_config.json").read_text())
    for key in ("target_modules", "target_parameters"):
        config[key] = config.get(key) and sorted(config[key])
    write_json(folder / "adapter_config.json", config)


def write_inputs():
    """PEFT adapters of pipelines and of models with fused modules."""
    for name, config, targets, more in [
        ("sd1", SD1, ["to_q", "to_v", "to_out.0", "conv1", "proj_in", "conv"], dict(rank_pattern={"conv1": 2})),
        ("sd1-dora", SD1, ["to_q", "conv1"], dict(use_dora=True)),
        ("sdxl", SDXL, ["to_q", "ff.net.0.proj", "conv1", "conv2", "time_emb_proj", "conv_shortcut", "conv",
                        "linear_1", "linear_2", "conv_in", "conv_out"], dict(alpha_pattern={"to_q": 3})),
    ]:  # fmt: skip
        seed("convert-" + name)
        unet = UNet2DConditionModel(**config)
        lora = peft.LoraConfig(r=2 if name == "sdxl" else 4, lora_alpha=6, target_modules=targets, **more)
        model = train(peft.get_peft_model(unet, lora))
        folder = fresh(INPUTS / name)
        save(model, folder)
    for name, targets in [("phi3", ["qkv_proj", "o_proj", "gate_up_proj"]), ("gpt_neox", ["query_key_value", "dense"]),
                          ("falcon", ["query_key_value"])]:  # fmt: skip
        seed("convert-" + name)
        model = transformers.AutoModelForCausalLM.from_config(CONFIGS[name])
        lora = peft.LoraConfig(r=3, lora_alpha=6, target_modules=targets, task_type="CAUSAL_LM")
        folder = fresh(INPUTS / name)
        save(train(peft.get_peft_model(model, lora)), folder)
    seed("convert-stacks")
    lora = peft.LoraConfig(r=2, lora_alpha=3, target_modules=["k_proj"], task_type="CAUSAL_LM",
                           target_parameters=["mlp.experts.gate_up_proj", "mlp.experts.down_proj"])  # fmt: skip
    folder = fresh(INPUTS / "qwen3_moe-stacks")
    model = train(peft.get_peft_model(base_of("qwen3_moe-bf16"), lora))
    model.peft_config["default"].base_model_name_or_path = "testdata/models/qwen3_moe-bf16"  # no path of a machine
    save(model, folder)
    write_flux()
    for name, config in CONFIGS.items():
        (INPUTS / f"{name}.json").write_text(config.to_json_string())
    # One expert by one, as older checkpoints and engines have them; not all of them, and of unequal ranks.
    seed("convert-singles")
    tensors, base = {}, json.loads((MODELS / "qwen3_moe-bf16" / "config.json").read_text())
    hidden, inner = base["hidden_size"], base["moe_intermediate_size"]
    for expert, rank in [(0, 2), (2, 3)]:
        for part, into, out in [("gate_proj", hidden, inner), ("up_proj", hidden, inner), ("down_proj", inner, hidden)]:
            path = f"base_model.model.model.layers.1.mlp.experts.{expert}.{part}"
            tensors[path + ".lora_A.weight"] = torch.randn(rank, into)
            tensors[path + ".lora_B.weight"] = torch.randn(out, rank)
    folder = fresh(INPUTS / "qwen3_moe-singles")
    write_tensors(folder / "adapter_model.safetensors", tensors)
    write_json(folder / "adapter_config.json", {
        "peft_type": "LORA", "r": 2, "lora_alpha": 4, "target_modules": ["down_proj", "gate_proj", "up_proj"],
        "rank_pattern": {r"experts\.2\..*": 3}, "base_model_name_or_path": "qwen3_moe"})  # fmt: skip


def write_flux():
    """A LoRA of Flux as kohya's trainers write it; diffusers takes the width of single blocks to be Flux's own."""
    seed("convert-flux")
    tensors = {}
    for module, out, rank in [
        ("double_blocks_0_img_attn_qkv", 24, 4), ("double_blocks_0_txt_attn_qkv", 24, 2), ("double_blocks_0_img_attn_proj", 8, 4),
        ("double_blocks_1_txt_mlp_0", 32, 4), ("double_blocks_1_img_mlp_2", 8, 4), ("double_blocks_0_img_mod_lin", 48, 4),
        ("single_blocks_0_linear1", 21504, 1), ("single_blocks_0_linear2", 8, 2), ("single_blocks_1_modulation_lin", 24, 2),
    ]:  # fmt: skip
        tensors[f"lora_unet_{module}.lora_down.weight"] = torch.randn(rank, 8).half()
        tensors[f"lora_unet_{module}.lora_up.weight"] = torch.randn(out, rank).half()
        tensors[f"lora_unet_{module}.alpha"] = torch.tensor(float(rank) / 2).half()
    INPUTS.mkdir(exist_ok=True)
    write_tensors(INPUTS / "flux.safetensors", tensors)


def flux_deltas(path, base):
    """What diffusers makes of the file: factors with the scale in them."""
    state, alphas = FluxLoraLoaderMixin.lora_state_dict(str(path.parent), weight_name=path.name, return_alphas=True)
    assert not alphas
    return {
        key.removesuffix(".lora_A.weight"): (state[key.replace("lora_A", "lora_B")].double() @ a.double()).numpy()
        for key, a in state.items() if key.endswith(".lora_A.weight")
    }  # fmt: skip


def read_flux(output, base):
    """The factors of a file of diffusers, with the scales of its metadata."""
    with safe_open(output / "pytorch_lora_weights.safetensors", "pt") as file:
        config = json.loads(file.metadata()["lora_adapter_metadata"])
        tensors = {key: file.get_tensor(key).double().numpy() for key in file.keys()}
    config = {key.removeprefix("transformer."): value for key, value in config.items()}
    named = peft.LoraConfig(**config)
    found = {}
    for key, a in tensors.items():
        if key.endswith(".lora_A.weight"):
            name = key.removeprefix("transformer.").removesuffix(".lora_A.weight")
            rank = named.rank_pattern.get(get_pattern_key(named.rank_pattern.keys(), name), named.r)
            alpha = named.alpha_pattern.get(get_pattern_key(named.alpha_pattern.keys(), name), named.lora_alpha)
            assert rank == len(a)
            found["transformer." + name] = alpha / rank * tensors[key.replace("lora_A", "lora_B")] @ a
    return found


# What an adapter does: module -> delta, an f64 array, by PEFT itself.


def deltas_of(model):
    found = {}
    for name, layer in model.named_modules():
        if isinstance(layer, LoraLayer) and layer.r:
            (adapter,) = layer.r
            name = name.removeprefix("base_model.model.")
            if isinstance(layer, ParamWrapper):
                name = name.replace(".base_layer", "") + "." + layer.parameter_name
            delta = layer.get_delta_weight(adapter)
            if isinstance(layer.get_base_layer(), transformers.pytorch_utils.Conv1D):
                delta = delta.T
            found[name] = delta.detach().double().numpy()
            if adapter in layer.lora_magnitude_vector:
                found[name + " magnitudes"] = layer.lora_magnitude_vector[adapter].weight.detach().double().numpy()
    return found


def base_of(name):
    if name in CONFIGS:
        return transformers.AutoModelForCausalLM.from_config(CONFIGS[name])
    if name.startswith("sd"):
        seed("convert-unet")
        return UNet2DConditionModel(**(SD1 if name.startswith("sd1") else SDXL))
    return transformers.AutoModelForCausalLM.from_pretrained(MODELS / name, dtype=torch.float32)


def peft_deltas(path, base):
    return deltas_of(peft.PeftModel.from_pretrained(base_of(base), path))


def singles(path, base):
    """The deltas of single experts, which this library has no modules for."""
    config, tensors = json.loads((path / "adapter_config.json").read_text()), load_file(path / "adapter_model.safetensors")
    found = {}
    for key, a in tensors.items():
        if key.endswith(".lora_A.weight"):
            b = tensors[key.replace("lora_A", "lora_B")].double().numpy()
            scale = config["lora_alpha"] / len(a)
            found[key.removeprefix("base_model.model.").removesuffix(".lora_A.weight")] = scale * b @ a.double().numpy()
    return found


# The readers: what a converted file does, in the names and orders of PEFT.


def read_peft(output, base):
    return peft_deltas(output, base)


def read_mlx(output, base):
    from mlx_lm.models import gemma, llama, qwen3_moe
    from mlx_lm.tuner.utils import load_adapters

    config = json.loads((MODELS / base / "config.json").read_text())
    kind = {"llama": llama, "qwen3_moe": qwen3_moe, "gemma": gemma}[config["model_type"]]
    config.setdefault("rope_theta", 10000.0)
    if "num_local_experts" in config:
        config["num_experts"] = config["num_local_experts"]
    model = kind.Model(kind.ModelArgs.from_dict(config))
    load_adapters(model, str(output))
    found = {}
    for name, layer in model.named_modules():
        if not hasattr(layer, "lora_a"):
            continue
        a, b = (np.array(x.astype(mx.float32)).astype(np.float64) for x in (layer.lora_a, layer.lora_b))
        if a.ndim == 3:
            delta = layer.scale * b @ a
        else:
            delta = layer.scale * (a @ b).T
        found[name] = delta.T if "embed" in name else delta
        if hasattr(layer, "m"):
            found[name + " magnitudes"] = np.array(layer.m).astype(np.float64)
    return found


def read_diffusers(output, base, prefix="unet"):
    unet = base_of(base)
    unet.load_lora_adapter(str(output), prefix=prefix, use_safetensors=True)
    return deltas_of(unet)


def read_kohya(output, base):
    """diffusers' reader of kohya's files.

    Its alphas of attention projections carry a name that no pattern of PEFT's matches, so that where alphas differ
    diffusers 0.42 takes the most frequent one for them. What it read as alpha is taken here, not what became of it.
    """
    unet = base_of(base)
    mixin = StableDiffusionXLLoraLoaderMixin if base == "sdxl" else StableDiffusionLoraLoaderMixin
    state, alphas = mixin.lora_state_dict(str(output.parent), weight_name=output.name, unet_config=unet.config)
    unet.load_lora_adapter(state, network_alphas=alphas, prefix="unet")
    known = {}
    for name, alpha in alphas.items():
        name = name.removeprefix("unet.").removesuffix(".alpha").removesuffix(".down.weight").replace(".processor", "")
        known[name.replace("to_out_lora", "to_out.0").removesuffix("_lora")] = alpha
    found = deltas_of(unet)
    for name, layer in unet.named_modules():
        if name in found:
            (adapter,) = layer.r
            found[name] *= known[name] / layer.r[adapter] / layer.scaling[adapter]
    return found


def read_lycoris(output, base):
    """What LyCORIS makes of the base's weights with a file that has DoRA's magnitudes, less those weights."""
    from lycoris.modules.locon import LoConModule

    state, unet, found = load_file(output), base_of(base), {}
    for name, layer in unet.named_modules():
        key = "lora_unet_" + name.replace(".", "_")
        if key + ".lora_up.weight" not in state:
            continue
        down, alpha = state[key + ".lora_down.weight"], float(state[key + ".alpha"])
        module = LoConModule(key, layer, 1, len(down), alpha, weight_decompose=True, wd_on_out=True)
        module.load_state_dict({part: state[f"{key}.{part}"] for part in ("lora_up.weight", "lora_down.weight", "alpha",
                                                                         "dora_scale")}, strict=False)  # fmt: skip
        merged, _ = module.get_merged_weight()
        found[name] = (merged - layer.weight).detach().double().numpy()
    return found


def merged_deltas(path, base):
    """What PEFT makes of the base's weights, less those weights."""
    before = {name: value.clone() for name, value in base_of(base).state_dict().items()}
    merged = peft.PeftModel.from_pretrained(base_of(base), path).merge_and_unload().state_dict()
    changed = {name: (merged[name] - value).double().numpy() for name, value in before.items()}
    return {name.removesuffix(".weight"): value for name, value in changed.items() if np.abs(value).max() > 0}


def read_torchtune(output, base):
    spec = importlib.util.spec_from_file_location("convert_weights", TORCHTUNE / "torchtune/models/convert_weights.py")
    library = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(library)
    config, model = json.loads((output / "adapter_config.json").read_text()), base_of(base).config
    state = load_file(output / "adapter_model.safetensors")
    state = library.tune_to_peft_adapter_weights(
        state, model.num_attention_heads, model.num_key_value_heads, model.hidden_size, model.head_dim)  # fmt: skip
    config = library.tune_to_peft_adapter_config(config, "base")
    with tempfile.TemporaryDirectory() as folder:
        write_tensors(pathlib.Path(folder) / "adapter_model.safetensors", state)
        write_json(pathlib.Path(folder) / "adapter_config.json", config)
        return peft_deltas(folder, base)


def permute(weights, heads, kv_heads):
    """llama.cpp's `LlamaModel.permute`."""
    heads = kv_heads if kv_heads is not None and heads != kv_heads else heads
    return weights.reshape(heads, 2, len(weights) // heads // 2, -1).swapaxes(1, 2).reshape(weights.shape)


def unfused(weights, config):
    """llama.cpp's order of a fused query_key_value: `GPTNeoXModel` and `FalconModel.modify_tensors`."""
    heads = config.num_attention_heads
    kv = getattr(config, "num_kv_heads", None) or heads
    parts = weights.reshape(kv, heads // kv + 2, -1, weights.shape[-1])
    parts = parts[:, :-2], parts[:, [-2]], parts[:, [-1]]
    return np.concatenate([part.reshape(-1, weights.shape[-1]) for part in parts])


def read_gguf(output, base):
    """The factors as llama.cpp multiplies them, under its names; `gguf_truth` has PEFT's in the same."""
    reader = gguf.GGUFReader(output)
    fields = {key: field.contents() for key, field in reader.fields.items()}
    assert fields["general.type"] == "adapter" and fields["adapter.type"] == "lora", fields
    tensors = {}
    for tensor in reader.tensors:
        data = tensor.data
        if tensor.tensor_type == gguf.GGMLQuantizationType.BF16:
            data = gguf.quants.dequantize(data, tensor.tensor_type)
        tensors[tensor.name] = np.array(data).astype(np.float64)
    found = {}
    for name, a in tensors.items():
        if name.endswith(".lora_a"):
            b = tensors[name.removesuffix("a") + "b"]
            scale = fields["adapter.lora.alpha"] / b.shape[-1]
            # Rows of an embedding are looked up: its A lies the other way round.
            found[name.removesuffix(".weight.lora_a")] = scale * (a @ b.T if "token_embd" in name else b @ a)
    return {"architecture": fields["general.architecture"]}, found


def gguf_truth(truth, base):
    config = base_of(base).config
    arch = next(key for key, name in gguf.MODEL_ARCH_NAMES.items() if name == {
        "mistral": "llama", "mixtral": "llama", "qwen3_moe": "qwen3moe", "gpt_neox": "gptneox"}.get(
        config.model_type, config.model_type))  # fmt: skip
    names = gguf.get_tensor_name_map(arch, config.num_hidden_layers)
    found, experts = {}, {}
    for name, delta in truth.items():
        if ".experts." in name:
            owner, rest = name.split(".experts.")
            if rest[0].isdigit():
                index, part = rest.split(".")
                stack = experts.setdefault(f"{owner}.experts.{part}", np.zeros((config.num_experts, *delta.shape)))
                stack[int(index)] = delta
                continue
            for part, value in zip(("gate_proj", "up_proj"), np.split(delta, 2, 1)) if "gate_up" in rest else [(rest, delta)]:
                found[names.get_name(f"{owner}.experts.{part}")] = value
            continue
        if arch in (gguf.MODEL_ARCH.LLAMA,) and name.endswith(("q_proj", "k_proj")):
            heads = config.num_attention_heads
            delta = permute(delta, heads, heads if name.endswith("q_proj") else config.num_key_value_heads)
        if name.endswith("query_key_value"):
            delta = unfused(delta, config)
        found[names.get_name(name)] = delta
    return found | {names.get_name(name): stack for name, stack in experts.items()}


def read_trtllm(output, base):
    ids = {0: "self_attn.qkv_proj", 1: "self_attn.q_proj", 2: "self_attn.k_proj", 3: "self_attn.v_proj",
           4: "self_attn.o_proj", 5: "mlp.gate_proj", 6: "mlp.down_proj", 7: "mlp.up_proj"}  # fmt: skip
    weights, config = np.load(output / "model.lora_weights.npy"), np.load(output / "model.lora_config.npy")
    model = base_of(base)
    found = {}
    for row, (module, layer, rank) in zip(weights[0], config[0]):
        name = f"model.layers.{layer}.{ids[module]}"
        out, into = model.get_submodule(name).weight.shape
        row = row.astype(np.float64)
        found[name] = row[rank * into :][: out * rank].reshape(out, rank) @ row[: rank * into].reshape(rank, into)
    return found


def mlx_truth(truth):
    """Stacks of experts under MLX's names."""
    found = {}
    for name, delta in truth.items():
        if ".experts." not in name:
            found[name] = delta
        elif "gate_up_proj" in name:
            for part, value in zip(("gate_proj", "up_proj"), np.split(delta, 2, 1)):
                found[name.replace("experts.gate_up_proj", "switch_mlp." + part)] = value
        else:
            found[name.replace(".experts.", ".switch_mlp.")] = delta
    return found


def is_unused(key, found):
    return np.abs(found[key.removesuffix(" magnitudes")]).max() == 0


CASES = [
    # name, input, base, arguments, target
    ("llama-mlx", "adapters/llama-patterns", "llama-bf16-sharded", [], "mlx"),
    ("llama-mlx-rslora", "adapters/llama-rslora-patterns", "llama-f16", [], "mlx"),
    ("llama-mlx-embedding", "adapters/llama-embedding", "llama-f16", [], "mlx"),
    ("qwen3_moe-mlx", "adapters/qwen3_moe-experts", "qwen3_moe-bf16", [], "mlx"),
    ("qwen3_moe-mlx-stacks", "surgery/convert/qwen3_moe-stacks", "qwen3_moe-bf16", [], "mlx"),
    ("llama-mlx-dora", "adapters/llama-dora", "llama-bf16-sharded", [], "mlx"),
    ("llama-torchtune", "adapters/llama-patterns", "llama-bf16-sharded", [], "torchtune"),
    ("llama-gguf", "adapters/llama-all-linear", "llama-bf16-sharded", [], "gguf"),
    ("llama-gguf-patterns", "adapters/llama-patterns", "llama-bf16-sharded", [], "gguf"),
    ("llama-gguf-rslora", "adapters/llama-rslora-patterns", "llama-f16", [], "gguf"),
    ("llama-gguf-embedding", "adapters/llama-embedding", "llama-f16", [], "gguf"),
    ("llama-gguf-bf16", "adapters/llama-attention-bf16", "llama-bf16-sharded", [], "gguf"),
    ("qwen3-gguf", "adapters/qwen3-all-linear", "qwen3-f16", [], "gguf"),
    ("mistral-gguf", "adapters/mistral-all-linear", "mistral-bf16", [], "gguf"),
    ("qwen3_moe-gguf", "adapters/qwen3_moe-experts", "qwen3_moe-bf16", [], "gguf"),
    ("qwen3_moe-gguf-singles", "surgery/convert/qwen3_moe-singles", "qwen3_moe-bf16", [], "gguf"),
    ("qwen3_moe-gguf-stacks", "surgery/convert/qwen3_moe-stacks", "qwen3_moe-bf16", [], "gguf"),
    ("gpt2-gguf", "adapters/gpt2", "gpt2-f32", [], "gguf"),
    ("phi3-gguf", "surgery/convert/phi3", "phi3", [], "gguf"),
    ("gpt_neox-gguf", "surgery/convert/gpt_neox", "gpt_neox", [], "gguf"),
    ("falcon-gguf", "surgery/convert/falcon", "falcon", [], "gguf"),
    ("llama-trtllm", "adapters/llama-patterns", "llama-bf16-sharded", [], "trtllm"),
    ("llama-trtllm-f16", "adapters/llama-patterns", "llama-bf16-sharded", ["--dtype", "f16"], "trtllm"),
    ("sd1-diffusers", "surgery/convert/sd1", "sd1", [], "diffusers"),
    ("sd1-kohya", "surgery/convert/sd1", "sd1", [], "kohya"),
    ("sd1-dora-diffusers", "surgery/convert/sd1-dora", "sd1", [], "diffusers"),
    ("sd1-dora-kohya", "surgery/convert/sd1-dora", "sd1", [], "kohya"),
    ("sdxl-diffusers", "surgery/convert/sdxl", "sdxl", [], "diffusers"),
    ("sdxl-kohya", "surgery/convert/sdxl", "sdxl", [], "kohya"),
    ("flux-diffusers", "surgery/convert/flux.safetensors", "flux", [], "diffusers"),
    ("llama-fused", "adapters/llama-patterns", "llama-bf16-sharded", ["--fuse", "qkv_proj"], "peft"),
    ("phi3-unfused", "surgery/convert/phi3", "phi3", ["--unfuse"], "peft"),
    ("gpt_neox-unfused", "surgery/convert/gpt_neox", "gpt_neox", ["--unfuse"], "peft"),
    ("falcon-unfused", "surgery/convert/falcon", "falcon", ["--unfuse"], "peft"),
]  # fmt: skip

READERS = dict(peft=read_peft, mlx=read_mlx, diffusers=read_diffusers, kohya=read_kohya, torchtune=read_torchtune,
               gguf=read_gguf, trtllm=read_trtllm)  # fmt: skip


def convert(arguments, output):
    run = subprocess.run(
        [PROGRAM, "convert", *arguments, "--output", output, "--format", "json"], cwd=ROOT, capture_output=True, text=True)
    if run.returncode:
        raise SystemExit(f"{arguments}: {run.stderr}")
    return json.loads(run.stdout)


def base_argument(base):
    return [] if base.startswith(("sd", "flux")) else [
        "--base", f"surgery/convert/{base}.json" if base in CONFIGS else f"models/{base}"]  # fmt: skip


def stacked(truth, target_modules, base):
    """The deltas of parts as rows of one module, by what transformers' forward does with its rows."""
    config = base_of(base).config
    found = {}
    for name, delta in truth.items():
        last = name.rsplit(".", 1)[1]
        if last not in ("q_proj", "k_proj", "v_proj"):
            found[name] = delta
            continue
        owner = name.rsplit(".", 1)[0]
        q = config.num_attention_heads * config.head_dim
        kv = config.num_key_value_heads * config.head_dim
        whole = found.setdefault(owner + ".qkv_proj", np.zeros((q + 2 * kv, delta.shape[1])))
        first = {"q_proj": 0, "k_proj": q, "v_proj": q + kv}[last]
        whole[first : first + len(delta)] = delta
    return found


def split(truth, base):
    """The deltas of the parts of fused modules, as transformers splits the outputs."""
    config = base_of(base).config
    found = {}
    for name, delta in truth.items():
        owner, last = name.rsplit(".", 1)
        heads = config.num_attention_heads
        kv = getattr(config, "num_kv_heads", getattr(config, "num_key_value_heads", heads)) or heads
        if last == "qkv_proj":
            width = len(delta) // (heads + 2 * kv)
            parts = np.split(delta, [heads * width, (heads + kv) * width])
        elif last == "query_key_value":
            parts = unfused(delta, config)
            width = len(delta) // (heads + 2 * kv)
            parts = np.split(parts, [heads * width, (heads + kv) * width])
        elif last == "gate_up_proj":
            found |= {f"{owner}.{part}": half for part, half in zip(("gate_proj", "up_proj"), np.split(delta, 2))}
            continue
        else:
            found[name] = delta
            continue
        found |= {f"{owner}.{part}": half for part, half in zip(("q_proj", "k_proj", "v_proj"), parts)}
    return found


def read_factors(output):
    """The deltas of a PEFT folder by its tensors and config, for modules that the base has not."""
    config, tensors = json.loads((output / "adapter_config.json").read_text()), load_file(output / "adapter_model.safetensors")
    import re

    def value(patterns, default, name):
        return next((v for key, v in patterns.items() if re.match(rf"(.*\.)?({key})$", name)), default)

    found = {}
    for key, a in tensors.items():
        if key.endswith(".lora_A.weight"):
            name = key.removeprefix("base_model.model.").removesuffix(".lora_A.weight")
            rank = value(config["rank_pattern"], config["r"], name)
            assert rank == len(a), name
            scale = value(config["alpha_pattern"], config["lora_alpha"], name) / rank
            b = tensors[key.replace("lora_A", "lora_B")].double().numpy()
            found[name] = scale * b @ a.double().numpy()
    return found


def check(name, source, base, more, target, output):
    path = ROOT / source
    readers = dict(flux=flux_deltas).get(base, singles if source.endswith("singles") else peft_deltas)
    truth = readers(path, base)
    if target == "gguf":
        truth = gguf_truth(truth, base)
        _, found = read_gguf(output, base)
    elif "--fuse" in more:
        truth, found = stacked(truth, more[1], base), read_factors(output)
    elif "--unfuse" in more:
        truth, found = split(truth, base), read_factors(output)
    elif base == "flux":
        found = read_flux(output, base)
    elif name == "sd1-dora-kohya":
        truth, found = merged_deltas(path, base), read_lycoris(output, base)
    else:
        found = READERS[target](output, base)
        if target == "mlx":
            truth = mlx_truth(truth)
            # MLX makes a layer for every key in every layer; what has no tensors is zero.
            found = {key: value for key, value in found.items() if key in truth or not is_unused(key, found)}
    assert found.keys() == truth.keys(), (name, sorted(found.keys() ^ truth.keys())[:6])
    worst = 0.0
    for key, delta in truth.items():
        value = found[key]
        assert value.shape == delta.shape, (name, key, value.shape, delta.shape)
        worst = max(worst, np.linalg.norm(value - delta) / np.linalg.norm(delta))
    # diffusers rounds the scale into factors of 16 bits.
    limit = 1e-3 if base == "flux" else 2e-5 if name == "sd1-dora-kohya" else 2e-3 if "f16" in name or "embedding" in name or "bf16" in name else 3e-7
    assert worst < limit, (name, worst)
    return worst


def check_back(name, source, base, target, output, folder):
    """Back in PEFT's format, which PEFT opens."""
    back = pathlib.Path(folder) / "back"
    convert([output, "--to", "peft", *base_argument(base)], back)
    truth = peft_deltas(ROOT / source, base)
    if any(".experts." in key for key in truth):
        stacks = mlx_truth(truth)
        truth = {key: delta for key, delta in stacks.items() if delta.ndim == 2}
        truth |= {key.replace("switch_mlp", f"experts.{index}"): delta for key, stack in stacks.items()
                  if stack.ndim == 3 for index, delta in enumerate(stack)}  # fmt: skip
        found = read_factors(back)
    else:
        found = read_peft(back, base)
    assert found.keys() == truth.keys(), (name, sorted(found.keys() ^ truth.keys())[:6])
    return max(np.linalg.norm(found[key] - delta) / np.linalg.norm(delta) for key, delta in truth.items())


def main():
    write_inputs()
    rows = []
    for name, source, base, more, target in CASES:
        with tempfile.TemporaryDirectory() as folder:
            output = pathlib.Path(folder) / {"gguf": "a.gguf", "kohya": "a.safetensors"}.get(target, "out")
            arguments = [source, "--to", target, *base_argument(base), *more]
            report = convert(arguments, output)
            worst = check(name, source, base, more, target, output)
            back = "–"
            if target in ("mlx", "torchtune", "kohya", "diffusers") and base != "flux":
                back = f"{check_back(name, source, base, target, output, folder):.1e}"
            files = [output] if output.is_file() else sorted(output.iterdir())
            digests = {
                file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.name != "lora-tool.json"
            }
            row = dict(name=name, arguments=arguments, files=digests, modules=report["modules"],
                       folded=len(report["folded"]), padded=len(report["padded"]))  # fmt: skip
            rows.append(row)
            print(f"| {name} | {target} | {report['modules']} | {len(report['folded'])} | {len(report['padded'])} | {worst:.1e} | {back} |")
    write_rows(INPUTS / "cases.json", rows)


if __name__ == "__main__":
    main()
