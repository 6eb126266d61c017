"""A compact part of the matrix for the tests: testdata/matrix/<model_type>.json.

Of the first small configuration of every architecture: the base's config.json and the names, types and shapes of its
tensors, and for some adapters the config, names, types and shapes that PEFT wrote, and rank, alpha and scale that its
layers hold. Values are left out. Rows that repeat over layers are folded as in the catalogue's fixtures, and of configs
only what differs from `defaults.json` is kept. Every variant that few architectures have is there; the others take turns.
"""

import json
import pathlib
import struct
import tempfile
import warnings
import zlib

from catalogue import fold
from catalogue_cases import CASES
from files import ROOT, fresh, read_json
from matrix import exports

MATRIX = ROOT / "matrix"
# Variants that only few models have, and pairs that have shown something that the others do not.
ALWAYS = ("stack", "old-", "attention", "convolution")
TELLING = {("vit", "exclude-regex"), ("whisper", "both-ends-tied"), ("t5", "both-ends-tied"), ("t5", "everything")}
TURNS = 13  # each of the other variants is kept for every thirteenth architecture


def header(path):
    """Name, type and shape of each tensor of a safetensors file."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        rows = json.loads(file.read(length))
    return [[name, row["dtype"], row["shape"]] for name, row in sorted(rows.items()) if name != "__metadata__"]


def grouped(modules):
    """Folded names by rank, alpha and scale."""
    groups = {}
    for name, (rank, alpha, scale) in sorted(modules.items()):
        groups.setdefault((rank, alpha, scale), []).append([name])
    return [[*key, [name for [name] in fold(names, 0)]] for key, names in groups.items()]


def make():
    warnings.filterwarnings("ignore")
    fresh(MATRIX)
    (MATRIX / "types.json").write_text(json.dumps(list(CASES)) + "\n")
    defaults = None
    for place, model_type in enumerate(CASES):
        number = next(n for n, (_, overrides) in enumerate(CASES[model_type]) if overrides)

        def wanted(label):
            if label.startswith(ALWAYS) or (model_type, label) in TELLING:
                return True
            return zlib.crc32(label.encode()) % TURNS == place % TURNS

        with tempfile.TemporaryDirectory() as folder:
            work, adapters = pathlib.Path(folder), []
            for label, path, modules in exports(model_type, number, work, wanted):
                config = read_json(path / "adapter_config.json")
                config["base_model_name_or_path"] = "example/" + model_type
                if defaults is None:
                    defaults = config | {"target_modules": None, "target_parameters": None, "auto_mapping": None}
                    (MATRIX / "defaults.json").write_text(json.dumps(defaults, indent=1) + "\n")
                adapters.append(
                    {
                        "name": label,
                        "config": {key: value for key, value in config.items() if defaults.get(key, ...) != value},
                        "dropped": sorted(set(defaults) - set(config)),
                        "tensors": fold(header(path / "adapter_model.safetensors"), 0),
                        "modules": None if modules is None else grouped(modules),
                    }
                )
            base = {
                "config": read_json(work / "base/config.json") | {"_name_or_path": "example/" + model_type},
                "tensors": fold(header(work / "base/model.safetensors"), 0),
            }
        lines = ",\n".join(json.dumps(adapter, separators=(",", ":")) for adapter in adapters)
        head = json.dumps(base, separators=(",", ":"))
        (MATRIX / f"{model_type}.json").write_text(f'{{"base":{head},\n"adapters":[\n{lines}\n]}}\n')
