"""Adapters in the namings of other software, written by it where it runs here: diffusers, mlx-lm, PEFT's other methods.

kohya and torchtune are written out by their documented naming. `formats/formats.json` says for each what every module
is, from the objects of the writing library, or from the numbers that went into the file.
"""

import json

import diffusers
import peft
import torch
import transformers
from diffusers.loaders.lora_base import _pack_dict_with_prefix
from diffusers.utils import convert_state_dict_to_diffusers, convert_state_dict_to_kohya
from peft.tuners.lora import LoraLayer
from peft.utils import get_peft_model_state_dict

from adapters import load_base, train
from files import ROOT, frame, fresh, read_json, seed, unframe, write_json, write_rows, write_tensors
from formats_mlx import mlx_cases

FORMATS = ROOT / "formats"
LORA_METADATA = "lora_adapter_metadata"


def case(name, format, modules=(), file="", **more):
    """One row of the manifest: an adapter at formats/<name>[/<file>] and what must be read from it."""
    path = f"formats/{name}/{file}" if file else f"formats/{name}"
    return dict(name=name, path=path, format=format) | more | dict(modules=list(modules))


def module(name, kind, rank, into, out, alpha, scale, source, declared=None):
    row = {"name": name, "kind": kind, "rank": rank, "in": into, "out": out, "alpha": alpha, "scale": scale}
    return row | dict(source=source, declared=declared)


# --- image models -----------------------------------------------------------------------------------------------


def unet(**more):
    blocks = dict(
        down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D")
    )
    sizes = dict(sample_size=8, layers_per_block=1, block_out_channels=(8, 16), norm_num_groups=4)
    return diffusers.UNet2DConditionModel(**blocks, **sizes, cross_attention_dim=12, attention_head_dim=2, **more)


def text_encoder(**more):
    sizes = dict(hidden_size=12, intermediate_size=20, num_hidden_layers=1, num_attention_heads=2, vocab_size=50)
    return transformers.CLIPTextModel(transformers.CLIPTextConfig(**sizes, max_position_embeddings=16, **more))


def flux():
    sizes = dict(in_channels=4, num_layers=1, num_single_layers=1, attention_head_dim=4, num_attention_heads=3)
    return diffusers.FluxTransformer2DModel(
        **sizes, joint_attention_dim=10, pooled_projection_dim=6, axes_dims_rope=(2, 2, 0)
    )


def adapted(part, model, **config):
    """Wraps the model, trains it, and returns its state and config, and the rows for its modules."""
    config = peft.LoraConfig(**config)
    model.add_adapter(config)
    train(model)
    rows = []
    for name, layer in model.named_modules():
        if isinstance(layer, LoraLayer):
            adapter = next(iter(layer.r))
            down, up = layer.lora_A[adapter].weight, layer.lora_B[adapter].weight
            kind = "conv2d" if down.ndim == 4 else "linear"
            source = "alpha/sqrt(r)" if config.use_rslora else "alpha/r"
            sizes = layer.r[adapter], down.shape[1], up.shape[0]
            alpha, scale = layer.lora_alpha[adapter], layer.scaling[adapter]
            rows.append(module(f"{part}.{name}", kind, *sizes, alpha, scale, source, layer.r[adapter]))
    adapter = next(iter(layer.r for layer in model.modules() if isinstance(layer, LoraLayer)))
    state = get_peft_model_state_dict(model, adapter_name=next(iter(adapter)))
    return {name: tensor.detach().contiguous() for name, tensor in state.items()}, config, rows


def metadata(config):
    """The config as diffusers' own training scripts hand it over."""
    return {key: sorted(value) if isinstance(value, set) else value for key, value in config.to_dict().items()}


def sort_metadata(path):
    """The safetensors writer orders several metadata keys at random."""
    header, data = unframe(path.read_bytes())
    header = json.loads(header)
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":"))
    path.write_bytes(frame(text + " " * (-len(text) % 8), data))
    path.chmod(0o644)


def assumed(rows):
    """The same modules when nothing but the tensors is known: alpha is the rank."""
    return [row | dict(alpha=row["rank"], scale=1.0, source="assumed", declared=None) for row in rows]


TARGETS = r"mid_block\.(.*\.(to_q|to_k|to_v|to_out\.0)|resnets\.0\.conv1)"


def diffusers_cases():
    unet_state, unet_config, unet_rows = adapted(
        "unet",
        unet(),
        r=3,
        lora_alpha=6,
        target_modules=TARGETS,
        rank_pattern={"mid_block.attentions.0.transformer_blocks.0.attn1.to_q": 2},
        alpha_pattern={"attn2.to_k": 1.5},
    )
    text_state, text_config, text_rows = adapted(
        "text_encoder", text_encoder(), r=2, lora_alpha=5, use_rslora=True, target_modules=["q_proj", "out_proj", "fc1"]
    )
    pipeline, weights = diffusers.StableDiffusionPipeline, "pytorch_lora_weights.safetensors"
    layers = dict(unet_lora_layers=unet_state, text_encoder_lora_layers=text_state)
    rows = text_rows + unet_rows

    folder = fresh(FORMATS / "diffusers-metadata")
    configs = dict(
        unet_lora_adapter_metadata=metadata(unet_config), text_encoder_lora_adapter_metadata=metadata(text_config)
    )
    pipeline.save_lora_weights(folder, **layers, **configs)
    sort_metadata(folder / weights)
    yield case(folder.name, "diffusers", rows)

    folder = fresh(FORMATS / "diffusers-new")
    pipeline.save_lora_weights(folder, **layers)
    yield case(folder.name, "diffusers", assumed(rows))

    # As the training scripts of 2023 and 2024 did before saving.
    folder = fresh(FORMATS / "diffusers-middle")
    middle = dict(
        unet_lora_layers=convert_state_dict_to_diffusers(unet_state),
        text_encoder_lora_layers=convert_state_dict_to_diffusers(text_state),
    )
    pipeline.save_lora_weights(folder, **middle)
    yield case(folder.name, "diffusers", assumed(rows))

    # The attention processors of early 2023: diffusers no longer writes these, but reads them.
    folder = fresh(FORMATS / "diffusers-old")
    old, kept = {}, []
    for row in rows:
        path, _, leaf = row["name"].removesuffix(".0").rpartition(".")
        leaf = {"q_proj": "to_q", "out_proj": "to_out"}.get(leaf, leaf)
        part, _, inner = row["name"].partition(".")
        if leaf.startswith("to_"):
            owner = f"{path}.processor.{leaf}_lora" if part == "unet" else f"{path}.{leaf}_lora"
            state = unet_state if part == "unet" else text_state
            old[f"{owner}.down.weight"] = state[f"{inner}.lora_A.weight"]
            old[f"{owner}.up.weight"] = state[f"{inner}.lora_B.weight"]
            kept.append(row)
    write_tensors(folder / weights, old)
    yield case(folder.name, "diffusers", assumed(kept))

    # New names with an alpha beside each pair; one pair without, one with 0.
    folder = fresh(FORMATS / "diffusers-alphas")
    tensors, alphas = {f"text_encoder.{name}": tensor for name, tensor in text_state.items()}, [4.0, 0.0, None]
    expected = []
    for row, alpha in zip(text_rows, alphas, strict=True):
        if alpha is not None:
            tensors[row["name"] + ".alpha"] = torch.tensor(alpha)
        known = dict(alpha=alpha, scale=alpha / row["rank"], source="file") if alpha else {}
        expected.append(assumed([row])[0] | known)
    write_tensors(folder / weights, tensors)
    yield case(folder.name, "diffusers", expected)

    folder = fresh(FORMATS / "diffusers-flux")
    state, config, rows = adapted(
        "transformer", flux(), r=2, lora_alpha=3, target_modules=["to_q", "to_k", "proj_mlp", "context_embedder"]
    )
    diffusers.FluxPipeline.save_lora_weights(
        folder, transformer_lora_layers=state, transformer_lora_adapter_metadata=metadata(config)
    )
    sort_metadata(folder / weights)
    yield case(folder.name, "diffusers", rows)

    # diffusers' own conversion to kohya's names: alpha is an int64 tensor, equal to the rank.
    folder = fresh(FORMATS / "kohya-by-diffusers")
    states = (_pack_dict_with_prefix(unet_state, "unet"), _pack_dict_with_prefix(text_state, "text_encoder"))
    tensors = {}
    for state in states:
        tensors |= convert_state_dict_to_kohya(state)
    write_tensors(folder / "lora.safetensors", tensors)
    exact = [row | dict(alpha=row["rank"], scale=1.0, source="file", declared=None) for row in text_rows + unet_rows]
    yield case(folder.name, "kohya", exact, "lora.safetensors")


# --- kohya ------------------------------------------------------------------------------------------------------

KOHYA = [  # module as in the pipeline, kohya's name, sizes, alpha and its dtype
    ("text_encoder.text_model.encoder.layers.0.mlp.fc1", "lora_te1_text_model_encoder_layers_0_mlp_fc1", 4, 12, 20, 2.0, torch.float16),
    ("text_encoder_2.text_model.encoder.layers.0.self_attn.q_proj", "lora_te2_text_model_encoder_layers_0_self_attn_q_proj", 4, 12, 16, 0.5, torch.bfloat16),
    ("text_encoder_3.encoder.block.0.layer.0.SelfAttention.q", "lora_te3_encoder_block_0_layer_0_SelfAttention_q", 2, 14, 10, 1.25, torch.float64),
    ("text_encoder_3.encoder.block.0.layer.1.DenseReluDense.wi_0", "lora_te3_encoder_block_0_layer_1_DenseReluDense_wi_0", 2, 14, 22, 8, torch.int64),
    ("unet.double_blocks.0.img_attn.qkv", "lora_unet_double_blocks_0_img_attn_qkv", 4, 18, 24, 4.0, torch.float32),
    ("unet.down_blocks.1.resnets.0.conv1", "lora_unet_down_blocks_1_resnets_0_conv1", 2, 5, 7, 1.0, torch.float32),
    ("unet.input_blocks.4.1.transformer_blocks.0.attn1.to_out.0", "lora_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_out_0", 4, 18, 26, None, None),
    ("unet.input_blocks.4.1.transformer_blocks.0.ff.net.0.proj", "lora_unet_input_blocks_4_1_transformer_blocks_0_ff_net_0_proj", 4, 18, 28, 0.0, torch.float32),
    ("unet.mid_block.resnets.0.time_emb_proj", "lora_unet_mid_block_resnets_0_time_emb_proj", 3, 9, 11, -1.0, torch.float32),
]  # fmt: skip


def kohya_pair(kohya, rank, into, out, dtype=torch.float16, kernel=()):
    down, up = torch.randn(rank, into, *kernel) * 0.1, torch.randn(out, rank, *[1 for _ in kernel]) * 0.1
    return {f"{kohya}.lora_down.weight": down.to(dtype), f"{kohya}.lora_up.weight": up.to(dtype)}


def kohya_cases():
    tensors, rows = {}, []
    for name, kohya, rank, into, out, alpha, dtype in KOHYA:
        kernel = (3, 3) if name.endswith("conv1") else ()
        tensors |= kohya_pair(kohya, rank, into, out, kernel=kernel)
        if dtype:
            tensors[f"{kohya}.alpha"] = torch.tensor(alpha, dtype=dtype)
        known = (alpha, alpha / rank, "file") if alpha else (rank, 1.0, "assumed")
        rows.append(module(name, "conv2d" if kernel else "linear", rank, into, out, *known))
    write_tensors(fresh(FORMATS / "kohya") / "lora.safetensors", tensors, ss_network_module="networks.lora")
    yield case("kohya", "kohya", rows, "lora.safetensors")

    # What LyCORIS keeps under the same module names.
    name, plain = "lora_unet_mid_block_attentions_0_proj_in", module("unet.mid_block.attentions.0.proj_in", "linear", 2, 6, 8, 2.0, 1.0, "file")
    conv = "lora_unet_down_blocks_1_resnets_0_conv1"
    alpha, pair = {f"{name}.alpha": torch.tensor(2.0)}, kohya_pair(name, 2, 6, 8)
    others = {
        "LOHA": {f"{name}.hada_{part}": torch.randn(8, 2) if part.endswith("a") else torch.randn(2, 6) for part in ("w1_a", "w1_b", "w2_a", "w2_b")},
        "LOKR": {f"{name}.lokr_w1": torch.randn(2, 2), f"{name}.lokr_w2": torch.randn(4, 3)},
        "LYCORIS_DORA": pair | {f"{name}.dora_scale": torch.rand(8, 1)},
        "LYCORIS_TUCKER": pair | kohya_pair(conv, 2, 5, 7, kernel=(1, 1)) | {f"{conv}.lora_mid.weight": torch.randn(2, 2, 3, 3)},
        "LYCORIS_DIFF": {f"{name}.diff": torch.randn(8, 6), f"{name}.diff_b": torch.randn(8)},
        "OFT": {f"{name}.oft_blocks": torch.randn(2, 3, 3)},
    }  # fmt: skip
    for method, tensors in others.items():
        folder = fresh(FORMATS / f"kohya-{method.lower().replace('lycoris_', '')}")
        write_tensors(folder / "lora.safetensors", tensors | alpha)
        rows = [plain] if f"{name}.lora_up.weight" in tensors else []
        if method == "LYCORIS_TUCKER":
            rows = [module("unet.down_blocks.1.resnets.0.conv1", "conv2d", 2, 5, 7, 2, 1.0, "assumed"), plain]
        yield case(folder.name, "kohya", rows, "lora.safetensors", method=method)


def kohya_names():
    """Real module names of the models that kohya's trainers know, one of each kind: dots lost and to be found again."""
    flux_model, sd3_sizes = flux(), dict(sample_size=8, patch_size=2, in_channels=4, num_layers=2)
    sd3 = diffusers.SD3Transformer2DModel(
        **sd3_sizes, attention_head_dim=4, num_attention_heads=2, joint_attention_dim=8, caption_projection_dim=8,
        pooled_projection_dim=6, out_channels=4, pos_embed_max_size=8,
    )  # fmt: skip
    sdxl = unet(addition_embed_type="text_time", addition_time_embed_dim=4, projection_class_embeddings_input_dim=20)
    t5 = transformers.T5EncoderModel(
        transformers.T5Config(
            d_model=8, d_kv=4, d_ff=12, num_layers=2, num_heads=2, vocab_size=20, feed_forward_proj="gated-gelu"
        )
    )
    models = [("lora_unet", "unet", unet()), ("lora_unet", "unet", sdxl), ("lora_transformer", "transformer", flux_model),
              ("lora_transformer", "transformer", sd3), ("lora_te1", "text_encoder", text_encoder()),
              ("lora_te3", "text_encoder_3", t5)]  # fmt: skip
    names = {}
    for prefix, part, model in models:
        for name, layer in model.named_modules():
            if isinstance(layer, torch.nn.Linear | torch.nn.Conv2d):
                kind = ".".join("*" if piece.isdigit() else piece for piece in name.split("."))
                names.setdefault((part, kind), (f"{prefix}.{name}".replace(".", "_"), f"{part}.{name}"))
    return [dict(kohya=kohya, path=path) for kohya, path in names.values()]


# --- torchtune and PEFT's other methods -------------------------------------------------------------------------


def torchtune_cases():
    tensors, rows = {}, []
    sizes = {"attn.q_proj": (16, 24), "attn.output_proj": (24, 16), "mlp.w1": (16, 20)}
    for layer in range(2):
        for name, (into, out) in sizes.items():
            path = f"layers.{layer}.{name}"
            tensors[f"{path}.lora_a.weight"] = torch.randn(4, into) * 0.1
            tensors[f"{path}.lora_b.weight"] = torch.randn(out, 4) * 0.1
            rows.append(module(path, "linear", 4, into, out, None, 1.0, "assumed"))
    write_tensors(fresh(FORMATS / "torchtune") / "adapter_0.safetensors", tensors)
    yield case("torchtune", "torchtune", rows)

    # The recipe's own config, whose fields are PEFT's.
    folder = fresh(FORMATS / "torchtune-dora")
    for path in {name.rsplit(".", 2)[0] for name in tensors}:
        tensors[f"{path}.magnitude"] = torch.rand(tensors[f"{path}.lora_b.weight"].shape[0])
    write_tensors(folder / "adapter_0.safetensors", tensors)
    targets = ["q_proj", "output_proj", "w1"]
    write_json(folder / "adapter_config.json", dict(r=4, lora_alpha=8, target_modules=targets, peft_type="LORA"))
    known = dict(alpha=8, scale=2.0, source="alpha/r", declared=4)
    yield case(folder.name, "torchtune", [row | known for row in rows])


SMALL = dict(target_modules=["q_proj"], layers_to_transform=[0], task_type="CAUSAL_LM")
OTHERS = {  # one export per method: its config class and options
    "ADALORA": ("AdaLoraConfig", SMALL | dict(init_r=3, target_r=2, total_step=10)),
    "C3A": ("C3AConfig", SMALL | dict(block_size=8)),
    "DELORA": ("DeloraConfig", SMALL | dict(r=2)),
    "FOURIERFT": ("FourierFTConfig", SMALL | dict(n_frequency=10)),
    "GRALORA": ("GraloraConfig", SMALL | dict(r=4, gralora_k=2)),
    "HRA": ("HRAConfig", SMALL | dict(r=2)),
    "IA3": ("IA3Config", dict(target_modules=["k_proj", "down_proj"], feedforward_modules=["down_proj"], task_type="CAUSAL_LM")),
    "LN_TUNING": ("LNTuningConfig", dict(target_modules=["norm"], task_type="CAUSAL_LM")),
    "LOHA": ("LoHaConfig", SMALL | dict(r=2)),
    "LOKR": ("LoKrConfig", SMALL | dict(r=2)),
    "MISS": ("MissConfig", SMALL | dict(r=2)),
    "OFT": ("OFTConfig", SMALL | dict(oft_block_size=4)),
    "PROMPT_TUNING": ("PromptTuningConfig", dict(num_virtual_tokens=3, task_type="CAUSAL_LM")),
    "RANDLORA": ("RandLoraConfig", SMALL | dict(r=4, save_projection=False)),
    "ROAD": ("RoadConfig", dict(target_modules=["q_proj"], group_size=8, task_type="CAUSAL_LM")),
    "SHIRA": ("ShiraConfig", dict(target_modules=["q_proj"], r=1, task_type="CAUSAL_LM")),
    "VBLORA": ("VBLoRAConfig", SMALL | dict(r=2, num_vectors=8, vector_length=4, topk=2)),
    "VERA": ("VeraConfig", SMALL | dict(r=2, save_projection=True)),
    "WAVEFT": ("WaveFTConfig", SMALL | dict(n_frequency=10)),
}  # fmt: skip


def peft_cases():
    for method, (config, options) in OTHERS.items():
        folder = fresh(FORMATS / f"peft-{method.lower()}")
        seed(folder.name)
        model = peft.get_peft_model(load_base("llama-nano-bf16"), getattr(peft, config)(**options))
        train(model).save_pretrained(folder)
        (folder / "README.md").unlink(missing_ok=True)
        assert read_json(folder / "adapter_config.json")["peft_type"] == method
        yield case(folder.name, "unknown" if method == "PROMPT_TUNING" else "peft", method=method)


def make():
    fresh(FORMATS)
    rows = []
    for part in (kohya_cases, diffusers_cases, torchtune_cases, mlx_cases, peft_cases):
        seed(part.__name__)
        rows += part()
    for row in rows:
        row["modules"].sort(key=lambda module: module["name"])
    write_rows(FORMATS / "formats.json", rows)
    write_rows(FORMATS / "kohya_names.json", kohya_names())
    total = sum(path.stat().st_size for path in FORMATS.rglob("*") if path.is_file())
    assert total < 300_000, total
