"""Writes testdata/catalogue/<model_type>.json: what transformers builds and writes for many configurations.

Run with the reference environment (torch, transformers 5.23.0, for the recurrent decoders, Gemma 4,
Molmo 2 and Kimi K2.5 5.24.0, safetensors):

    python testdata/make/catalogue.py            # every architecture
    python testdata/make/catalogue.py llama t5   # only these

Each case builds one model class from one configuration on the meta device and records
  given       the keys that the case sets (model_type and architectures among them): everything else is a default
  config      config.json as save_pretrained writes it
  parameters  model.num_parameters()
  modules     what LoRA can target, named as on disk: [kind, name, in, out, shape, bias, tied to or null]
  others      every other tensor on disk (norms, biases without a module, positions, buffers): [name, shape]
  memory      what the model names or shapes otherwise in memory: [kind, name, in, out, shape, [names on disk]]
Rows that repeat over layers and experts are folded: `layers.{0-3}.mlp` stands for four rows.
Small cases are really saved and read back; that checks the names, and the order of rows in split experts.
"""

import itertools
import json
import os
import pathlib
import re
import sys
import tempfile

os.environ["HF_HUB_OFFLINE"] = "1"
import torch
import transformers
from safetensors import safe_open
from torch import nn
from transformers.core_model_loading import revert_weight_conversion
from transformers.modeling_utils import remove_tied_weights_from_state_dict
from transformers.pytorch_utils import Conv1D

from catalogue_cases import CASES

transformers.utils.logging.set_verbosity_error()
transformers.utils.logging.disable_progress_bar()

EXPECTED_VERSIONS = "5.23.0", "5.24.0"
OUTPUT = pathlib.Path(__file__).resolve().parent.parent / "catalogue"
# A case of at most this many parameters is built with values, saved and read back.
SAVED_LIMIT = 3_000_000


def kind_of(module):
    """Kind, in and out of a module that LoRA wraps, or None."""
    if isinstance(module, Conv1D):
        return "linear", module.weight.shape[0], module.weight.shape[1]
    if isinstance(module, nn.Linear):
        return "linear", module.in_features, module.out_features
    if isinstance(module, nn.Embedding):
        return "embedding", module.num_embeddings, module.embedding_dim
    for number, conv in ((1, nn.Conv1d), (2, nn.Conv2d), (3, nn.Conv3d)):
        if isinstance(module, conv):
            return f"conv{number}d", module.in_channels, module.out_channels
    return None


def matrices_of(module):
    """The raw parameters of a module that LoRA reaches as target parameters: stacks of experts, and routers.

    In and out are those of PEFT: it takes the last axis as in, unless the module says that it is transposed.
    """
    for name, value in module.named_parameters(recurse=False):
        if value.ndim == 3 and "Experts" in type(module).__name__:
            _, rows, columns = value.shape
            transposed = getattr(module, "is_transposed", False)
            yield name, *((rows, columns) if transposed else (columns, rows))
        elif value.ndim == 2 and name == "weight" and re.search(r"Router|Gate", type(module).__name__):
            yield name, value.shape[1], value.shape[0]


def disk_state(model):
    """The state dict as save_pretrained would write it, without writing it."""
    state = model.state_dict()
    for name in model._keys_to_ignore_on_save or []:
        state.pop(name, None)
    return remove_tied_weights_from_state_dict(state, model)


def sources(model):
    """For every tensor in memory that is written, the names and shapes of what is written for it."""
    state = disk_state(model)
    reverted = revert_weight_conversion(model, dict(state))
    whole = {name: tuple(value.shape) for name, value in reverted.items()}
    if set(whole) == set(state):
        assert all(whole[name] == tuple(value.shape) for name, value in state.items())
        return whole, {name: [name] for name in state}
    # Some renamings look at all names together, so that only what is converted is reverted alone.
    unchanged = {id(value): name for name, value in reverted.items()}
    parts = {
        name: [unchanged[id(value)]] if id(value) in unchanged else list(revert_weight_conversion(model, {name: value}))
        for name, value in state.items()
    }
    names = list(itertools.chain(*parts.values()))
    assert set(names) == set(whole)
    # What is written of several tensors is all that is written of each.
    assert all(names.count(disk) == 1 for written in parts.values() if len(written) > 1 for disk in written)
    return whole, parts


def first_rows(model, parts, state):
    """Of tensors that are written as rows of a common one, their first row there."""
    first = {}
    for disk in {disk for written in parts.values() for disk in written}:
        names = [name for name, written in parts.items() if written == [disk]]
        if len(names) > 1:
            numbered = {
                name: torch.full((len(state[name]), *[1] * (state[name].ndim - 1)), float(number))
                for number, name in enumerate(names)
            }
            (rows,) = revert_weight_conversion(model, numbered).values()
            first |= {name: rows.flatten().tolist().index(float(number)) for number, name in enumerate(names)}
    return first


def check_saved(model, whole, parts):
    """Saves the model for real with recognisable values and compares names, shapes and the origin of every tensor."""
    with torch.no_grad():
        for value in {id(v): v for v in model.state_dict(keep_vars=True).values()}.values():
            if value.is_floating_point():
                value.copy_(torch.arange(value.numel(), dtype=torch.float64).reshape(value.shape).to(value.dtype))
    state = model.state_dict()
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        with safe_open(os.path.join(folder, "model.safetensors"), "pt") as file:
            saved = {name: file.get_tensor(name) for name in file.keys()}
        config = json.loads(pathlib.Path(folder, "config.json").read_text())
    assert {name: tuple(value.shape) for name, value in saved.items()} == whole, sorted(set(saved) ^ set(whole))
    first = first_rows(model, parts, state)
    for name, written in parts.items():
        value = state[name]
        if name in first:
            rows = saved[written[0]][first[name] : first[name] + len(value)].to(value.dtype)
            # They may be in another order, which the rows in Swift say (`reordered`).
            assert torch.equal(value.flatten().sort()[0], rows.flatten().sort()[0]), name
        elif len(written) == 1:
            assert torch.equal(value, saved[written[0]].to(value.dtype)), name
        elif value.ndim == 2:
            assert torch.equal(value, torch.cat([saved[part] for part in written])), name
        else:
            joined = torch.stack(
                [
                    torch.cat(list(group))
                    for group in zip(*[iter([saved[w] for w in in_order(written)])] * per_expert(value, written))
                ]
            )
            assert torch.equal(value, joined), name
    return config


def in_order(written):
    """Parts of a stack by expert, then in the order in which their rows follow each other."""
    return sorted(written, key=lambda name: [int(n) for n in re.findall(r"\.(\d+)\.", name)])


def per_expert(value, written):
    count, rest = divmod(len(written), value.shape[0])
    assert rest == 0
    return count


def describe(case_class, given):
    config_class = getattr(transformers, case_class).config_class
    # The values as given, as a config.json would hold them.
    config = config_class.from_dict(json.loads(json.dumps(given)))
    cls = getattr(transformers, case_class)
    with torch.device("meta"):
        model = cls(config)
    total = model.num_parameters()
    if total <= SAVED_LIMIT:
        model = cls(config_class.from_dict(json.loads(json.dumps(given))))
        assert model.num_parameters() == total
    whole, parts = sources(model)
    if total <= SAVED_LIMIT:
        saved_config = check_saved(model, whole, parts)
    else:
        saved_config = json.loads(config.to_json_string())
        saved_config["architectures"] = [case_class]

    identity = {}
    for name, value in model.state_dict(keep_vars=True).items():
        identity.setdefault(id(value), []).append(name)
    tied = {}
    for names in identity.values():
        kept = [name for name in names if name in parts]
        for name in names:
            if name not in parts and kept:
                tied[name] = kept[0]

    modules, memory, covered = [], [], set()
    for path, module in model.named_modules():
        found = kind_of(module)
        rows = []
        if found:
            kind, size_in, size_out = found
            rows.append((path + ".weight", kind, size_in, size_out, module.weight, path + ".bias" in parts))
        for name, size_in, size_out in [] if found else matrices_of(module):
            rows.append((path + "." + name, "parameter", size_in, size_out, getattr(module, name), False))
        for tensor, kind, size_in, size_out, value, bias in rows:
            name = tensor if kind == "parameter" else path
            shape = list(value.shape)
            if tensor in tied:
                # On disk only the tensor that it shares.
                other = parts[tied[tensor]][0]
                modules.append([kind, name, size_in, size_out, shape, int(bias), other])
                if bias:
                    covered.add(parts[path + ".bias"][0])
                continue
            written = parts[tensor]
            if kind == "parameter" and len(shape) == 2:
                covered.add(written[0])
                modules.append(["router", written[0], size_in, size_out, shape, 0, None])
                if written != [tensor]:
                    memory.append(["router", tensor, size_in, size_out, shape, written])
                continue
            if written != [tensor]:
                memory.append([kind, name, size_in, size_out, shape, in_order(written)])
            for disk in written:
                if disk in covered:
                    continue  # rows of one that is listed
                covered.add(disk)
                if len(written) > 1 and len(shape) == 2:
                    # One of several tensors in which its rows lie.
                    modules.append(["parameter", disk, whole[disk][1], whole[disk][0], list(whole[disk]), 0, None])
                elif kind == "linear" and list(whole[disk]) != shape:
                    rows_, columns = whole[disk]
                    modules.append([kind, disk.removesuffix(".weight"), columns, rows_, [rows_, columns], int(bias), None])
                elif kind == "parameter" and len(whole[disk]) == 2:
                    rows_, columns = whole[disk]
                    modules.append(["linear", disk.removesuffix(".weight"), columns, rows_, [rows_, columns], 0, None])
                elif kind == "parameter":
                    modules.append([kind, disk, size_in, size_out, shape, 0, None])
                else:
                    modules.append([kind, disk.removesuffix(".weight"), size_in, size_out, shape, int(bias), None])
            if bias:
                covered.add(parts[path + ".bias"][0])
    others = [[name, list(shape)] for name, shape in whole.items() if name not in covered]
    return {
        "given": given,
        "config": saved_config,
        "parameters": total,
        "modules": fold(modules, 1),
        "others": fold(others, 0),
        "memory": fold_memory(memory),
    }


def numbers(text):
    """`a.3.b.12.c` as (`a.{}.b.{}.c`, (3, 12))."""
    pieces = re.split(r"(?<=\.)(\d+)(?=\.)", text)
    return "{}".join(pieces[::2]), tuple(int(piece) for piece in pieces[1::2])


def ranges(values):
    """`0-3,6` for [0, 1, 2, 3, 6]."""
    values, out = sorted(values), []
    for value in values:
        if out and out[-1][1] == value - 1:
            out[-1][1] = value
        else:
            out.append([value, value])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in out)


def fill(template, columns):
    pieces = template.split("{}")
    return pieces[0] + "".join("{" + column + "}" + piece for column, piece in zip(columns, pieces[1:]))


def fold(rows, position):
    """Rows that are equal but for the numbers in the name at `position` become one row."""
    groups = {}
    for row in rows:
        template, found = numbers(row[position])
        key = json.dumps([*row[:position], template, *row[position + 1 :]])
        groups.setdefault(key, []).append(found)
    folded = []
    for key, tuples in groups.items():
        row = json.loads(key)
        for columns in boxes(tuples):
            folded.append([*row[:position], fill(row[position], columns), *row[position + 1 :]])
    return folded


def boxes(tuples):
    """A set of index tuples as products of index sets."""
    assert len(set(tuples)) == len(tuples)
    if not tuples[0]:
        return [[]]
    rest = {}
    for first, *others in tuples:
        rest.setdefault(first, []).append(tuple(others))
    alike = {}
    for first, others in rest.items():
        alike.setdefault(tuple(sorted(others)), []).append(first)
    return [[ranges(firsts), *tail] for others, firsts in alike.items() for tail in boxes(list(others))]


def fold_memory(rows):
    """As `fold`; the names on disk keep the layer as `{}` and the expert as `{e}`."""
    out = []
    for kind, name, size_in, size_out, shape, written in rows:
        template, found = numbers(name)
        patterns = []
        for disk in written:
            disk_template, disk_found = numbers(disk)
            assert disk_found[: len(found)] == found, (name, disk)
            extra = [str(number) for number in disk_found[len(found) :]]
            if len(written) > 1 and extra:
                (_,) = extra
                extra = ["{e}"]
            pieces = disk_template.split("{}")
            rest = "".join(number + piece for number, piece in zip(extra, pieces[len(found) + 1 :]))
            pattern = "{}".join(pieces[: len(found) + 1]) + rest
            if pattern not in patterns:
                patterns.append(pattern)
        out.append([kind, name, size_in, size_out, shape, patterns])
    return fold(out, 1)


def main():
    assert transformers.__version__ in EXPECTED_VERSIONS, transformers.__version__
    OUTPUT.mkdir(exist_ok=True)
    for model_type in sys.argv[1:] or CASES:
        cases = []
        for case_class, overrides in CASES[model_type]:
            given = {"model_type": model_type, "architectures": [case_class], **overrides}
            try:
                case = describe(case_class, given)
            except Exception:
                print("in", case_class, overrides, file=sys.stderr)
                raise
            for noise in ("transformers_version", "dtype"):
                case["config"].pop(noise, None)
            cases.append(case)
        lines = ",\n".join(json.dumps(case, separators=(",", ":")) for case in cases)
        path = OUTPUT / f"{model_type}.json"
        path.write_text(f'{{"transformers":"{transformers.__version__}","cases":[\n{lines}\n]}}\n')
        print(f"{model_type}: {len(cases)} cases, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
