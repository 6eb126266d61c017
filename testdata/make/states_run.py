"""What a sequence keeps in layers of constant size, of types that vLLM does not run: `states_run.py JSON`, for
`testdata/engines/transformers-states.json`.

A small model of transformers is run on five tokens, and the tensors that its layers keep are measured: the inputs of the
convolution, and the state of the recurrence, whose type does not depend on that of the model.

    transformers 5.24.0, torch 2.13.0 (CPU)
"""

import json
import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM, CONFIG_MAPPING

SMALL = dict(vocab_size=97, hidden_size=48, intermediate_size=96, num_attention_heads=6, num_hidden_layers=5)
CASES = [
    dict(model_type="recurrent_gemma", **SMALL),
    dict(model_type="recurrent_gemma", **SMALL, lru_width=72, conv1d_width=3),
    dict(model_type="recurrent_gemma", **SMALL | dict(num_hidden_layers=4), block_types=["attention", "recurrent"]),
]


def row(given):
    config = CONFIG_MAPPING[given["model_type"]](**{k: v for k, v in given.items() if k != "model_type"})
    model = AutoModelForCausalLM.from_config(config, dtype=torch.bfloat16).eval()
    with torch.no_grad():
        model(input_ids=torch.arange(5)[None], use_cache=True)
    kept = [m for m in model.modules() if getattr(m, "conv1d_state", None) is not None]
    sizes = {(m.conv1d_state.numel(), m.rg_lru.recurrent_states.numel()) for m in kept}
    assert len(sizes) == 1, sizes
    bytes_kept = sum(t.numel() * t.element_size() for m in kept for t in (m.conv1d_state, m.rg_lru.recurrent_states))
    return dict(config=given, layers=len(kept), elements=list(sizes.pop()), bytes=bytes_kept)


if __name__ == "__main__":
    rows = [row(given) for given in CASES]
    pathlib.Path(sys.argv[1]).write_text("[\n" + ",\n".join(" " + json.dumps(r) for r in rows) + "\n]\n")
