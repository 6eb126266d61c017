"""Makes corpus/pipelines.json: LoRA files of image and video models under the names that their trainers write, and what
diffusers' own loader makes of them.

A row holds the tensors as "name dtype shape" (alphas as "name dtype = value"), the convention and, for every module that
the trainer adapted, its rank and alpha. `diffusers` counts the modules after the loader's conversion, which splits fused
projections; `refused` is its error. Sizes are those of tiny models, names those of the real ones.

Names are those of sd-scripts 0.9, musubi-tuner, OneTrainer, ai-toolkit, DiffSynth-Studio, diffusion-pipe, finetrainers,
x-flux, LyCORIS and diffusers' training scripts, as `loaders/lora_conversion_utils.py` of diffusers 0.42 reads them.
"""

import json
import logging

import diffusers
import torch

import files

WIDTH = 12


def kohya(modules, prefix, rank=4, alpha=2.0):
    """One name without dots for each module, alpha beside it."""
    return styled([(prefix + name.replace(".", "_"), sizes) for name, sizes in modules], "", "lora_down", "lora_up", rank, alpha)


def styled(modules, prefix, down, up, rank=4, alpha=None, leaf="weight"):
    tensors = {}
    for name, (into, out, *kernel) in modules:
        name = prefix + name
        tensors[f"{name}.{down}.{leaf}"] = torch.randn(rank, into, *kernel) * 0.1
        tensors[f"{name}.{up}.{leaf}"] = torch.randn(out, rank, *[1 for _ in kernel]) * 0.1
        if alpha is not None:
            tensors[f"{name}.alpha"] = torch.tensor(float(alpha))
    return tensors


def peft(modules, prefix, **more):
    return styled(modules, prefix, "lora_A", "lora_B", **more)


def square(*names):
    return [(name, (WIDTH, WIDTH)) for name in names]


def each(pattern, parts, layers=2):
    return [pattern.format(layer) + part for layer in range(layers) for part in parts]


ATTENTION = ["attn1.to_q", "attn1.to_k", "attn1.to_v", "attn1.to_out.0", "attn2.to_q", "attn2.to_k", "attn2.to_v",
             "attn2.to_out.0", "ff.net.0.proj", "ff.net.2"]  # fmt: skip
CLIP = each("text_model.encoder.layers.{}.", ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.out_proj", "mlp.fc1", "mlp.fc2"])
UNET = [f"{block}.attentions.0.transformer_blocks.0.{part}" for block in ("down_blocks.1", "up_blocks.1", "mid_block") for part in ATTENTION]
UNET += [f"{block}.attentions.0.{part}" for block in ("down_blocks.1", "mid_block") for part in ("proj_in", "proj_out")]
CONVOLUTIONS = [("down_blocks.1.resnets.0.conv1", (WIDTH, WIDTH, 3, 3)), ("down_blocks.1.resnets.0.conv_shortcut", (WIDTH, WIDTH, 1, 1)),
                ("down_blocks.0.downsamplers.0.conv", (WIDTH, WIDTH, 3, 3)), ("up_blocks.0.upsamplers.0.conv", (WIDTH, WIDTH, 3, 3))]
SGM = [f"{block}.transformer_blocks.0.{part}" for block in ("input_blocks.4.1", "input_blocks.7.1", "middle_block.1", "output_blocks.0.1") for part in ATTENTION]
SGM += ["input_blocks.4.1.proj_in", "input_blocks.4.1.proj_out", "middle_block.1.proj_in"]
DOUBLE = ["img_attn.qkv", "img_attn.proj", "txt_attn.qkv", "txt_attn.proj", "img_mlp.0", "img_mlp.2", "txt_mlp.0", "txt_mlp.2",
          "img_mod.lin", "txt_mod.lin"]  # fmt: skip


def flux(layers=2, width=3072):
    """Flux's own names; diffusers splits the fused projections at fixed widths."""
    rows = []
    for name in each("double_blocks.{}.", DOUBLE, layers):
        rows.append((name, (width, 3 * width if name.endswith("qkv") else 6 * width if "mod" in name else width)))
    for layer in range(layers):
        rows.append((f"single_blocks.{layer}.linear1", (width, 7 * width)))
        rows.append((f"single_blocks.{layer}.linear2", (5 * width, width)))
        rows.append((f"single_blocks.{layer}.modulation.lin", (width, 3 * width)))
    return rows


FLUX = each("transformer_blocks.{}.", ["attn.to_q", "attn.to_k", "attn.to_v", "attn.to_out.0", "attn.add_q_proj", "attn.add_k_proj",
            "attn.add_v_proj", "attn.to_add_out", "ff.net.0.proj", "ff.net.2", "ff_context.net.0.proj", "norm1.linear"])  # fmt: skip
FLUX += each("single_transformer_blocks.{}.", ["attn.to_q", "attn.to_k", "attn.to_v", "proj_mlp", "proj_out", "norm.linear"])
T5 = each("encoder.block.{}.", ["layer.0.SelfAttention.q", "layer.0.SelfAttention.o", "layer.1.DenseReluDense.wi_0", "layer.1.DenseReluDense.wo"])
SD3 = each("transformer_blocks.{}.", ["attn.to_q", "attn.to_k", "attn.to_v", "attn.to_out.0", "attn.add_q_proj", "ff.net.0.proj", "norm1.linear"])
SD3_OWN = each("joint_blocks.{}.", ["context_block.attn.qkv", "context_block.attn.proj", "context_block.mlp.fc1", "context_block.adaLN_modulation.1",
               "x_block.attn.qkv", "x_block.attn.proj", "x_block.mlp.fc2", "x_block.attn2.qkv"])  # fmt: skip
WAN = each("blocks.{}.", ["self_attn.q", "self_attn.k", "self_attn.v", "self_attn.o", "cross_attn.q", "cross_attn.k", "cross_attn.v",
           "cross_attn.o", "ffn.0", "ffn.2"])  # fmt: skip
WAN_IMAGE = WAN + each("blocks.{}.", ["cross_attn.k_img", "cross_attn.v_img"])
WAN_DIFFUSERS = each("blocks.{}.", ["attn1.to_q", "attn1.to_k", "attn1.to_v", "attn1.to_out.0", "attn2.to_q", "attn2.to_out.0", "ffn.net.0.proj", "ffn.net.2"])
QWEN = each("transformer_blocks.{}.", ["attn.to_q", "attn.to_k", "attn.to_v", "attn.to_out.0", "attn.add_q_proj", "attn.add_k_proj",
            "attn.add_v_proj", "attn.to_add_out", "img_mlp.net.0.proj", "img_mlp.net.2", "txt_mlp.net.0.proj", "txt_mlp.net.2", "img_mod.1", "txt_mod.1"])  # fmt: skip
HUNYUAN = each("double_blocks.{}.", ["img_attn_proj", "txt_attn_proj", "img_mlp.fc1", "img_mlp.fc2", "txt_mlp.fc1", "img_mod.linear", "txt_mod.linear"])
HUNYUAN_QKV = [(name, (3072, 3 * 3072)) for name in each("double_blocks.{}.", ["img_attn_qkv", "txt_attn_qkv"])]
HUNYUAN_SINGLE = [(f"single_blocks.{layer}.{part}", sizes) for layer in range(2) for part, sizes in
                  (("linear1", (3072, 7 * 3072)), ("linear2", (5 * 3072, 3072)), ("modulation.linear", (3072, 3 * 3072)))]  # fmt: skip
LTX = each("transformer_blocks.{}.", ["attn1.to_q", "attn1.to_k", "attn2.to_v", "attn2.to_out.0", "ff.net.0.proj", "ff.net.2"])
LUMINA = [(name, (WIDTH, 2304 + 768 + 768 if name.endswith("qkv") else WIDTH)) for name in
          each("layers.{}.", ["attention.qkv", "attention.out", "feed_forward.w1", "feed_forward.w2", "feed_forward.w3", "adaLN_modulation.1"])]  # fmt: skip
HIDREAM = each("double_stream_blocks.{}.block.", ["attn1.to_q", "attn1.to_k", "attn1.to_out", "attn1.to_q_t", "ff_i.shared_experts.w1"])
Z_IMAGE = each("layers.{}.", ["attention.to_q", "attention.to_k", "attention.to_v", "attention.to_out.0", "feed_forward.w1", "feed_forward.w2", "adaLN_modulation.0"])
COGVIDEO = each("transformer_blocks.{}.", ["attn1.to_q", "attn1.to_k", "attn1.to_v", "attn1.to_out.0"])
FLUX_2 = [(name, (WIDTH, 3 * WIDTH if name.endswith("qkv") else WIDTH)) for name in
          each("double_blocks.{}.", ["img_attn.qkv", "img_attn.proj", "txt_attn.qkv", "txt_attn.proj", "img_mlp.0", "img_mlp.2", "txt_mlp.0", "txt_mlp.2"])]  # fmt: skip
FLUX_2 += [(f"single_blocks.{layer}.{part}", (WIDTH, WIDTH)) for layer in range(2) for part in ("linear1", "linear2")]
ANIMA = each("blocks.{}.", ["self_attn.q_proj", "self_attn.k_proj", "self_attn.output_proj", "cross_attn.v_proj", "mlp.layer1", "mlp.layer2", "adaln_modulation_mlp.1"])
XLABS = each("double_blocks.{}.processor.", ["qkv_lora1", "qkv_lora2", "proj_lora1", "proj_lora2"])


def xlabs():
    rows = [(name, (WIDTH, 3 * WIDTH if "qkv" in name else WIDTH)) for name in XLABS]
    rows += [(f"single_blocks.{layer}.processor.{part}", (WIDTH, size)) for layer in range(2) for part, size in (("qkv_lora", 3 * WIDTH), ("proj_lora", WIDTH))]
    return styled(rows, "", "down", "up")


def bfl_control():
    """Factors with biases, and the norms of queries and keys as a whole."""
    ends = ["time_in.in_layer", "time_in.out_layer", "vector_in.in_layer", "vector_in.out_layer", "guidance_in.in_layer",
            "guidance_in.out_layer", "txt_in", "img_in", "final_layer.linear", "final_layer.adaLN_modulation.1"]  # fmt: skip
    tensors = {}
    for name, sizes in square(*ends) + flux():
        tensors |= peft([(name, sizes)], "")
        tensors[f"{name}.lora_B.bias"] = torch.randn(sizes[1]) * 0.1
    for block in ("double_blocks.{}.img_attn", "double_blocks.{}.txt_attn", "single_blocks.{}"):
        for name in each(block, [".norm.query_norm.scale", ".norm.key_norm.scale"]):
            tensors[name] = torch.rand(128)
    return tensors


def with_differences(tensors, modules, norms=()):
    """Trained biases and norms beside the factors, as the distilled LoRAs of Wan have them."""
    tensors = dict(tensors)
    for name, sizes in modules:
        tensors[f"{name}.diff_b"] = torch.randn(sizes[1]) * 0.1
    for name in norms:
        tensors[f"{name}.diff"] = torch.zeros(WIDTH)
    return tensors


SD = ("StableDiffusionPipeline", "StableDiffusionXLPipeline")
# Name: (pipeline, convention, tensors). No pipeline where diffusers has none, or asks for all blocks of the real model.
CASES = {
    "SD 1.5, sd-scripts": (SD[0], "kohya", kohya(square(*UNET) + CONVOLUTIONS, "lora_unet_") | kohya(square(*CLIP), "lora_te_")),
    "SD 1.5, sd-scripts, U-Net alone": (SD[0], "kohya", kohya(square(*UNET), "lora_unet_", rank=8, alpha=8)),
    "SDXL, sd-scripts": (SD[1], "kohya", kohya(square(*SGM), "lora_unet_") | kohya(square(*CLIP), "lora_te1_") | kohya(square(*CLIP), "lora_te2_")),
    "SDXL, sd-scripts, text encoders alone": (SD[1], "kohya", kohya(square(*CLIP), "lora_te1_") | kohya(square(*CLIP), "lora_te2_")),
    "SDXL, diffusers": (SD[1], "diffusers", peft(square(*UNET), "unet.") | peft(square(*CLIP), "text_encoder.") | peft(square(*CLIP), "text_encoder_2.")),
    "SDXL, diffusers of 2023": (SD[1], "diffusers", styled(square(*UNET), "unet.", "lora.down", "lora.up") | styled(square(*[name for name in CLIP if "attn" in name]), "text_encoder.", "lora_linear_layer.down", "lora_linear_layer.up")),
    "SD 1.5, processors of 2023": (SD[0], "diffusers", styled(square("mid_block.attentions.0.transformer_blocks.0.attn1.processor"), "unet.", "to_q_lora.down", "to_q_lora.up") | styled(square("mid_block.attentions.0.transformer_blocks.0.attn1.processor"), "unet.", "to_out_lora.down", "to_out_lora.up")),
    "Flux, sd-scripts": ("FluxPipeline", "kohya", kohya(flux(), "lora_unet_") | kohya(square(*CLIP), "lora_te1_")),
    "Flux, sd-scripts with T5": ("FluxPipeline", "kohya", kohya(flux(), "lora_unet_") | kohya(square(*CLIP), "lora_te1_") | kohya(square(*T5), "lora_te3_")),
    "Flux, OneTrainer": ("FluxPipeline", "kohya", kohya(square(*FLUX), "lora_transformer_")),
    "Flux, ai-toolkit": ("FluxPipeline", "diffusers", peft(square(*FLUX), "transformer.")),
    "Flux, SimpleTuner with alphas": ("FluxPipeline", "diffusers", peft(square(*FLUX), "transformer.", alpha=8)),
    "Flux, ComfyUI": ("FluxPipeline", "diffusers", peft(flux(), "diffusion_model.")),
    "Flux, BFL control": (None, "diffusers", bfl_control()),
    "Flux, XLabs": ("FluxPipeline", "trainer", xlabs()),
    "Flux, PEFT's prefix (fal)": (None, "diffusers", peft(flux(), "base_model.model.")),
    "Flux.2, ComfyUI": ("Flux2Pipeline", "diffusers", peft(FLUX_2, "diffusion_model.")),
    "Flux.2, sd-scripts": ("Flux2Pipeline", "kohya", kohya(FLUX_2, "lora_unet_")),
    "SD3, diffusers": ("StableDiffusion3Pipeline", "diffusers", peft(square(*SD3), "transformer.") | peft(square(*CLIP), "text_encoder.")),
    "SD3, sd-scripts": (None, "kohya", kohya(square(*SD3_OWN), "lora_unet_") | kohya(square(*CLIP), "lora_te1_") | kohya(square(*T5), "lora_te3_")),
    "Wan, diffusers": ("WanPipeline", "diffusers", peft(square(*WAN_DIFFUSERS), "transformer.")),
    "Wan, second expert": ("WanPipeline", "diffusers", peft(square(*WAN_DIFFUSERS), "transformer_2.")),
    "Wan, ComfyUI": ("WanPipeline", "diffusers", peft(square(*WAN), "diffusion_model.")),
    "Wan, ComfyUI, images": ("WanImageToVideoPipeline", "diffusers", peft(square(*WAN_IMAGE), "diffusion_model.")),
    "Wan, down and up": ("WanPipeline", "kohya", styled(square(*WAN), "diffusion_model.", "lora_down", "lora_up", alpha=4)),
    "Wan, down and up with biases": ("WanPipeline", "kohya", with_differences(styled(square(*WAN), "diffusion_model.", "lora_down", "lora_up"), [("diffusion_model." + name, (WIDTH, WIDTH)) for name in WAN], ["diffusion_model.blocks.0.norm3", "diffusion_model.blocks.0.self_attn.norm_q"])),
    "Wan, musubi": ("WanPipeline", "kohya", kohya(square(*WAN), "lora_unet_")),
    "Wan, musubi, images": ("WanImageToVideoPipeline", "kohya", kohya(square(*WAN_IMAGE), "lora_unet_")),
    "Wan, DiffSynth": ("WanPipeline", "diffusers", styled(square(*WAN), "", "lora_A.default", "lora_B.default")),
    "Qwen-Image, diffusers": ("QwenImagePipeline", "diffusers", peft(square(*QWEN), "transformer.")),
    "Qwen-Image, ai-toolkit": ("QwenImagePipeline", "diffusers", peft(square(*QWEN), "diffusion_model.")),
    "Qwen-Image, DiffSynth": ("QwenImagePipeline", "diffusers", styled(square(*QWEN), "", "lora_A.default", "lora_B.default")),
    "Qwen-Image, down and up": ("QwenImagePipeline", "kohya", styled(square(*QWEN), "transformer.", "lora_down", "lora_up", alpha=8)),
    "Qwen-Image, down and up, bare": ("QwenImagePipeline", "kohya", styled(square(*QWEN), "", "lora_down", "lora_up", alpha=8)),
    "Qwen-Image, musubi": ("QwenImagePipeline", "kohya", kohya(square(*QWEN), "lora_unet_")),
    "HunyuanVideo, finetrainers": ("HunyuanVideoPipeline", "diffusers", peft(square(*FLUX[:6]), "transformer.")),
    "HunyuanVideo, own names": ("HunyuanVideoPipeline", "diffusers", peft(square(*HUNYUAN) + HUNYUAN_QKV + HUNYUAN_SINGLE, "transformer.")),
    "HunyuanVideo, ComfyUI": (None, "diffusers", peft(square(*HUNYUAN) + HUNYUAN_QKV + HUNYUAN_SINGLE, "diffusion_model.")),
    "HunyuanVideo, musubi": (None, "kohya", kohya(square(*HUNYUAN) + HUNYUAN_QKV + HUNYUAN_SINGLE, "lora_unet_")),
    "LTX-Video, diffusers": ("LTXPipeline", "diffusers", peft(square(*LTX), "transformer.")),
    "LTX-Video, ComfyUI": ("LTXPipeline", "diffusers", peft(square(*LTX), "diffusion_model.")),
    "Lumina 2, ComfyUI": ("Lumina2Pipeline", "diffusers", peft(LUMINA, "diffusion_model.")),
    "HiDream, ComfyUI": ("HiDreamImagePipeline", "diffusers", peft(square(*HIDREAM), "diffusion_model.")),
    "Z-Image, ComfyUI": ("ZImagePipeline", "diffusers", peft(square(*Z_IMAGE), "diffusion_model.")),
    "Z-Image, down and up": ("ZImagePipeline", "kohya", styled(square(*Z_IMAGE), "diffusion_model.", "lora_down", "lora_up", alpha=4)),
    "Z-Image, musubi": ("ZImagePipeline", "kohya", kohya(square(*Z_IMAGE), "lora_unet_")),
    "Z-Image, DiffSynth": ("ZImagePipeline", "diffusers", styled(square(*Z_IMAGE), "", "lora_A.default", "lora_B.default")),
    "SD 1.5, LyCORIS with norms": (None, "kohya", kohya(square(*UNET[:6]), "lora_unet_") | {"lora_unet_mid_block_resnets_0_norm1.w_norm": torch.zeros(WIDTH), "lora_unet_mid_block_resnets_0_norm1.b_norm": torch.zeros(WIDTH)}),
    "CogVideoX, diffusers": ("CogVideoXPipeline", "diffusers", peft(square(*COGVIDEO), "transformer.")),
    "Anima, ComfyUI": (None, "diffusers", peft(square(*ANIMA), "diffusion_model.")),
    "Sana, diffusers": ("SanaPipeline", "diffusers", peft(square(*COGVIDEO), "transformer.")),
}  # fmt: skip


def rows_of(tensors):
    """The modules that the trainer adapted, by the pairs that it wrote."""
    rows = []
    for name, tensor in tensors.items():
        for down in (".lora_down.weight", ".lora_A.weight", ".lora_A.default.weight", ".lora.down.weight",
                     ".lora_linear_layer.down.weight", "_lora.down.weight", ".down.weight"):  # fmt: skip
            if name.endswith(down):
                alpha = tensors.get(name.removesuffix(down) + ".alpha")
                rows.append([tensor.shape[0], None if alpha is None else float(alpha), tensor.shape[1]])
                break
    return sorted(rows, key=str)


def said(pipeline, tensors):
    if pipeline is None:
        return {}
    if not hasattr(diffusers, pipeline):
        return {"refused": f"diffusers has no {pipeline}"}
    try:
        given = {name: tensor.clone() for name, tensor in tensors.items()}
        state = getattr(diffusers, pipeline).lora_state_dict(given)
        state = state[0] if isinstance(state, tuple) else state
        leaves = (".lora_A.weight", ".lora_B.weight", ".lora.down.weight", ".lora.up.weight", "lora_linear_layer.down.weight")
        return {"diffusers": sum(name.endswith((leaves[0], leaves[2], leaves[4], "_lora.down.weight")) for name in state)}
    except Exception as error:
        return {"refused": f"{type(error).__name__}: {error}".splitlines()[0][:140]}


def row(name):
    pipeline, convention, tensors = CASES[name]
    listed = []
    for key, tensor in tensors.items():
        if key.endswith(".alpha"):
            listed.append(f"{key} F32 = {float(tensor)}")
        else:
            listed.append(f"{key} F16 {'x'.join(str(size) for size in tensor.shape)}")
    facts = {"name": name, "pipeline": pipeline, "format": convention, "modules": rows_of(tensors), "tensors": listed}
    return json.dumps(facts | said(pipeline, tensors))


def make():
    logging.disable(logging.WARNING)
    torch.manual_seed(5)
    lines = [row(name) for name in CASES]
    head = f'{{"diffusers": {json.dumps(diffusers.__version__)},\n "cases": [\n  '
    (files.ROOT / "corpus/pipelines.json").write_text(head + ",\n  ".join(lines) + "\n ]}\n")
