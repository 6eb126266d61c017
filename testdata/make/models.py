"""Tiny base models as transformers writes them: one per architecture, dtype and layout that matters."""

import torch
import transformers
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, pre_tokenizers
from tokenizers import models as tokenizer_models

from files import MODELS, fresh, seed

BF16, F16, F32 = torch.bfloat16, torch.float16, torch.float32
IDS = dict(bos_token_id=1, eos_token_id=2, pad_token_id=0)

# Sizes are odd on purpose: in, out, heads × head_dim and the feed-forward width all differ, so a
# transposed or swapped matrix can never pass by accident, except where a base says "square".
LLAMA = dict(
    vocab_size=96,
    hidden_size=40,
    intermediate_size=52,
    num_hidden_layers=3,
    num_attention_heads=4,
    num_key_value_heads=2,
    head_dim=12,
    max_position_embeddings=64,
    tie_word_embeddings=False,
    **IDS,
)
SMALL = dict(
    vocab_size=72,
    hidden_size=32,
    intermediate_size=44,
    num_hidden_layers=2,
    num_attention_heads=4,
    num_key_value_heads=2,
    max_position_embeddings=64,
    tie_word_embeddings=False,
    **IDS,
)
NANO = dict(
    vocab_size=24,
    hidden_size=16,
    intermediate_size=20,
    num_hidden_layers=2,
    num_attention_heads=2,
    num_key_value_heads=1,
    head_dim=12,
    max_position_embeddings=16,
    tie_word_embeddings=False,
    **IDS,
)
GPT2 = dict(vocab_size=72, n_embd=32, n_layer=2, n_head=4, n_positions=32, **IDS)
EXPERTS = dict(SMALL, hidden_size=24, head_dim=8, intermediate_size=20)

CAUSAL = {
    "llama-bf16-sharded": (BF16, transformers.LlamaConfig(**LLAMA)),
    "llama-f16": (F16, transformers.LlamaConfig(**SMALL)),
    "llama-f32": (F32, transformers.LlamaConfig(**(SMALL | dict(num_key_value_heads=4)))),  # square q, k, v, o
    "llama-tied-bf16": (BF16, transformers.LlamaConfig(**(SMALL | dict(tie_word_embeddings=True)))),
    "llama-nano-bf16": (BF16, transformers.LlamaConfig(**NANO)),
    "mistral-bf16": (BF16, transformers.MistralConfig(**SMALL, head_dim=12, sliding_window=16)),
    "qwen2-bf16": (BF16, transformers.Qwen2Config(**(SMALL | dict(tie_word_embeddings=True)))),
    "qwen3-f16": (F16, transformers.Qwen3Config(**SMALL, head_dim=12)),
    "gemma-bf16": (BF16, transformers.GemmaConfig(**(SMALL | dict(head_dim=12, tie_word_embeddings=True)))),
    "gemma2-bf16": (
        BF16,
        transformers.Gemma2Config(
            **(SMALL | dict(head_dim=12, tie_word_embeddings=True)), query_pre_attn_scalar=12, sliding_window=16
        ),
    ),
    "gpt2-f32": (F32, transformers.GPT2Config(**GPT2)),
    "gpt2-bf16": (BF16, transformers.GPT2Config(**(GPT2 | dict(n_layer=1, n_inner=40)))),
    "mixtral-bf16": (BF16, transformers.MixtralConfig(**EXPERTS, num_local_experts=4, num_experts_per_tok=2)),
    "qwen3_moe-bf16": (
        BF16,
        transformers.Qwen3MoeConfig(
            **EXPERTS, moe_intermediate_size=20, num_experts=4, num_experts_per_tok=2, norm_topk_prob=True
        ),
    ),
    "gpt_oss-bf16": (
        BF16,
        transformers.GptOssConfig(
            **EXPERTS,
            num_local_experts=4,
            num_experts_per_tok=2,
            sliding_window=16,
            rope_parameters=dict(rope_type="default", rope_theta=10000.0),
        ),
    ),
}
SHARD_SIZE = {"llama-bf16-sharded": "30KB"}

VISION = {
    "vit-f32": transformers.ViTConfig(
        hidden_size=24,
        intermediate_size=28,
        num_hidden_layers=1,
        image_size=8,
        num_attention_heads=2,
        patch_size=4,
        num_labels=3,
    ),
    "resnet-f32": transformers.ResNetConfig(
        embedding_size=6, hidden_sizes=[8, 10], depths=[1, 1], layer_type="basic", num_labels=3
    ),
}

SEQUENCE_TO_SEQUENCE = {
    "t5-f32": transformers.T5Config(
        vocab_size=24, d_model=16, d_kv=6, d_ff=20, num_layers=1, num_heads=2, decoder_start_token_id=0, **IDS
    ),
}

MASKED = {
    # Decoder and embedding are tied, and so are `predictions.decoder.bias` and `predictions.bias`.
    "bert-f32": transformers.BertConfig(
        vocab_size=24,
        hidden_size=16,
        intermediate_size=20,
        num_hidden_layers=1,
        num_attention_heads=2,
        max_position_embeddings=12,
    ),
}


def fill(model, std=0.08):
    """Weights as after some training: no matrix, norm or bias is left at its initial constant."""
    with torch.no_grad():
        for parameter in model.parameters():
            noise = torch.randn(parameter.shape)
            parameter.copy_(std * noise if parameter.dim() > 1 else parameter + 0.1 * noise)
    return model


def tokenizer(vocabulary_size):
    """A word-level tokenizer, one word per id."""
    words = ["<pad>", "<s>", "</s>", "<unk>"] + [f"w{index}" for index in range(4, vocabulary_size)]
    core = Tokenizer(tokenizer_models.WordLevel({word: index for index, word in enumerate(words)}, unk_token="<unk>"))
    core.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    core.decoder = decoders.WordPiece()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=core, bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>"
    )


def make():
    for name, (dtype, config) in CAUSAL.items():
        seed(name)
        folder = fresh(MODELS / name)
        model = fill(transformers.AutoModelForCausalLM.from_config(config, dtype=F32)).to(dtype)
        model.save_pretrained(folder, max_shard_size=SHARD_SIZE.get(name, "5GB"))
        tokenizer(config.vocab_size).save_pretrained(folder)
    for name, config in VISION.items():
        seed(name)
        model = fill(transformers.AutoModelForImageClassification.from_config(config))
        model.save_pretrained(fresh(MODELS / name))
    for name, config in SEQUENCE_TO_SEQUENCE.items():
        seed(name)
        model = fill(transformers.AutoModelForSeq2SeqLM.from_config(config))
        model.save_pretrained(fresh(MODELS / name))
    for name, config in MASKED.items():
        seed(name)
        model = fill(transformers.AutoModelForMaskedLM.from_config(config))
        model.save_pretrained(fresh(MODELS / name))
    make_gpt2_hub()


def make_gpt2_hub():
    """GPT-2 as it lies on the Hub: no `transformer.` in the names, and the causal masks as tensors."""
    name = "gpt2-hub-f32"
    seed(name)
    folder = fresh(MODELS / name)
    config = transformers.GPT2Config(**(GPT2 | dict(n_layer=1, n_inner=40)))
    model = fill(transformers.GPT2LMHeadModel(config))
    model.save_pretrained(folder)
    tokenizer(config.vocab_size).save_pretrained(folder)
    tensors = {key: value.clone() for key, value in model.transformer.state_dict().items()}
    tensors["h.0.attn.bias"] = torch.tril(torch.ones(1, 1, config.n_positions, config.n_positions))
    save_file(tensors, folder / "model.safetensors", {"format": "pt"})
