"""Checks a merged folder against the unmerged model: `check_merged.py MERGED_DIR BASE_DIR ADAPTER_DIR`.

transformers loads the merged folder as it lies; PEFT computes the truth from base and adapter, never merged, in
float64. Both see the same tokens. The logits may differ by what rounding the weights once can do, which is measured:
the merged weights are jittered by at most half a unit in the last place and the logits compared.
Exits 1 with a sentence when they differ by more, when a tensor is missing, unexpected or not finite.
"""

import argparse
import os
import pathlib
import sys
import tempfile

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import peft
import torch
import transformers
from safetensors.torch import load_file, save_file

from merged import adapter_tensors

ALLOWED_JITTERS = 2  # of the size of one jitter; a lost or wrongly scaled delta is tens to thousands of them
MAPPING = {
    "ForCausalLM": transformers.AutoModelForCausalLM,
    "LMHeadModel": transformers.AutoModelForCausalLM,
    "ForImageClassification": transformers.AutoModelForImageClassification,
}


def load(folder):
    """The model in float64, and what transformers said while loading it."""
    config = transformers.AutoConfig.from_pretrained(folder)
    name = config.architectures[0]
    family = next((family for suffix, family in MAPPING.items() if name.endswith(suffix)), None)
    if family is None:
        sys.exit(f"{folder}: no auto class for architecture {name}")
    model, report = family.from_pretrained(folder, dtype=torch.float64, output_loading_info=True)
    model.set_experts_implementation("eager")  # the grouped product knows no float64
    return model, report


def with_adapter(model, folder):
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        (scratch / "adapter_config.json").write_bytes((folder / "adapter_config.json").read_bytes())
        save_file(adapter_tensors(folder), scratch / "adapter_model.safetensors", {"format": "pt"})
        return peft.PeftModel.from_pretrained(model, scratch)


def inputs(config):
    torch.manual_seed(0)
    if hasattr(config, "vocab_size"):
        return {"input_ids": torch.randint(3, config.vocab_size, (4, 12))}
    size = getattr(config, "image_size", 32)
    return {"pixel_values": torch.randn(4, config.num_channels, size, size, dtype=torch.float64)}


@torch.no_grad()
def logits(model, batch):
    return model.eval()(**batch).logits


@torch.no_grad()
def jitter(model, epsilon):
    """Moves every weight by up to half a unit in the last place."""
    torch.manual_seed(1)
    for parameter in model.parameters():
        parameter.mul_(1 + epsilon / 2 * (2 * torch.rand_like(parameter) - 1))
    return model


def coarsest(folder):
    """The largest relative spacing among the float dtypes of the folder's files."""
    dtypes = {tensor.dtype for path in folder.glob("*.safetensors") for tensor in load_file(path).values()}
    return max(torch.finfo(dtype).eps for dtype in dtypes if dtype.is_floating_point)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("merged", "base", "adapter"):
        parser.add_argument(name, type=pathlib.Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()

    merged, report = load(arguments.merged)
    problems = {key: value for key, value in report.items() if value}
    base, _ = load(arguments.base)
    batch = inputs(base.config)
    before = logits(base, batch)
    rows = getattr(merged.config, "vocab_size", None)
    if rows != getattr(base.config, "vocab_size", None):
        base.resize_token_embeddings(rows, mean_resizing=False)
    truth = logits(with_adapter(base, arguments.adapter), batch)
    found = logits(merged, batch)
    allowed = ALLOWED_JITTERS * (logits(jitter(merged, coarsest(arguments.merged)), batch) - found).abs().max().item()
    if truth.shape == found.shape:
        difference = (found - truth).abs().max().item()
        effect = (truth[..., : before.shape[-1]] - before).abs().max().item()
        print(
            f"{arguments.merged}: logits differ by {difference:.3g}, allowed {allowed:.3g}; "
            f"the adapter moves them by {effect:.3g}"
        )
        if not difference <= allowed:
            problems["logits"] = f"differ by {difference:.3g}, more than {allowed:.3g}"
    else:
        problems["logits"] = f"have shape {tuple(found.shape)}, expected {tuple(truth.shape)}"
    if problems:
        sys.exit(f"{arguments.merged}: {problems}")


if __name__ == "__main__":
    main()
