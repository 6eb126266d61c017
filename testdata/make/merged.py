"""What each mergeable adapter must give: PEFT's own merge in float64, rounded once to the base's dtype.

The half-precision path of PEFT rounds twice for some layers, so base and adapter are widened to float64 first.
A second opinion, a few lines of NumPy on the files alone, must agree for every linear and Conv1D module.
"""

import pathlib
import tempfile

import numpy
import peft
import torch
import zstandard
from safetensors.torch import load, save_file

from adapters import load_base
from files import ADAPTERS, MERGED, MODELS, fresh, read_json, read_model, seed, write_json, write_rows, write_tensors

HEADS = ("embed_tokens", "lm_head", "wte")


def round_once(exact, dtype):
    """float64 to `dtype`, ties to even, in one rounding.

    torch goes by way of float32; a step to float32 that rounds to odd leaves the second rounding exact.
    """
    if dtype in (torch.float64, torch.float32):
        return exact.to(dtype)
    if exact.ndim == 0:
        return round_once(exact[None], dtype)[0]
    wide = exact.numpy()
    near = wide.astype(numpy.float32)
    low = numpy.where(
        numpy.abs(near.astype(numpy.float64)) > numpy.abs(wide), numpy.nextafter(near, numpy.float32(0)), near
    )
    odd = low.view(numpy.uint32) | (low.astype(numpy.float64) != wide)
    return torch.from_numpy(odd.astype(numpy.uint32).view(numpy.float32)).to(dtype)


def adapter_tensors(folder):
    """The adapter's tensors under PEFT's keys, decompressed where the file is a `.zst`."""
    path = folder / "adapter_model.safetensors"
    data = path.read_bytes() if path.exists() else None
    if data is None:
        with zstandard.open(folder / "adapter_model.safetensors.zst", "rb") as stream:
            data = stream.read()
    prefix = "base_model.model."
    return {name if name.startswith(prefix) else prefix + name: tensor for name, tensor in load(data).items()}


def splits_tied(base, folder):
    """Whether the adapter trained the embedding or the head of a tied base as a matrix of its own."""
    if not read_json(base / "config.json").get("tie_word_embeddings", True):
        return False
    return any(
        part in HEADS for name in adapter_tensors(folder) for part in name.split(".") if "token_adapter" not in name
    )


def merge_with_peft(base_name, folder, untie, rows=None):
    """The whole merged checkpoint in float64, under the names that transformers writes."""
    options = {"tie_word_embeddings": False} if untie else {}
    seed(folder.name)
    model = load_base(base_name, torch.float64, **options)
    if untie:
        head = model.get_output_embeddings()
        head.weight.data = model.get_input_embeddings().weight.data.clone()
    if rows is not None:
        model.resize_token_embeddings(rows, mean_resizing=False)
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        config = read_json(folder / "adapter_config.json")
        if (
            untie and config["ensure_weight_tying"]
        ):  # PEFT takes the head out of the targets, its tensors stay in the file
            config |= {"ensure_weight_tying": False, "target_modules": config["target_modules"] + ["lm_head"]}
        write_json(scratch / "adapter_config.json", config)
        save_file(adapter_tensors(folder), scratch / "adapter_model.safetensors", {"format": "pt"})
        model = peft.PeftModel.from_pretrained(model, scratch).merge_and_unload(safe_merge=True)
        model.save_pretrained(scratch / "merged")
        return {name: tensor.clone() for name, tensor in read_model(scratch / "merged").items()}


def take_apart(model):
    """Gives every module a parameter of its own where several share one."""
    for module in model.modules():
        for name, parameter in list(module.named_parameters(recurse=False)):
            setattr(module, name, torch.nn.Parameter(parameter.detach().clone()))


def merge_apart(base_name, folder, stored):
    """As above for a base where several modules share a tensor: each gets its own before PEFT merges.

    T5 is told apart by the tensors alone, so only those that are no longer what they were tied to are written; other
    configs say that nothing is tied, and then every tensor must be there.
    """
    model = load_base(base_name, torch.float64)
    take_apart(model)
    sources = dict(model.all_tied_weights_keys)
    model = peft.PeftModel.from_pretrained(model, folder).merge_and_unload(safe_merge=True)
    exact = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    if model.config.model_type != "t5":
        return exact
    return {n: t for n, t in exact.items() if n in stored or not torch.equal(t, exact[sources[n]])}


def merge_by_hand(tensors, factors, row):
    """W + s·B·A of one module from the two files, transposed for Conv1D."""
    name = next(name for name in (row["name"], row["name"].removeprefix("transformer.")) if name + ".weight" in tensors)
    prefix = f"base_model.model.{row['name']}.lora_"
    a, b = (factors[prefix + leaf].double().numpy() for leaf in ("A.weight", "B.weight"))
    delta = row["scale"] * (b @ a)
    return name + ".weight", tensors[name + ".weight"].double().numpy() + (
        delta.T if row["kind"] == "conv1d" else delta
    )


def expected(entry):
    """The tensors that the merge changes, under their names in the base's files, and the manifest row."""
    base_name = pathlib.Path(entry["base"]).name
    folder, base = ADAPTERS / entry["name"], MODELS / base_name
    tensors, untie = read_model(base), splits_tied(base, folder)
    if "shared" in entry["kinds"]:
        untie, exact = True, merge_apart(base_name, folder, tensors)
    else:
        exact = merge_with_peft(base_name, folder, untie, entry.get("rows"))
    if untie and "shared" not in entry["kinds"] and read_json(folder / "adapter_config.json")["ensure_weight_tying"]:
        untie = not torch.allclose(exact["lm_head.weight"], exact["model.embed_tokens.weight"], rtol=0, atol=1e-13)
        if not untie:  # the two pairs hold one delta
            del exact["lm_head.weight"]
    changed = {}
    for name, tensor in exact.items():
        on_disk = name if name in tensors else name.removeprefix("transformer.")
        if on_disk not in tensors:
            assert untie and (name == "lm_head.weight" or "shared" in entry["kinds"]), name
            changed[name] = round_once(tensor, next(iter(tensors.values())).dtype)
        elif not torch.equal(tensor, tensors[on_disk].to(tensor.dtype)):
            changed[on_disk] = round_once(tensor, tensors[on_disk].dtype)
    if set(entry["kinds"]).isdisjoint({"dora", "renamed", "resized", "shared"}):
        factors = adapter_tensors(folder)
        if untie:
            tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"]
        for row in entry["expect"]["modules"]:
            if row["kind"] in ("linear", "conv1d") and row["name"] + ".weight" in exact:
                name, by_hand = merge_by_hand(tensors, factors, row)
                by_peft = exact[row["name"] + ".weight"].numpy()
                numpy.testing.assert_allclose(by_hand, by_peft, rtol=0, atol=1e-13, err_msg=entry["name"])
                assert name in changed
    rows = {"vocab_size": entry["rows"]} if "rows" in entry else {}
    return changed, {
        "adapter": entry["name"],
        "base": entry["base"],
        "untied": untie,
        **rows,
        "tensors": sorted(changed),
    }


def make():
    fresh(MERGED)
    rows = []
    for entry in read_json(ADAPTERS / "adapters.json"):
        if entry["mergeable"] and "same_as" not in entry:
            changed, row = expected(entry)
            write_tensors(MERGED / (entry["name"] + ".safetensors"), changed)
            rows.append(row)
    write_rows(MERGED / "merged.json", rows)
