"""Any architecture, any kind: a merged folder answers like the unmerged model.

    python testdata/make/merge_logits.py                      # everything, an hour and more on two cores
    python testdata/make/merge_logits.py t5 gemma             # only these model types
    python testdata/make/merge_logits.py --variants head t5   # only this variant

merge_matrix.py compares tensors; this one asks transformers to load what `merge` wrote, nothing changed by hand, and
compares its logits for every token of the vocabulary with those of base and adapter in PEFT, never merged, both in
float64. Bases are in float32, so the two differ by rounding only. It finds what tensors cannot show: a tie that is made
again while loading, a flag of the config that means something else as well, a name that is not read.
"""

import pathlib
import subprocess
import sys
import tempfile

import peft
import torch
import transformers
from peft.tuners.lora import LoraLayer
from safetensors.torch import save_file

from catalogue_cases import CASES
from files import read_json, write_json
from matrix import exports
from merged import adapter_tensors
from sweep import parser, sweep

ALLOWED = 1e-5  # of the largest logit: weights are rounded to 2⁻²⁴, and layers and sums enlarge that
WIDTH = 8  # tokens of a row; some of the small configurations have no more than seventeen positions
# Where the embedding and the head of a model are tied, or are not, these variants are the ones that tell.
ENDS = ("embedding", "head", "both", "tokens", "saved", "everything", "all-embeddings", "bias", "some", "layers-saved")


def batch(model):
    """Inputs that touch every row of the vocabulary."""
    config, rows = model.config, model.get_input_embeddings()
    torch.manual_seed(0)
    if not isinstance(rows, torch.nn.Embedding):
        size = config.image_size
        return {"pixel_values": torch.randn(2, config.num_channels, size, size, dtype=torch.float64)}
    images = {value for key, value in vars(config).items() if "token_id" in key and isinstance(value, int)}
    tokens = torch.tensor([token for token in range(rows.num_embeddings) if token not in images])
    ids = tokens[torch.randperm(len(tokens))][: len(tokens) // WIDTH * WIDTH].reshape(-1, WIDTH)
    if not config.is_encoder_decoder:
        return {"input_ids": ids}
    if hasattr(config, "num_mel_bins"):
        frames = 2 * config.max_source_positions
        sound = torch.randn(len(ids), config.num_mel_bins, frames, dtype=torch.float64)
        return {"input_features": sound, "decoder_input_ids": ids}
    return {"input_ids": ids, "decoder_input_ids": ids.flip(0)}


@torch.no_grad()
def answer(model, inputs):
    """Every floating-point tensor that the model says, the caches aside."""
    said = model.eval()(**inputs, use_cache=False) if "input_ids" in inputs else model.eval()(**inputs)
    return said.logits if "logits" in said else said[0]


def load(name, folder):
    model = getattr(transformers, name).from_pretrained(folder, dtype=torch.float64)
    if hasattr(model, "set_experts_implementation"):
        model.set_experts_implementation("eager")  # the grouped product knows no float64
    return model


def unmerged(name, base, folder):
    """Base and adapter in PEFT; the file's keys may lack PEFT's prefix.

    PEFT 0.21 loads only one pair of an adapter that it trained with `ensure_weight_tying` where more than two are tied.
    """
    tensors = adapter_tensors(folder)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        write_json(scratch / "adapter_config.json", read_json(folder / "adapter_config.json"))
        save_file(tensors, scratch / "adapter_model.safetensors", {"format": "pt"})
        model = peft.PeftModel.from_pretrained(load(name, base), scratch)
        pairs = sum(".lora_A" in key or ".lora_embedding_A" in key for key in tensors)
        if sum(isinstance(module, LoraLayer) for module in model.modules()) < pairs:
            raise ValueError("PEFT loads only a part of the file")
        # The layers are in place in the model itself; PEFT's own class passes arguments that some models do not know.
        return model.get_base_model()


def case(tool, model_type, number, work, wanted, counts, problem):
    name, _ = CASES[model_type][number]
    base, output, inputs = work / "base", work / "merged", None
    others = tuple("-" + other for other, _ in CASES[model_type])
    made = [entry for entry in exports(model_type, number, work, wanted) if not entry[0].endswith(others)]
    # As the configs on the Hub, which know nothing of what later releases derive from other members.
    config = read_json(base / "config.json")
    config.pop("scale_decoder_outputs", None)
    write_json(base / "config.json", config)
    for label, folder, _ in made:
        done = subprocess.run(
            [tool, "merge", "--base", base, "--adapter", folder, "--output", output, "--overwrite", "--progress", "never"],
            capture_output=True, check=False, text=True,
        )
        counts["adapters"] += 1
        if done.returncode != 0:
            counts["refused"] += 1
            continue
        where = f"{model_type} {number} {name} [{label}]"
        try:
            if inputs is None:
                plain = load(name, base)
                inputs = batch(plain)
                before = answer(plain, inputs)
            truth = answer(unmerged(name, base, folder), inputs)
        except Exception as error:  # what PEFT or the model cannot do is a fact to count, not a failure of this script
            counts[f"not compared: {type(error).__name__}: {str(error)[:100]}"] += 1
            continue
        found = answer(load(name, output), inputs)
        counts["compared"] += 1
        moved, apart = ((other - truth).abs().max().item() for other in (before, found))
        if not apart <= ALLOWED * max(1, truth.abs().max().item()):
            problem(f"{where}: logits differ by {apart:.3g}; the adapter moves them by {moved:.3g}")
        elif moved <= apart:
            counts[f"compared, but the adapter changes no logits [{label}]"] += 1


def main():
    arguments = parser(__doc__).parse_args()

    def check(model_type, number, position, work, counts, problem):
        is_first, change = position == 0, CASES[model_type][number][1]
        if not is_first and "tie_word_embeddings" not in change:
            return

        def wanted(label):
            return label in arguments.variants if arguments.variants else is_first or label.startswith(ENDS)

        case(arguments.tool.resolve(), model_type, number, work, wanted, counts, problem)

    return sweep(arguments.types, "compared", check)


if __name__ == "__main__":
    sys.exit(main())
