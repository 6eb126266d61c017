"""Makes the inputs for timing `validate`: `fleet_inputs.py FOLDER`.

    FOLDER/many/tenant-NNNN   1,000 adapters of rank 4 on the attention of two layers, each with its own config and values
    FOLDER/large/tenant-NN    20 adapters of about 50 MB (rank 10 in bfloat16, every linear layer of a 32-layer model)
    FOLDER/base.json          the config of the large ones' base
    FOLDER/small.json         the config of the small ones' base

Then, with everything in the page cache:

    time lora-tool validate --header-only --base FOLDER/small.json FOLDER/many
    time lora-tool validate --base FOLDER/base.json FOLDER/large
    time cat FOLDER/large/*/adapter_model.safetensors > /dev/null

Needs numpy alone; the values are random bytes that are small finite numbers in bfloat16.
"""

import argparse
import json
import pathlib
import struct

import numpy

LLAMA = dict(
    model_type="llama",
    architectures=["LlamaForCausalLM"],
    hidden_size=4096,
    intermediate_size=14336,
    num_hidden_layers=32,
    num_attention_heads=32,
    num_key_value_heads=8,
    vocab_size=128256,
    tie_word_embeddings=False,
)
SMALL = LLAMA | dict(
    hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2, vocab_size=128
)


def sizes(model, targets):
    hidden, inner = model["hidden_size"], model["intermediate_size"]
    narrow = hidden // model["num_attention_heads"] * model["num_key_value_heads"]
    every = {
        "self_attn.q_proj": (hidden, hidden),
        "self_attn.k_proj": (hidden, narrow),
        "self_attn.v_proj": (hidden, narrow),
        "self_attn.o_proj": (hidden, hidden),
        "mlp.gate_proj": (hidden, inner),
        "mlp.up_proj": (hidden, inner),
        "mlp.down_proj": (inner, hidden),
    }
    return {name: size for name, size in every.items() if name.split(".")[1] in targets}


def write(folder, model, rank, targets, random):
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for layer in range(model["num_hidden_layers"]):
        for name, (into, out) in sizes(model, targets).items():
            for factor, shape in (("A", [rank, into]), ("B", [out, rank])):
                size = 2 * shape[0] * shape[1]
                key = f"base_model.model.model.layers.{layer}.{name}.lora_{factor}.weight"
                header[key] = {"dtype": "BF16", "shape": shape, "data_offsets": [end, end + size]}
                end += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    values = random.standard_normal(end // 2, dtype=numpy.float32) * 0.02
    folder.mkdir(parents=True, exist_ok=True)
    with open(folder / "adapter_model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.write((values.view(numpy.uint32) >> 16).astype(numpy.uint16).tobytes())
    config = dict(peft_type="LORA", r=rank, lora_alpha=2 * rank, target_modules=sorted(targets), bias="none")
    config |= dict(base_model_name_or_path="example/llama", task_type="CAUSAL_LM", peft_version="0.21.2")
    (folder / "adapter_config.json").write_text(json.dumps(config, indent=2))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--many", type=int, default=1000)
    parser.add_argument("--large", type=int, default=20)
    arguments = parser.parse_args()
    random = numpy.random.default_rng(0)
    for number in range(arguments.many):
        targets = {"q_proj", "k_proj", "v_proj", "o_proj"}
        write(arguments.folder / f"many/tenant-{number:04}", SMALL, 4, targets, random)
    for number in range(arguments.large):
        targets = {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
        write(arguments.folder / f"large/tenant-{number:02}", LLAMA, 10, targets, random)
    (arguments.folder / "base.json").write_text(json.dumps(LLAMA))
    (arguments.folder / "small.json").write_text(json.dumps(SMALL))


if __name__ == "__main__":
    main()
