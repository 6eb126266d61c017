"""The config.json of well-known models as their repositories publish them, each checked against its published size.

The JSON files are kept by hand; this only builds each model without memory and counts its parameters.
"""

import torch
import transformers

from files import BASES

PARAMETERS = {
    "gemma-2-2b": 2_614_341_888,
    "gemma-2-9b": 9_241_705_984,
    "gemma-2b": 2_506_172_416,
    "gemma-7b": 8_537_680_896,
    "gpt2": 124_439_808,
    "llama-2-7b": 6_738_415_616,
    "llama-3.1-8b": 8_030_261_248,
    "llama-3.2-1b": 1_235_814_400,
    "llama-7b": 6_738_415_616,
    "mistral-7b-v0.1": 7_241_732_096,
    "mixtral-8x7b": 46_702_792_704,
    "qwen2.5-0.5b": 494_032_768,
    "qwen2.5-7b": 7_615_616_512,
    "qwen3-0.6b": 596_049_920,
    "qwen3-8b": 8_190_735_360,
    "tinyllama-1.1b": 1_100_048_384,
}


def count(path):
    """Parameters of the model that transformers builds, tied ones once."""
    config = transformers.AutoConfig.from_pretrained(path)
    with torch.device("meta"):
        model = transformers.AutoModelForCausalLM.from_config(config)
    return sum(parameter.numel() for parameter in model.parameters())


def make():
    assert {path.stem for path in BASES.glob("*.json")} == set(PARAMETERS)
    for name, published in PARAMETERS.items():
        counted = count(BASES / (name + ".json"))
        assert counted == published, (name, counted, published)
    rows = [f"{name}.json\t{parameters}\n" for name, parameters in PARAMETERS.items()]
    (BASES / "parameters.tsv").write_text("".join(rows))
