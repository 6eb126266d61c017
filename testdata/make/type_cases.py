"""Small configurations of the types in the catalogue's table, for the checks that need weights.

A configuration class says its own sizes, of which the layers and experts are cut as for the table (`arch_learn.shrunk`)
and then the widths, all by one factor, as far as the model still builds on the meta device.
"""

import copy
import json
import pathlib
import re
import subprocess
import sys

import torch
from transformers.core_model_loading import revert_weight_conversion
from transformers.models.auto.configuration_auto import CONFIG_MAPPING


FACTORS = (64, 32, 16, 8, 4, 2)
# Values of small models where widths alone do not make one: heads of an even width for rotary positions.
HEADS = {
    "kimi_k25": {"vision_config": {"num_attention_heads": 2, "hidden_size": 24}, "projection_hidden_size": 24},
    "mistral_large4": {"vision_config": {"num_attention_heads": 2, "hidden_size": 16, "head_dim": 8}},
    "step3p7": {"vision_config": {"num_attention_heads": 2, "hidden_size": 24}},
}
# The parameters that a model for a check may have.
ENOUGH = 3_000_000
VOCABULARY = 211
# Counts, positions and indices, which are no widths.
NO_WIDTH = re.compile(
    r"head(s|_num)?$|_heads|num_(?!labels)|n_head|n_layer|n_group|layers?$|depth|experts?|group(s|_size)?$|topk|top_k|"
    r"per_tok|token|_id$|_ids$|idx|index|position|patch|image_size|kernel|window|stride|conv|rank_|offset|period|length|"
    r"size_divisor|factor|pad|max_|chunk|block|levels|ratio|interval|every|bins|buckets|spatial|channels|frames|downsampl|"
    r"sample|n_mels|mel|version|frequency|dimension_|crop|scale|step|interval|skip|freq|ngram|codebook"
)


if __name__ == "__main__":
    import arch_learn
    import arch_trace


def count(cls, full):
    """Parameters of the model, built without memory and written out as a checkpoint has it."""
    with torch.device("meta"):
        model = cls(cls.config_class.from_dict(copy.deepcopy(full)))
    revert_weight_conversion(model, dict(model.state_dict()))
    return sum(parameter.numel() for parameter in model.parameters())


def merged(values, more):
    """Nested values with others in their place."""
    out = dict(values)
    for key, value in more.items():
        out[key] = merged(out.get(key, {}), value) if isinstance(value, dict) else value
    return out


def narrowed(cls, full, factor):
    """The configuration with all widths divided, and a small vocabulary."""
    config = cls.config_class(**copy.deepcopy(full))
    small = copy.deepcopy(full)
    for path, section in arch_trace.sections(config):
        for key, value in list(section.__dict__.items()):
            if key.startswith("_") or isinstance(value, bool):
                continue
            if key.endswith("token_id") and isinstance(value, int):
                small = arch_learn.put(small, path + key, value % VOCABULARY)
            elif not isinstance(value, int):
                continue
            elif "vocab" in key and value > VOCABULARY:
                small = arch_learn.put(small, path + key, VOCABULARY)
            elif key.startswith("max_") and "position" in key and value > 64:
                small = arch_learn.put(small, path + key, 64)
            elif not NO_WIDTH.search(key) and value >= 2 * factor and value % factor == 0:
                small = arch_learn.put(small, path + key, value // factor)
    return small


def small(cls, start, more):
    """The smallest configuration that builds, or None; `more` are values that it has in any case."""
    base = arch_trace.expand(start, cls.config_class(**copy.deepcopy(start)))
    best = None
    for cut in (lambda: arch_learn.shrunk(cls, base), lambda: arch_learn.shrunk(cls, base, distinct=0), lambda: base):
        for factor in (*FACTORS, 1):
            try:
                full = merged(narrowed(cls, cut(), factor) if factor > 1 else cut(), more)
                size = count(cls, full)
            except Exception:  # a factor that a head or group does not allow
                continue
            if best is None or size < best[0]:
                best = size, full
            if size <= ENOUGH:
                return best
            break
    return best


def cases(model_type, start):
    """As in catalogue_cases.py: class and configuration of a type; nothing where no small one builds."""
    torch.manual_seed(0)
    classes = arch_trace.classes(model_type)
    if not classes:
        return []
    if model_type in CONFIG_MAPPING:
        # The library may build a type from another one's class, which names its own configuration.
        classes[0].config_class = CONFIG_MAPPING[model_type]
    best = small(classes[0], start, HEADS.get(model_type, {}))
    return [(classes[0].__name__, best[1])] if best and best[0] <= 10 * ENOUGH else []


def fill(table, wanted):
    """Puts the cases of the wanted types, or of all, in place of those in `table`; returns the types.

    A process of its own works them out: tracing changes the library that it is done with.
    """
    done = subprocess.run([sys.executable, __file__, *wanted], check=True, stdout=subprocess.PIPE, text=True)
    table.clear()
    table.update(json.loads(done.stdout))
    return list(table)


def main():
    starts = json.loads((pathlib.Path(__file__).parent / "arch_starts.json").read_text())
    table = {}
    for model_type in sys.argv[1:] or arch_trace.all_types():
        try:
            table[model_type] = cases(model_type, starts.get(model_type, {}))
        except Exception as error:  # a class that refuses its own usual values; the others are still to be checked
            print(f"{model_type}: no configuration: {str(error)[:200]}", file=sys.stderr)
    json.dump(table, sys.stdout, default=str)


if __name__ == "__main__":
    main()
