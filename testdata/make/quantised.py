"""Small quantised bases by the formats' own libraries, and what merging an adapter into them must give.

    python testdata/make/quantised.py [NAME …]

Needs an environment of its own. gptqmodel is built without CUDA; autoawq and an old compressed-tensors, of which little
is used, go where nothing imports them by accident:

    python3.12 -m venv venv
    BUILD_CUDA_EXT=0 venv/bin/pip install -r testdata/make/requirements-quantised.txt
    venv/bin/pip install --no-deps --target venv/autoawq autoawq==0.2.7.post3
    venv/bin/pip install --no-deps --target venv/compressed-tensors-0.17 compressed-tensors==0.17.0

Every base is read back from its files by a few lines of this folder's own for the exact value of each element, and
these values are held against the library's own dequantiser; the number of elements that differ is printed, and none
may. What a merge must give is PEFT's merge in float64 into the exact values, rounded once.
"""

import sys
from dataclasses import dataclass
from typing import Callable

import torch
import transformers

import make as process
from files import fresh, read_json, read_model, write_json, write_rows, write_tensors
from merged import round_once
from quantised_models import QUANTISED, adapter_folder, dense, expected, make_adapter, save_dense

PLAIN = ("lm_head", "embed_tokens")


@dataclass
class Fixture:
    """A quantised base.

    `write(shape, folder)` saves the base; `value(stored)` is the exact float64 value of a weight from its stored
    tensors, named by what follows the module; `library(stored)` is what the format's library makes of them.
    """

    name: str
    shape: str
    write: Callable
    value: Callable
    library: Callable
    kind: str = "lora"
    note: str = ""

    @property
    def folder(self):
        return QUANTISED / self.name


def packed(
    pack, config, skip=PLAIN, side=None, shards=False, extra=None, dtype=torch.bfloat16, key="quantization_config"
):
    """A writer for formats that are made matrix by matrix: `pack(weight)` gives the tensors that take its place.

    `skip` are parts of the names of modules that stay plain, `config` is what config.json gets under `key`, `side` are
    more files, `extra` more tensors; plain tensors are stored as `dtype`.
    """

    def write(shape, folder):
        save_dense(shape, folder)
        tensors = {}
        for name, tensor in dense(shape).items():
            module = name.removesuffix(".weight")
            if is_matrix(name, tensor) and not any(part in module for part in skip):
                tensors |= {f"{module}.{leaf}": value for leaf, value in pack(tensor).items()}
            elif "_proj" in name and tensor.ndim == 3:
                tensors |= {name + leaf: value for leaf, value in pack(tensor).items()}
            else:
                tensors[name] = tensor.to(dtype)
        write_weights(folder, tensors | (extra or {}), shards)
        settings = read_json(folder / "config.json") | {"dtype": str(dtype).removeprefix("torch.")}
        settings |= {name: config for name in key.split()}
        write_json(folder / "config.json", settings)
        for file, content in (side or {}).items():
            write_json(folder / file, content)

    return write


def is_matrix(name, tensor):
    """Linear layers and the embedding. Only MLX quantises the latter, the others skip it by name."""
    return tensor.ndim == 2 and name.endswith(("_proj.weight", "lm_head.weight", "embed_tokens.weight"))


def write_weights(folder, tensors, shards=False):
    """One file, or two with an index, where scales and weights of one module lie in different files."""
    if not shards:
        return write_tensors(folder / "model.safetensors", tensors)
    (folder / "model.safetensors").unlink()
    parts = [{}, {}]
    for name, tensor in tensors.items():
        parts["scale" in name][name] = tensor
    files = [f"model-{index:05d}-of-00002.safetensors" for index in (1, 2)]
    for file, part in zip(files, parts):
        write_tensors(folder / file, part)
    size = sum(tensor.nbytes for tensor in tensors.values())
    weights = {name: file for file, part in zip(files, parts) for name in part}
    index = {"metadata": {"total_size": size}, "weight_map": dict(sorted(weights.items()))}
    write_json(folder / "model.safetensors.index.json", index)


def stored_by_weight(shape, tensors):
    """The stored tensors of each dense weight, by what follows its module (its name, for stacks of experts).

    Tensors of no weight, such as the scales of a quantised cache, are left out.
    """
    groups, owners = {}, {name: name.removesuffix("weight") for name in dense(shape)}
    for key, tensor in tensors.items():
        if names := [name for name, stem in owners.items() if key.startswith(stem)]:
            name = max(names, key=lambda name: len(owners[name]))
            groups.setdefault(name, {})[key.removeprefix(owners[name])] = tensor
        else:
            assert key.endswith(("k_scale", "v_scale")), key
    assert groups.keys() == owners.keys(), owners.keys() - groups.keys()
    return groups


def is_plain(stored):
    return len(stored) == 1 and next(iter(stored)) in ("", "weight")


def make_one(fixture):
    folder = fresh(fixture.folder)
    fixture.write(fixture.shape, folder / "base")
    (folder / "base" / "generation_config.json").unlink(missing_ok=True)
    values, plain, differ, total, error = {}, {}, 0, 0, 0.0
    originals = dense(fixture.shape)
    for name, stored in stored_by_weight(fixture.shape, read_model(folder / "base")).items():
        if is_plain(stored):
            plain[name] = next(iter(stored.values()))
            continue
        values[name] = fixture.value(stored)
        library = fixture.library(dict(stored)).detach()
        assert library.shape == values[name].shape, (name, library.shape, values[name].shape)
        differ += (round_once(values[name], library.dtype) != library).sum().item()
        total += library.numel()
        original = originals[name].double()
        error = max(error, ((values[name] - original).norm() / original.norm()).item())
    adapter = adapter_folder(fixture.shape, fixture.kind)
    write_tensors(folder / "expected.safetensors", expected(fixture.shape, values, plain, adapter))
    assert differ == 0, (fixture.name, differ)
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    print(
        f"{fixture.name}: {differ} of {total} elements differ from the library's {library.dtype}; "
        f"quantising moved the weights by {error:.1%} at most; {size} bytes"
    )
    return {
        "name": fixture.name,
        "base": f"{fixture.name}/base",
        "adapter": str(adapter.relative_to(QUANTISED)),
        "expected": f"{fixture.name}/expected.safetensors",
        "quantised": len(values),
        "plain": len(plain),
        "note": fixture.note,
    }


def make(names=()):
    from quantised_fixtures import FIXTURES

    QUANTISED.mkdir(exist_ok=True)
    for shape, kind in sorted({(fixture.shape, fixture.kind) for fixture in FIXTURES}):
        if not names or not adapter_folder(shape, kind).exists():
            make_adapter(shape, kind)
    rows = {row["name"]: row for row in read_json(QUANTISED / "quantised.json")} if names else {}
    for fixture in FIXTURES:
        if not names or fixture.name in names:
            rows[fixture.name] = make_one(fixture)
    write_rows(QUANTISED / "quantised.json", [rows[fixture.name] for fixture in FIXTURES if fixture.name in rows])


if __name__ == "__main__":
    process.pin_the_process()
    torch.set_num_threads(1)
    transformers.utils.logging.disable_progress_bar()
    make(sys.argv[1:])
