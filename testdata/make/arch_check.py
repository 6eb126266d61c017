"""Holds the catalogue against models of the sizes that the library's own configurations have.

    python testdata/make/arch_check.py TOOL FOLDER [WORKER WORKERS [model types]]

For every type that `TOOL bases` lists, its model is built on the meta device from the defaults of its configuration (and
what arch_starts.json adds), an adapter over all its linear layers but the output embedding is written (a header before a
hole), and `TOOL validate` must find nothing above a note: against the whole configuration as the library writes it, and
against one that leaves the defaults out. Prints one JSON object a type; types with `base-` errors belong in
arch_dropped.txt.
"""

import copy
import json
import pathlib
import signal
import struct
import subprocess
import sys

import torch
import transformers
import transformers.models.auto.modeling_auto as auto
from transformers.models.auto.configuration_auto import CONFIG_MAPPING
from transformers.pytorch_utils import Conv1D

CLASSES = [
    auto.MODEL_FOR_SEQ_TO_SEQ_CAUSAL_LM_MAPPING_NAMES, auto.MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES,
    auto.MODEL_FOR_MASKED_LM_MAPPING_NAMES, auto.MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
]
STARTS = json.loads((pathlib.Path(__file__).parent / "arch_starts.json").read_text())
SECONDS = 60


class Late(Exception):
    pass


def late(*_):
    raise Late


def linears(model):
    """Name, inputs and outputs of every linear layer that PEFT takes for `all-linear`."""
    head = model.get_output_embeddings()
    for name, module in model.named_modules():
        if module is head:
            continue
        if isinstance(module, Conv1D):
            yield name, *module.weight.shape
        elif type(module) is torch.nn.Linear:
            yield name, module.in_features, module.out_features


def write(folder, rows):
    (folder / "adapter").mkdir(parents=True, exist_ok=True)
    header, end = {"__metadata__": {"format": "pt"}}, 0
    for name, inputs, outputs in rows:
        for factor, shape in (("A", [1, inputs]), ("B", [outputs, 1])):
            size = 2 * shape[0] * shape[1]
            key = f"base_model.model.{name}.lora_{factor}.weight"
            header[key] = {"dtype": "BF16", "shape": shape, "data_offsets": [end, end + size]}
            end += size
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(folder / "adapter/adapter_model.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        file.truncate(8 + len(text) + end)
    peft = dict(peft_type="LORA", r=1, lora_alpha=1, bias="none", target_modules=sorted(row[0] for row in rows))
    (folder / "adapter/adapter_config.json").write_text(json.dumps(peft))


def findings(tool, folder, config):
    (folder / "base.json").write_text(json.dumps(config, default=str))
    command = [tool, "validate", "--header-only", "--base", folder / "base.json", "--format", "json", folder / "adapter"]
    ran = subprocess.run(command, capture_output=True, text=True)
    if not ran.stdout:
        return [["failed", "error", ran.stderr[:300]]]
    report = json.loads(ran.stdout)
    found = report["adapters"][0]["findings"] + (report.get("base") or {}).get("findings", [])
    return [[f["rule"], f["severity"], f["message"]] for f in found if f["severity"] != "note"]


def check(tool, folder, model_type, name):
    given = STARTS.get(model_type, {})
    config = CONFIG_MAPPING[model_type](**copy.deepcopy(given))
    with torch.device("meta"):
        model = getattr(transformers, name)(config)
    rows = list(linears(model))
    write(folder, rows)
    named = {"architectures": [name], "model_type": model_type}
    found = findings(tool, folder, config.to_dict() | named) + findings(tool, folder, given | named)
    return {"type": model_type, "class": name, "rows": len(rows), "findings": found}


def main():
    tool, folder = sys.argv[1], pathlib.Path(sys.argv[2])
    worker, workers = map(int, sys.argv[3:5] or (0, 1))
    only = set(sys.argv[5:])
    listed = subprocess.run([tool, "bases", "--format", "json"], capture_output=True, text=True).stdout
    names = sorted(set(CONFIG_MAPPING) & (only or set(json.loads(listed)["model_types"])))
    signal.signal(signal.SIGALRM, late)
    for model_type in names[worker::workers]:
        found = next((classes[model_type] for classes in CLASSES if model_type in classes), None)
        if found is None:
            continue
        signal.alarm(SECONDS)
        try:
            row = check(tool, folder / model_type, model_type, found if isinstance(found, str) else found[0])
        except Exception as error:
            row = {"type": model_type, "skipped": repr(error)[:200]}
        finally:
            signal.alarm(0)
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
