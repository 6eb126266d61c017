"""Adapters of image models in kohya's format, read by sd-scripts and by ComfyUI themselves.

    python surgery_image_readers.py PROGRAM SD_SCRIPTS COMFYUI

SD_SCRIPTS is a checkout of kohya-ss/sd-scripts at 48d368fa557731ad0488c07304dfeba8c07910eb, COMFYUI one of ComfyUI of April
2026 (`comfy/lora.py` last changed by 06f85e2c792f, `comfy/weight_adapter/lora.py` is the blob 8e1261a123d5). Only their
readers run, on models of the true sizes without memory (torch's meta device) and a few stand-ins for what they import.

diffusers' names and scales come from a file in diffusers' format with ranks and alphas that differ by module. Every delta
that a reader makes of the program's kohya file is compared with it, by what it does to a random vector, and no key may
be passed over. sd-scripts' own table
(`library/sdxl_model_util.py`) and ComfyUI's (`comfy/utils.py`) say which module is which.

Needs torch, diffusers 0.42.1, transformers 5.24, accelerate, einops and opencv.
"""

import json
import logging
import pathlib
import re
import subprocess
import sys
import tempfile
import types

import torch
from safetensors.torch import load_file, save_file

PROGRAM, SD_SCRIPTS, COMFYUI = (pathlib.Path(path).resolve() for path in sys.argv[1:4])
sys.path[:0] = [str(SD_SCRIPTS), str(COMFYUI)]

# Two blocks of each kind of Flux tell as much as all.
FLUX = dict(depth=2, depth_single_blocks=2, hidden_size=3072)
SD1 = dict(num_res_blocks=[2, 2, 2, 2], channel_mult=[1, 2, 4, 4], transformer_depth=[1, 1, 1, 1, 1, 1, 0, 0],
           transformer_depth_output=[1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0], transformer_depth_middle=1)  # fmt: skip
SDXL = dict(num_res_blocks=[2, 2, 2], channel_mult=[1, 2, 4], transformer_depth=[0, 0, 2, 2, 10, 10],
            transformer_depth_output=[0, 0, 0, 2, 2, 2, 10, 10, 10], transformer_depth_middle=10)  # fmt: skip


class Anything(types.ModuleType):
    """A module that has whatever is asked for."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        value = type(name, (), {})
        setattr(self, name, value)
        return value


def stand_in(package, *names):
    for name in names:
        sys.modules[f"{package.__name__}.{name}"] = value = Anything(name)
        setattr(package, name, value)


import comfy  # noqa: E402

stand_in(comfy, "model_management", "memory_management", "cli_args", "model_base", "patcher_extension")
comfy.cli_args.args = types.SimpleNamespace(mmap_torch_files=False, disable_mmap=False)
comfy.model_management.cast_to_device = lambda tensor, device, dtype: tensor.to(device=device, dtype=dtype)

from diffusers import FluxTransformer2DModel, UNet2DConditionModel  # noqa: E402
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, T5Config, T5EncoderModel  # noqa: E402

import comfy.lora  # noqa: E402
import comfy.utils  # noqa: E402

from files import ROOT, write_json  # noqa: E402


def modules_of(model):
    return {name: module for name, module in model.named_modules()
            if type(module).__name__ in ("Linear", "Conv2d", "LoRACompatibleLinear", "LoRACompatibleConv")}  # fmt: skip


def pipeline(kind):
    """The parts of a pipeline in diffusers' names, of the true sizes and without memory."""
    clip = CLIPTextConfig(vocab_size=49408, hidden_size=768, intermediate_size=3072, num_hidden_layers=12, num_attention_heads=12)
    with torch.device("meta"):
        if kind == "sd1":
            unet = UNet2DConditionModel(cross_attention_dim=768, sample_size=64, attention_head_dim=8)
            return {"unet": unet, "text_encoder": CLIPTextModel(clip)}
        if kind == "sdxl":
            unet = UNet2DConditionModel(
                sample_size=128, block_out_channels=(320, 640, 1280), attention_head_dim=[5, 10, 20], cross_attention_dim=2048,
                down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"), use_linear_projection=True,
                up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"), addition_embed_type="text_time",
                transformer_layers_per_block=[1, 2, 10], addition_time_embed_dim=256,
                projection_class_embeddings_input_dim=2816)  # fmt: skip
            large = CLIPTextConfig(vocab_size=49408, hidden_size=1280, intermediate_size=5120, num_hidden_layers=32,
                                   num_attention_heads=20, projection_dim=1280, hidden_act="gelu")  # fmt: skip
            return {"unet": unet, "text_encoder": CLIPTextModel(clip), "text_encoder_2": CLIPTextModelWithProjection(large)}
        transformer = FluxTransformer2DModel(num_layers=FLUX["depth"], num_single_layers=FLUX["depth_single_blocks"],
                                             guidance_embeds=True)  # fmt: skip
        t5 = T5Config(vocab_size=128, d_model=64, d_kv=16, d_ff=96, num_layers=2, num_heads=4, feed_forward_proj="gated-gelu")
        return {"transformer": transformer, "text_encoder": CLIPTextModel(clip), "text_encoder_2": T5EncoderModel(t5)}


def applied(up, down, scale):
    """What scale · up · down does to a random vector, which only its length says."""
    up, down = up.detach().flatten(1).double(), down.detach().flatten(1).double()
    vector = torch.randn(down.shape[1], generator=torch.Generator().manual_seed(down.shape[1]), dtype=torch.float64)
    return float(scale) * (up @ (down @ vector))


def is_adapted(path):
    """What trainers adapt: everything in blocks, and text encoders' attention and feed-forward layers."""
    if path.startswith("text_encoder"):
        # transformers 5 has dropped a level of these names, which all files have.
        return ".self_attn." in path or ".mlp." in path or ".SelfAttention." in path or ".DenseReluDense." in path
    return "blocks." in path or "mid_block." in path


def write_input(kind, path):
    """A file in diffusers' format; returns module -> delta."""
    torch.manual_seed(7)
    tensors, config, deltas = {}, {}, {}
    for part, model in pipeline(kind).items():
        ranks, alphas = {}, {}
        for index, (name, module) in enumerate(modules_of(model).items()):
            if part.startswith("text_encoder") and "text_model" not in name and "encoder.block" not in name:
                name = "text_model." + name
            if not is_adapted(f"{part}.{name}"):
                continue
            rank, alpha = 1 + index % 2, (2.0, 1.5, 3.0)[index % 3]
            size = module.weight.shape
            a = torch.randn(rank, *size[1:]).half()
            b = torch.randn(size[0], rank, *[1] * (len(size) - 2)).half()
            tensors[f"{part}.{name}.lora_A.weight"], tensors[f"{part}.{name}.lora_B.weight"] = a, b
            ranks[name], alphas[name] = rank, alpha
            deltas[f"{part}.{name}"] = applied(b, a, alpha / rank)
        escaped = {name: name.replace(".", r"\.") for name in ranks}
        config |= {f"{part}.{key}": value for key, value in dict(
            r=1, lora_alpha=1, target_modules=sorted(ranks), rank_pattern={escaped[name]: rank for name, rank in ranks.items()},
            alpha_pattern={escaped[name]: alpha for name, alpha in alphas.items()}).items()}  # fmt: skip
    path.mkdir()
    save_file(tensors, path / "pytorch_lora_weights.safetensors", {"lora_adapter_metadata": json.dumps(config), "format": "pt"})
    return deltas


# kohya's names of the modules that sd-scripts has read, by its own.
NAMES = {}


def compare(found, truth, reader):
    """Prints the largest relative distance and what is not read; returns whether all is as it should be."""
    missing = sorted(truth.keys() - found.keys())
    unknown = sorted(found.keys() - truth.keys())
    worst = 0.0
    for name in truth.keys() & found.keys():
        worst = max(worst, float((found[name] - truth[name]).norm() / truth[name].norm()))
    print(f"| {reader} | {len(found)} of {len(truth)} | {worst:.1e} |"
          + (f" not read: {len(missing)}, such as {missing[:3]}" if missing else "")
          + (f" not known: {unknown[:3]}" if unknown else ""), flush=True)  # fmt: skip
    return worst < 1e-6 and not unknown


def of_transformers_4(encoder):
    """A text encoder with the level in its names that transformers 5 has dropped."""
    if any(name.startswith(("text_model", "encoder.block")) for name, _ in encoder.named_modules()):
        return encoder
    holder = torch.nn.Module()
    holder.text_model = encoder
    return holder


def read_sd_scripts(kind, path):
    """Deltas by diffusers' names, as the network of sd-scripts merges them."""
    from library import original_unet, sdxl_model_util, sdxl_original_unet
    from networks import lora, lora_flux

    state, parts = load_file(path), pipeline(kind)
    encoders = [of_transformers_4(parts[name]) for name in ("text_encoder", "text_encoder_2") if name in parts]
    with torch.device("meta"):
        if kind == "sd1":
            unet = original_unet.UNet2DConditionModel(sample_size=64, attention_head_dim=8, cross_attention_dim=768)
        elif kind == "sdxl":
            unet = sdxl_original_unet.SdxlUNet2DConditionModel()
        else:
            from library import flux_models

            parameters = flux_models.configs["dev"].params
            parameters.depth, parameters.depth_single_blocks = FLUX["depth"], FLUX["depth_single_blocks"]
            unet = flux_models.Flux(parameters)
    maker = lora_flux if kind == "flux" else lora
    network, state = maker.create_network_from_weights(
        1.0, None, None, encoders if len(encoders) > 1 else encoders[0], unet, weights_sd=state, for_inference=True)  # fmt: skip
    loras = network.text_encoder_loras + network.unet_loras
    for module in loras:  # as `apply_to` does
        del module.org_module
        network.add_module(module.lora_name, module)
    info = network.load_state_dict(state, False)
    print(f"  sd-scripts: missing {len(info.missing_keys)}, unexpected {len(info.unexpected_keys)}"
          + (f", such as {sorted(info.unexpected_keys)[:3]}" if info.unexpected_keys else ""))  # fmt: skip
    paths = {id(module): f"unet.{name}" for name, module in unet.named_modules()}
    for part, model in zip(("text_encoder", "text_encoder_2"), encoders):
        paths |= {id(module): f"{part}.{name}" for name, module in model.named_modules()}
    found = {}
    for module in loras:
        own = module.org_module_ref[0]
        up, down = module.lora_up.weight, module.lora_down.weight
        assert down.shape[1:] == own.weight.shape[1:] and up.shape[0] == own.weight.shape[0]
        found[paths[id(own)]] = applied(up, down, module.scale)
        NAMES[paths[id(own)]] = module.lora_name
    return found


def sgm_names():
    """diffusers' names of SDXL's modules by Stability's, from sd-scripts' table."""
    from library import sdxl_model_util

    with torch.device("meta"):
        from library import sdxl_original_unet

        unet = sdxl_original_unet.SdxlUNet2DConditionModel()
    table = sdxl_model_util.make_unet_conversion_map()
    names = {}
    for name in modules_of(unet):
        for stability, diffusers in table:
            if (name + ".").startswith(stability):
                names["unet." + name] = ("unet." + diffusers + name[len(stability):]).removesuffix(".")
                break
    return names


class ComfyModel:
    """A model as ComfyUI's loader of LoRA looks at it: names and a config."""

    def __init__(self, keys, config):
        self.keys, self.model_config = keys, types.SimpleNamespace(unet_config=config)

    def state_dict(self):
        return dict.fromkeys(self.keys)


class ComfyFlux(ComfyModel, comfy.model_base.Flux):
    pass


def read_comfyui(kind, path):
    """Deltas by diffusers' names, as ComfyUI adds them to weights of zeros."""
    parts = pipeline(kind)
    clips = {"text_encoder": "clip_l.transformer.", "text_encoder_2": "clip_g.transformer." if kind == "sdxl" else "t5xxl.transformer."}
    sizes, names, keys = {}, {}, {}
    for part, start in clips.items():
        for name, module in modules_of(parts[part]).items() if part in parts else ():
            own = name if "text_model" in name or "encoder.block" in name else "text_model." + name
            sizes[f"{start}{own}.weight"], names[f"{start}{own}.weight"] = module.weight.shape, f"{part}.{own}"
    comfy.lora.model_lora_keys_clip(ComfyModel(list(sizes), {}), keys)
    offsets = {}
    if kind == "flux":
        table = comfy.utils.flux_to_diffusers(FLUX, output_prefix="diffusion_model.")
        transformer = modules_of(parts["transformer"])
        for name, target in table.items():
            name = name.removesuffix(".weight")
            if name in transformer and is_adapted(name):
                size = transformer[name].weight.shape
                key, place = (target[0], target[1]) if isinstance(target, tuple) else (target, (0, 0, size[0]))
                offsets[f"transformer.{name}"] = (key, place)
                sizes[key] = (max(place[1] + place[2], sizes.get(key, (0,))[0]), *size[1:])
        model = ComfyFlux([key for key in sizes if key.startswith("diffusion_model.")], FLUX)
    else:
        config = SD1 if kind == "sd1" else SDXL
        unet = modules_of(parts["unet"])
        for name, own in comfy.utils.unet_to_diffusers(config).items():
            name = name.removesuffix(".weight")
            if name in unet and own.endswith(".weight"):
                sizes[f"diffusion_model.{own}"], names[f"diffusion_model.{own}"] = unet[name].weight.shape, f"unet.{name}"
        model = ComfyModel([key for key in sizes if key.startswith("diffusion_model.")], config)
    comfy.lora.model_lora_keys_unet(model, keys)
    state = load_file(path)
    logged = []
    logging.warning = lambda message, *rest: logged.append(message)
    patches = comfy.lora.load_lora(state, keys)
    logging.warning = logging.getLogger().warning
    print(f"  ComfyUI: not loaded {len(logged)}" + (f", such as {logged[:3]}" if logged else ""))
    found = {}
    places = {target: name for name, target in offsets.items()}
    for target, patch in patches.items():
        key, place = target if isinstance(target, tuple) else (target, None)
        up, down, alpha = patch.weights[:3]
        value = applied(up, down, alpha / len(down))
        size = list(sizes[key])
        if place:
            size[0] = place[2]
        assert up.shape[0] == size[0] and list(down.shape[1:]) == size[1:], (key, size)
        if len(up) * down[0].numel() < 1 << 20:  # the whole matrix, where it is small
            weight = patch.calculate_weight(torch.zeros(size, dtype=torch.float64), key, 1.0, 1.0, None, lambda x: x, torch.float64)
            assert torch.allclose(applied(weight, torch.eye(weight[0].numel()), 1), value, rtol=1e-9, atol=1e-9), key
        if key in names:
            found[names[key]] = value
        elif (key, place) in places:
            found[places[key, place]] = value
        else:
            for name, (own, part) in offsets.items():
                if own == key:
                    found[name] = value.narrow(*part)
    return found


def named(found, kind):
    """sd-scripts' modules under diffusers' names; those that hold several are cut."""
    if kind == "sdxl":
        table = sgm_names()
        return {table.get(name, name): delta for name, delta in found.items()}
    if kind != "flux":
        return found
    result = {}
    table = comfy.utils.flux_to_diffusers(FLUX)
    whole = {name.removeprefix("unet."): delta for name, delta in found.items() if name.startswith("unet.")}
    for name, target in table.items():
        key, place = (target[0], target[1]) if isinstance(target, tuple) else (target, None)
        key, name = key.removesuffix(".weight"), name.removesuffix(".weight")
        if key in whole and not name.endswith((".bias", "to_qkv_mlp_proj", "attn.to_out")) and "linear_" not in name.split(".")[-1]:
            result["transformer." + name] = whole[key].narrow(*place) if place else whole[key]
    return result | {name: delta for name, delta in found.items() if not name.startswith("unet.")}


def main():
    logging.disable(logging.INFO)
    rows = {}
    for kind in ("sd1", "sdxl", "flux"):
        with tempfile.TemporaryDirectory() as folder:
            folder = pathlib.Path(folder)
            truth = write_input(kind, folder / "input")
            run = subprocess.run([PROGRAM, "convert", folder / "input", "--to", "kohya", "--output", folder / "lora.safetensors"],
                                 capture_output=True, text=True)  # fmt: skip
            print(f"{kind}: {run.stdout.strip().splitlines()[:1]} {run.stderr.strip()}")
            NAMES.clear()
            own = read_comfyui(kind, folder / "lora.safetensors")
            found = named(read_sd_scripts(kind, folder / "lora.safetensors"), kind)
            isGood = compare(own, truth, f"ComfyUI, {kind}") and compare(found, truth, f"sd-scripts, {kind}")
            assert isGood and own.keys() == truth.keys(), kind
            # sd-scripts has no transformer under the names of diffusers.
            assert all(name in found for name in truth if not name.startswith("transformer.")), kind
            table = sgm_names() if kind == "sdxl" else {}
            names = {table.get(name, name): value for name, value in NAMES.items()}
            # One block of each kind tells as much as all.
            rows[kind] = {name: value for name, value in sorted(names.items())
                          if not re.search(r"(layers|encoder\.block)\.[1-9]|transformer_blocks\.([2-9]|1[0-9])", name)}  # fmt: skip
    write_json(ROOT / "surgery" / "convert" / "kohya_names.json", rows)


if __name__ == "__main__":
    main()
