"""The configurations that catalogue.py builds: per model type a list of (model class, keys that are not defaults)."""

# Small and odd: sizes are pairwise different and no powers of two, so that two of them cannot be taken for each other.
SMALL = dict(
    vocab_size=97, hidden_size=48, intermediate_size=72, num_hidden_layers=2, num_attention_heads=6, num_key_value_heads=3
)


def llama_like(name, *more, **always):
    """The heads that nearly every decoder has, the default size, and a small one."""
    small = SMALL | always
    return [
        (f"{name}ForCausalLM", {}),
        (f"{name}ForCausalLM", small),
        (f"{name}Model", small | dict(num_key_value_heads=2)),
        (f"{name}ForSequenceClassification", small | dict(id2label={"0": "a", "1": "b", "2": "c"})),
        (f"{name}ForTokenClassification", small | dict(num_hidden_layers=1)),
        *[(cls if cls.startswith(name) else name + cls, small | changes) for cls, changes in more],
    ]


CASES = {
    "llama": llama_like(
        "Llama",
        ("ForCausalLM", dict(tie_word_embeddings=True, attention_bias=True, mlp_bias=True, head_dim=10)),
        ("ForCausalLM", dict(num_key_value_heads=None, num_hidden_layers=3)),
        ("ForSequenceClassification", dict(num_hidden_layers=1)),
        ("ForQuestionAnswering", dict()),
    ),
    "mistral": llama_like(
        "Mistral",
        ("ForCausalLM", dict(head_dim=10, sliding_window=None)),
        ("ForCausalLM", dict(tie_word_embeddings=True)),
        ("ForQuestionAnswering", dict()),
    ),
    "qwen2": llama_like(
        "Qwen2",
        ("ForCausalLM", dict(tie_word_embeddings=True, use_sliding_window=True, max_window_layers=1)),
        ("ForCausalLM", dict(num_key_value_heads=None)),
        ("ForQuestionAnswering", dict()),
    ),
    "qwen3": llama_like(
        "Qwen3",
        ("ForCausalLM", dict(head_dim=10, attention_bias=True)),
        ("ForCausalLM", dict(tie_word_embeddings=True, head_dim=6)),
        ("ForQuestionAnswering", dict()),
    ),
    "gemma": llama_like(
        "Gemma",
        ("ForCausalLM", dict(head_dim=10, attention_bias=True)),
        ("ForCausalLM", dict(tie_word_embeddings=False, num_key_value_heads=1)),
        head_dim=12,
    ),
    "gemma2": llama_like(
        "Gemma2",
        ("ForCausalLM", dict(head_dim=10, attention_bias=True)),
        ("ForCausalLM", dict(tie_word_embeddings=False, num_key_value_heads=1)),
        head_dim=12,
    ),
    "gpt2": [
        ("GPT2LMHeadModel", {}),
        ("GPT2LMHeadModel", dict(vocab_size=97, n_positions=31, n_embd=48, n_layer=2, n_head=6)),
        ("GPT2LMHeadModel", dict(vocab_size=97, n_positions=31, n_embd=48, n_layer=2, n_head=6, n_inner=70, tie_word_embeddings=False)),
        ("GPT2LMHeadModel", dict(vocab_size=97, n_positions=31, n_embd=48, n_layer=2, n_head=6, add_cross_attention=True)),
        ("GPT2Model", dict(vocab_size=97, n_positions=31, n_embd=48, n_layer=2, n_head=6)),
        ("GPT2ForSequenceClassification", dict(vocab_size=97, n_positions=31, n_embd=48, n_layer=2, n_head=6, id2label={"0": "a", "1": "b", "2": "c"})),
        ("GPT2ForTokenClassification", dict(vocab_size=97, n_positions=31, n_embd=48, n_layer=2, n_head=6)),
        ("GPT2ForQuestionAnswering", dict(vocab_size=97, n_positions=31, n_embd=48, n_layer=2, n_head=6)),
        ("GPT2DoubleHeadsModel", dict(vocab_size=97, n_positions=31, n_embd=48, n_layer=2, n_head=6)),
    ],
}
