"""Damage to the quantised bases, as a list of operations on good ones: `quantised/broken.json`.

    python testdata/make/quantised_broken.py          writes the list, and applies every row to see that it can be

A row has a `base`, `operations`, and `says`: what a refusal must speak of, without regard to case. Where `says` is
empty nothing is wrong, and the merge gives what the base's own gives. Operations, in order:

    remove TENSOR             the tensor goes
    rename TENSOR to NAME
    resize TENSOR shape       its bytes are repeated or cut to fit the new shape
    retype TENSOR dtype shape the same bytes under another type
    poke TENSOR at hex        bytes are written over, from this offset in the tensor
    text TENSOR text          the tensor is a U8 vector of these characters
    config PATH value         a key of config.json, dots between levels; without `value` it goes
    metadata KEY value        a key of the header's __metadata__

Only what the merge reads as quantisation is damaged; the file stays a good safetensors file, which is checked.
"""

import json
import math
import pathlib
import re
import shutil
import tempfile

from safetensors import deserialize

from files import frame, read_json, unframe, write_json, write_rows
from quantised_models import QUANTISED

DOWN, UP, Q, EXPERTS = (
    "model.layers.0." + name for name in ("mlp.down_proj", "mlp.up_proj", "self_attn.q_proj", "mlp.experts.down_proj")
)
METHOD, FIRST = "quantization_config.quant_method", "quantization_config.config_groups.group_0.weights."


def remove(tensor):
    return {"do": "remove", "tensor": tensor}


def rename(tensor, to):
    return {"do": "rename", "tensor": tensor, "to": to}


def resize(tensor, *shape):
    return {"do": "resize", "tensor": tensor, "shape": list(shape)}


def retype(tensor, dtype, *shape):
    return {"do": "retype", "tensor": tensor, "dtype": dtype, "shape": list(shape)}


def poke(tensor, digits, at=0):
    return {"do": "poke", "tensor": tensor, "at": at, "hex": digits}


def text(tensor, content):
    return {"do": "text", "tensor": tensor, "text": content}


def config(path, *value):
    return {"do": "config", "path": path} | ({"value": value[0]} if value else {})


def metadata(key, value):
    return {"do": "metadata", "key": key, "value": value}


NF4 = DOWN + ".weight.quant_state.bitsandbytes__nf4"


def state(**changes):
    """The state of bnb-nf4's down_proj with some of it changed."""
    good = {"quant_type": "nf4", "blocksize": 64, "dtype": "bfloat16", "shape": [35, 53]}
    return text(NF4, json.dumps(good | changes))


CT_INT4 = read_json(QUANTISED / "ct-int4/base/config.json")["quantization_config"]

LINEARS = [
    "model.layers.0." + name
    for name in (
        *("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj", "self_attn.o_proj"),
        *("mlp.gate_proj", "mlp.up_proj", "mlp.down_proj"),
    )
]
GRIDS = ((2, 2), (1, 2), (1, 2), (1, 3), (2, 2), (2, 2), (1, 4))  # of blocks of 32 x 16 in the base's matrices
EXPONENTS = [(name + ".weight_scale_inv", "U8", *grid) for name, grid in zip(LINEARS, GRIDS)]

# name, base, what a message must speak of, operations
CASES = [
    ("bnb-without-state", "bnb-nf4", [DOWN, "quant_state"], remove(NF4)),
    ("bnb-bf16-storage-without-state", "bnb-nf4-bf16-storage", [DOWN, "quant_state"], remove(NF4)),
    ("bnb-without-absmax", "bnb-nf4", [DOWN, "absmax"], remove(DOWN + ".weight.absmax")),
    ("bnb-absmax-too-short", "bnb-nf4", [DOWN, "absmax"], resize(DOWN + ".weight.absmax", 28)),
    ("bnb-absmax-infinite", "bnb-nf4", [DOWN, "absmax"], poke(DOWN + ".weight.absmax", "0000807f")),
    ("bnb-without-map", "bnb-nf4", [DOWN, "quant_map"], remove(DOWN + ".weight.quant_map")),
    ("bnb-map-too-short", "bnb-nf4", [DOWN, "quant_map"], resize(DOWN + ".weight.quant_map", 15)),
    ("bnb-state-no-json", "bnb-nf4", [DOWN, "quant_state"], poke(NF4, "78")),
    ("bnb-state-block-of-zero", "bnb-nf4", [DOWN, "blocksize"], state(blocksize=0)),
    ("bnb-state-block-negative", "bnb-nf4", [DOWN, "blocksize"], state(blocksize=-64)),
    ("bnb-state-huge-shape", "bnb-nf4", [DOWN, "shape"], state(shape=[1 << 40, 1 << 40])),
    ("bnb-state-other-shape", "bnb-nf4", [DOWN, "shape"], state(shape=[35, 54])),
    ("bnb-state-three-dimensions", "bnb-nf4", [DOWN, "shape"], state(shape=[5, 7, 53])),
    ("bnb-state-unknown-type", "bnb-nf4", [DOWN, "int4"], state(quant_type="int4")),
    ("bnb-nested-without-scales", "bnb-nf4-nested", [DOWN, "nested_absmax"], remove(DOWN + ".weight.nested_absmax")),
    ("bnb-nested-too-few-scales", "bnb-nf4-nested", [DOWN, "nested_absmax"], resize(DOWN + ".weight.nested_absmax", 1)),
    (
        "bnb-nested-short-map",
        "bnb-nf4-nested",
        [DOWN, "nested_quant_map"],
        resize(DOWN + ".weight.nested_quant_map", 255),
    ),
    ("bnb-int8-columns-of-32", "bnb-int8", [DOWN, "weight_format"], poke(DOWN + ".weight_format", "01")),
    ("bnb-int8-without-scales", "bnb-int8", [DOWN, "SCB"], remove(DOWN + ".SCB")),
    ("bnb-int8-scales-too-few", "bnb-int8", [DOWN, "SCB"], resize(DOWN + ".SCB", 34)),
    ("fp8-grid-too-large", "fp8-block-ue8m0", [DOWN, "weight_scale_inv"], resize(DOWN + ".weight_scale_inv", 2, 4)),
    ("fp8-grid-too-small", "fp8-block-ue8m0", [DOWN, "weight_scale_inv"], resize(DOWN + ".weight_scale_inv", 1, 3)),
    ("fp8-grid-turned", "fp8-block-ue8m0", [DOWN, "weight_scale_inv"], resize(DOWN + ".weight_scale_inv", 4, 1)),
    (
        "fp8-other-block-size",
        "fp8-block-ue8m0",
        ["weight_block_size"],
        config("quantization_config.weight_block_size", [128, 128]),
    ),
    ("fp8-no-block-size", "fp8-block-ue8m0", ["weight_block_size"], config("quantization_config.weight_block_size")),
    (
        "fp8-block-of-zero",
        "fp8-block-ue8m0",
        ["weight_block_size"],
        config("quantization_config.weight_block_size", [0, 16]),
    ),
    (
        "fp8-huge-block",
        "fp8-block-ue8m0",
        ["weight_block_size"],
        config("quantization_config.weight_block_size", [1 << 63, 1 << 63]),
    ),
    (
        "fp8-block-no-list",
        "fp8-block-ue8m0",
        ["weight_block_size"],
        config("quantization_config.weight_block_size", "32x16"),
    ),
    ("fp8-without-scale", "fp8-block", [DOWN, "scale"], remove(DOWN + ".weight_scale_inv")),
    ("fp8-nan-code", "fp8-block", [DOWN, "NaN"], poke(DOWN + ".weight", "7f", 1000)),
    ("fp8-negative-nan-code", "ct-fp8-channel", [DOWN, "NaN"], poke(DOWN + ".weight", "ff", 1854)),
    ("fp8-exponent-nan", "fp8-block-ue8m0", [DOWN, "weight_scale_inv"], poke(DOWN + ".weight_scale_inv", "ff", 3)),
    ("fp8-scale-nan", "fp8-block", [DOWN, "weight_scale_inv"], poke(DOWN + ".weight_scale_inv", "0000c07f")),
    ("fp8-channel-scales-too-few", "ct-fp8-channel", [DOWN, "weight_scale"], resize(DOWN + ".weight_scale", 34, 1)),
    ("fp8-tensor-without-scale", "ct-fp8-tensor", [DOWN, "scale"], remove(DOWN + ".weight_scale")),
    ("modelopt-without-scale", "modelopt-fp8", [DOWN, "scale"], remove(DOWN + ".weight_scale")),
    ("modelopt-unknown-algorithm", "modelopt-fp8", ["FP3"], config("quantization_config.quant_algo", "FP3")),
    ("nvfp4-without-global-scale", "ct-nvfp4", [DOWN, "weight_global_scale"], remove(DOWN + ".weight_global_scale")),
    (
        "nvfp4-global-scale-zero",
        "ct-nvfp4",
        [DOWN, "weight_global_scale"],
        poke(DOWN + ".weight_global_scale", "00000000"),
    ),
    ("nvfp4-swizzled", "ct-nvfp4", [DOWN, "weight_scale"], resize(DOWN + ".weight_scale", 128, 4)),
    ("nvfp4-without-second-scale", "modelopt-nvfp4", [DOWN, "weight_scale_2"], remove(DOWN + ".weight_scale_2")),
    ("nvfp4-nan-scale", "modelopt-nvfp4", [DOWN, "weight_scale"], poke(DOWN + ".weight_scale", "7f")),
    ("ct-mxfp4-exponent-nan", "ct-mxfp4", [DOWN, "weight_scale"], poke(DOWN + ".weight_scale", "ff")),
    (
        "ct-unknown-format",
        "ct-int4",
        ["marlin-24"],
        config("quantization_config.format", "marlin-24"),
        config("quantization_config.config_groups.group_0.format", "marlin-24"),
    ),
    (
        "ct-sparse",
        "ct-int4",
        ["sparse"],
        config("quantization_config.sparsity_config", {"format": "sparse-24-bitmask"}),
    ),
    ("ct-odd-width", "ct-int4", [DOWN, "weight_packed"], resize(DOWN + ".weight_packed", 32, 7)),
    ("ct-shape-contradicts", "ct-int4", [DOWN, "weight_shape"], poke(DOWN + ".weight_shape", "41", 8)),
    ("ct-shape-negative", "ct-int4", [DOWN, "weight_shape"], poke(DOWN + ".weight_shape", "ffffffffffffffff")),
    ("ct-scales-turned", "ct-int4", [DOWN, "weight_scale"], resize(DOWN + ".weight_scale", 2, 32)),
    ("ct-without-zeros", "ct-int4-asymmetric", [DOWN, "weight_zero_point"], remove(DOWN + ".weight_zero_point")),
    ("ct-group-does-not-divide", "ct-int4", [DOWN, "group"], config(FIRST + "group_size", 24)),
    ("ct-group-of-zero", "ct-int4", ["group"], config(FIRST + "group_size", 0)),
    ("ct-bits-contradict", "ct-int4", [DOWN], config(FIRST + "num_bits", 8)),
    ("ct-group-out-of-range", "ct-int4-ordered", [DOWN, "g_idx"], poke(DOWN + ".weight_g_idx", "02000000")),
    ("ct-group-negative", "ct-int4-ordered", [DOWN, "g_idx"], poke(DOWN + ".weight_g_idx", "ffffffff")),
    (
        "gptq-v1-labelled-v2",
        "gptq",
        ["qzeros"],
        config("quantization_config.checkpoint_format", "gptq_v2"),
        config("quantization_config.format", "gptq_v2"),
    ),
    (
        "gptq-v2-labelled-v1",
        "gptq-v2",
        ["qzeros"],
        config("quantization_config.checkpoint_format", "gptq"),
        config("quantization_config.format", "gptq"),
    ),
    ("gptq-asymmetric-labelled-symmetric", "gptq-asymmetric", ["qzeros"], config("quantization_config.sym", True)),
    ("gptq-marlin", "gptq", ["marlin"], config("quantization_config.is_marlin_format", True)),
    (
        "gptq-marlin-format",
        "gptq",
        ["marlin"],
        config("quantization_config.checkpoint_format", "marlin"),
        config("quantization_config.format", "marlin"),
    ),
    ("gptq-five-bits", "gptq", ["5"], config("quantization_config.bits", 5)),
    ("gptq-bits-contradict", "gptq", [DOWN], config("quantization_config.bits", 8)),
    ("gptq-no-bits", "gptq-asymmetric", ["bits"], config("quantization_config.bits")),
    ("gptq-without-zeros", "gptq", [DOWN, "qzeros"], remove(DOWN + ".qzeros")),
    ("gptq-without-scales", "gptq", [DOWN, "scales"], remove(DOWN + ".scales")),
    ("gptq-group-out-of-range", "gptq-ordered", [DOWN, "g_idx"], poke(DOWN + ".g_idx", "02000000", 8)),
    ("gptq-group-negative", "gptq-ordered", [DOWN, "g_idx"], poke(DOWN + ".g_idx", "ffffffff", 8)),
    ("gptq-groups-too-few", "gptq-ordered", [DOWN, "g_idx"], resize(DOWN + ".g_idx", 63)),
    ("gptq-ordered-without-groups", "gptq-ordered", [DOWN, "g_idx"], remove(DOWN + ".g_idx")),
    (
        "gptq-group-does-not-divide",
        "gptq-without-groups",
        [DOWN, "group"],
        config("quantization_config.group_size", 24),
    ),
    ("gptq-without-config", "gptq-asymmetric", ["qweight"], config("quantization_config")),
    ("awq-gemv", "awq", ["gemv"], config("quantization_config.version", "gemv")),
    ("awq-gemv-fast", "awq", ["gemv_fast"], config("quantization_config.version", "gemv_fast")),
    ("awq-llm-awq", "awq", ["llm-awq"], config("quantization_config.version", "llm-awq")),
    ("awq-scales-too-few", "awq", [DOWN, "scales"], resize(DOWN + ".scales", 1, 32)),
    ("awq-zeros-too-wide", "awq", [DOWN, "qzeros"], resize(DOWN + ".qzeros", 2, 8)),
    ("mxfp4-without-scales", "mxfp4-gpt-oss", [EXPERTS, "scales"], remove(EXPERTS + "_scales")),
    ("mxfp4-exponent-nan", "mxfp4-gpt-oss", [EXPERTS, "scales"], poke(EXPERTS + "_scales", "ff", 5)),
    ("mxfp4-blocks-of-16", "mxfp4-gpt-oss", [EXPERTS, "blocks"], resize(EXPERTS + "_blocks", 2, 32, 2, 8)),
    ("mxfp4-scales-of-one-expert", "mxfp4-gpt-oss", [EXPERTS, "scales"], resize(EXPERTS + "_scales", 1, 32, 2)),
    ("hqq-nested", "hqq-4bit", [DOWN, "quant_scale"], poke(DOWN + ".quant_scale", "01")),
    ("hqq-five-bits", "hqq-4bit", [DOWN, "nbits"], poke(DOWN + ".nbits", "05")),
    ("hqq-shape-contradicts", "hqq-4bit", [DOWN, "shape"], poke(DOWN + ".shape", "21")),
    ("hqq-without-zeros", "hqq-4bit", [DOWN, "zero"], remove(DOWN + ".zero")),
    ("hqq-group-does-not-divide", "hqq-4bit", [DOWN, "group_size"], poke(DOWN + ".group_size", "30")),
    ("hqq-axis-two", "hqq-4bit", [DOWN, "axis"], poke(DOWN + ".axis", "02")),
    (
        "torchao-tile-packed",
        "torchao-int8",
        [DOWN, "Int4TilePackedTo4dTensor"],
        metadata(
            DOWN + ".weight",
            '{"_type": "Int4TilePackedTo4dTensor", "_data": {}, "_tensor_data_names": ["qdata", "scale"]}',
        ),
    ),
    ("torchao-metadata-no-json", "torchao-int8", [DOWN], metadata(DOWN + ".weight", "{")),
    ("torchao-without-scale", "torchao-float8", [DOWN, "scale"], remove(DOWN + "._weight_scale")),
    ("mlx-without-biases", "mlx-4bit", [DOWN, "biases"], remove(DOWN + ".biases")),
    (
        "mlx-unknown-mode",
        "mlx-4bit",
        ["spline"],
        config("quantization.mode", "spline"),
        config("quantization_config.mode", "spline"),
    ),
    (
        "mlx-group-does-not-divide",
        "mlx-4bit",
        [DOWN, "group"],
        config("quantization.group_size", 48),
        config("quantization_config.group_size", 48),
    ),
    (
        "eetq",
        "bnb-int8",
        ["eetq"],
        config("quantization_config", {"quant_method": "eetq", "weights": "int8"}),
        rename(DOWN + ".SCB", DOWN + ".weight_scales"),
        remove(DOWN + ".weight_format"),
    ),
    *(
        (name, "gptq", [name], config(METHOD, name))
        for name in "aqlm vptq higgs spqr quanto bitnet fp_quant quark sinq unheard-of".split()
    ),
    ("method-no-text", "gptq", ["quant_method"], config(METHOD, 4)),
    ("config-no-object", "gptq-asymmetric", ["quantization_config"], config("quantization_config", [])),
    ("bnb-absmax-of-integers", "bnb-nf4", [DOWN, "absmax"], retype(DOWN + ".weight.absmax", "I32", 29)),
    ("bnb-codes-cut-short", "bnb-nf4", [DOWN, "weight"], resize(DOWN + ".weight", 900, 1)),
    (
        "fp8-scales-of-integers",
        "fp8-block",
        [DOWN, "weight_scale_inv"],
        retype(DOWN + ".weight_scale_inv", "I32", 1, 2),
    ),
    ("fp8-scales-flat", "fp8-block", [DOWN, "weight_scale_inv"], retype(DOWN + ".weight_scale_inv", "F32", 2)),
    ("fp8-scales-without-weight", "fp8-block-ue8m0", [DOWN, "weight"], remove(DOWN + ".weight")),
    (
        "ct-block-contradicts",
        "ct-fp8-block",
        [DOWN, "weight_scale"],
        config(FIRST + "block_structure", [16, 16]),
    ),
    ("ct-codes-of-floats", "ct-int4", [DOWN, "weight_packed"], retype(DOWN + ".weight_packed", "F32", 32, 8)),
    ("gptq-codes-of-floats", "gptq", [DOWN, "qweight"], retype(DOWN + ".qweight", "F32", 8, 32)),
    ("gptq-group-of-zero", "gptq-without-groups", ["group"], config("quantization_config.group_size", 0)),
    ("gptq-zeros-too-few", "gptq-asymmetric", [DOWN, "qzeros"], resize(DOWN + ".qzeros", 2, 3)),
    ("hqq-huge-shape", "hqq-4bit", [DOWN, "shape"], poke(DOWN + ".shape", "ffffffffffffff7f")),
    ("mlx-no-bits", "mlx-4bit", ["bits"], config("quantization.bits", 0), config("quantization_config.bits", 0)),
    ("mlx-scales-too-few", "mlx-4bit", [DOWN, "scales"], resize(DOWN + ".scales", 32, 1)),
    (
        "experts-without-scales",
        "fp8-experts-stacked",
        [EXPERTS, "scale_inv"],
        remove(EXPERTS + "_scale_inv"),
    ),
    (
        "one-expert-without-scales",
        "fp8-experts",
        ["experts.1.down_proj", "scale"],
        remove("model.layers.0.mlp.experts.1.down_proj.weight_scale_inv"),
    ),
    # These are whole: they must merge to what their base merges to.
    ("gptq-config-beside", "gptq", [], config("quantization_config")),
    ("modelopt-config-beside", "modelopt-fp8", [], config("quantization_config")),
    ("ct-old-key", "ct-int4", [], config("compression_config", CT_INT4), config("quantization_config")),
    ("fp8-exponents-as-bytes", "fp8-block-ue8m0", [], *(retype(*row) for row in EXPONENTS)),
    ("fp8-scale-of-one-element", "modelopt-fp8", [], *(retype(name + ".weight_scale", "F32", 1) for name in LINEARS)),
    ("int8-without-format", "bnb-int8", [], remove(DOWN + ".weight_format")),
]


def apply_config(settings, operation):
    *path, last = operation["path"].split(".")
    for key in path:
        settings = settings[key]
    if "value" in operation:
        settings[last] = operation["value"]
    else:
        del settings[last]


def width(dtype):
    return int(re.search(r"\d+", dtype).group()) // 8 if dtype[0] != "F" or dtype[1:3] != "8_" else 1


def apply(operation, tensors, extra):
    """One operation on the tensors, by name: dtype, shape and bytes; `extra` is the header's metadata."""
    do = operation["do"]
    if do == "metadata":
        assert operation["key"] in extra, operation
        extra[operation["key"]] = operation["value"]
        return
    dtype, shape, data = tensors.pop(operation["tensor"])
    if do == "remove":
        return
    if do == "rename":
        tensors[operation["to"]] = dtype, shape, data
        return
    if do == "resize":
        shape = operation["shape"]
        size = math.prod(shape) * width(dtype)
        data = (data * (size // len(data) + 1))[:size]
    elif do == "retype":
        dtype, shape = operation["dtype"], operation["shape"]
        assert math.prod(shape) * width(dtype) == len(data), operation
    elif do == "poke":
        new, at = bytes.fromhex(operation["hex"]), operation["at"]
        assert at + len(new) <= len(data) and data[at : at + len(new)] != new, operation
        data = data[:at] + new + data[at + len(new) :]
    elif do == "text":
        dtype, data = "U8", operation["text"].encode()
        shape = [len(data)]
    tensors[operation["tensor"]] = dtype, shape, data


def damaged(path, operations):
    """The bytes of a weight file after the operations on tensors that it has."""
    header, data = unframe(path.read_bytes())
    header = json.loads(header)
    extra = header.pop("__metadata__")
    tensors = {
        name: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])]) for name, entry in header.items()
    }
    applied = 0
    for operation in operations:
        if operation.get("tensor") in tensors or operation["do"] == "metadata":
            apply(operation, tensors, extra)
            applied += 1
    entries, body = {"__metadata__": extra}, b""
    for name, (dtype, shape, content) in sorted(tensors.items(), key=lambda row: -width(row[1][0])):
        entries[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(body), len(body) + len(content)]}
        body += content
    text = json.dumps(entries, separators=(",", ":"))
    return frame(text + " " * (-len(text) % 8), body), applied


def write_damaged(row, folder):
    """The base of a row with its operations applied, as a folder."""
    shutil.copytree(QUANTISED / row["base"], folder)
    settings, applied = read_json(folder / "config.json"), 0
    for operation in row["operations"]:
        if operation["do"] == "config":
            apply_config(settings, operation)
            applied += 1
    write_json(folder / "config.json", settings)
    on_tensors = [operation for operation in row["operations"] if operation["do"] != "config"]
    for path in folder.glob("*.safetensors"):
        file, count = damaged(path, on_tensors)
        deserialize(file)
        path.write_bytes(file)
        applied += count
    assert applied == len(row["operations"]), (row["name"], applied)


def make():
    rows = [
        {"name": name, "base": base + "/base", "says": says, "operations": operations}
        for name, base, says, *operations in CASES
    ]
    assert len({row["name"] for row in rows}) == len(rows)
    with tempfile.TemporaryDirectory() as scratch:
        for row in rows:
            write_damaged(row, pathlib.Path(scratch) / row["name"])
    write_rows(QUANTISED / "broken.json", rows)
    print(len(rows), "broken bases")


if __name__ == "__main__":
    make()
