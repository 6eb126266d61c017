"""Files that are no safetensors, headers that the format refuses or only tolerates, damaged compression."""

import io
import json
import pickle

import torch
import zstandard

from adapter_table import seekable
from broken import CONFIG, NANO, WEIGHTS, Case
from files import frame, unframe

ZST = WEIGHTS + ".zst"
FIRST = '"base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"'
SECOND = FIRST.replace("lora_A", "lora_B")


def torch_zip():
    buffer = io.BytesIO()
    torch.save({"lora_A": torch.zeros(2)}, buffer)
    return buffer.getvalue()


def gguf():
    return b"GGUF" + (3).to_bytes(4, "little") + bytes(16)


OTHER_KINDS = {
    "pickle-zip": ("A PyTorch zip archive under the wrong name.", torch_zip()),
    "pickle": ("A bare pickle.", pickle.dumps({"lora_A": [0.0] * 8}, protocol=2)),
    "gguf": ("A GGUF file without tensors.", gguf()),
    "html": ("The error page of a download.", b"<!DOCTYPE html>\n<html><head><title>404</title></head></html>\n"),
    "lfs-pointer": (
        "A Git LFS pointer that was never smudged.",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"0123456789abcdef" * 4 + b"\nsize 1664\n",
    ),
    "json": ("JSON text without the length in front.", b'{"weights": [1, 2, 3], "format": "none"}\n'),
    "zstd": (
        "Compressed, but named as if it were not.",
        zstandard.ZstdCompressor().compress((NANO / WEIGHTS).read_bytes()),
    ),
    "gzip": ("A gzip stream.", b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\x03\x00" + bytes(8)),
}


def edit_header(change):
    """Changes the header as a parsed object, everything else kept."""

    def apply(file):
        header, data = unframe(file)
        return frame(json.dumps(change(json.loads(header)) or {}, separators=(",", ":")), data)

    return apply


def edit_text(old, new):
    """Replaces text in the header; the length in front follows."""

    def apply(file):
        header, data = unframe(file)
        assert old in header
        return frame(header.replace(old, new, 1), data)

    return apply


def first(entry):
    """Replaces fields of the first tensor's entry."""
    return edit_header(lambda header: header | {json.loads(FIRST): header[json.loads(FIRST)] | entry})


def moved(begin, end):
    """Shifts the second tensor's offsets."""

    def change(header):
        offsets = header[json.loads(SECOND)]["data_offsets"]
        offsets[0] += begin
        offsets[1] += end
        return header

    return edit_header(change)


def reversed_order(header):
    return dict(reversed(header.items()))


HEADER_INVALID = {
    "truncated": ("Data cut by 3 bytes.", lambda file: file[:-3]),
    "truncated-header": ("Cut in the middle of the header.", lambda file: file[:100]),
    "trailing": ("5 bytes too many at the end.", lambda file: file + b"\x00junk"),
    "too-short": ("5 bytes in all.", lambda file: file[:5]),
    "length-zero": ("A header of length 0.", lambda file: bytes(8) + file[8:]),
    "length-huge": (
        "A header length of 2^63 + 60.",
        lambda file: frame(unframe(file)[0], unframe(file)[1], 2**63 + 60),
    ),
    "length-max": ("A header length of 2^64 - 1.", lambda file: frame(unframe(file)[0], unframe(file)[1], 2**64 - 1)),
    "hole": ("Four bytes between two tensors belong to none.", moved(4, 4)),
    "overlap": ("Two tensors share bytes.", moved(-4, -4)),
    "reversed-offsets": ("A tensor ends before it begins.", first({"data_offsets": [128, 0]})),
    "wrong-size": ("Shape × dtype is not the byte range.", first({"shape": [2, 17]})),
    "overflow": ("The element count does not fit 64 bits.", first({"shape": [2**33, 2**33]})),
    "negative-shape": ("A negative dimension.", first({"shape": [-2, 16]})),
    "float-shape": ("A dimension written as 2.0.", first({"shape": [2.0, 16]})),
    "unknown-dtype": ("dtype F31.", first({"dtype": "F31"})),
    "lowercase-dtype": ("dtype f32.", first({"dtype": "f32"})),
    "three-offsets": ("Three numbers in data_offsets.", first({"data_offsets": [0, 128, 256]})),
    "metadata-number": ("A number among the metadata.", edit_text('"format":"pt"', '"format":1')),
    "nul-padding": (
        "Padded with NUL instead of spaces.",
        lambda file: frame(unframe(file)[0].rstrip() + "\0" * 8, unframe(file)[1]),
    ),
    "not-utf8": (
        "A header with a byte that is no UTF-8.",
        lambda file: frame(unframe(file)[0].encode().replace(b"q_proj", b"q_\xffroj", 1), unframe(file)[1]),
    ),
    "deep": ("5,000 brackets deep.", lambda file: frame('{"a":' + "[" * 5000)),
    "two-problems": (
        "An unknown dtype in one tensor and a wrong size in the next: both must be told.",
        lambda file: first({"dtype": "F31"})(
            edit_header(lambda header: header | {json.loads(SECOND): header[json.loads(SECOND)] | {"shape": [5, 5]}})(
                file
            )
        ),
    ),
}


def duplicated(name):
    """The first tensor's entry a second time under another spelling of its name."""

    def apply(file):
        header, data = unframe(file)
        entry = json.dumps(json.loads(header)[json.loads(FIRST)], separators=(",", ":"))
        return frame(header.rstrip()[:-1] + f",{name}:{entry}}}", data)

    return apply


DUPLICATES = {
    "tensor": ("One tensor named twice; the reference silently takes the last.", duplicated(FIRST)),
    "escaped": ("The same name, once spelled with an escape.", duplicated(FIRST.replace("base", "\\u0062ase"))),
    "metadata": ("One metadata key twice.", edit_text('{"format":"pt"}', '{"format":"pt","format":"np"}')),
}

UNUSUAL = {
    "leading-space": (
        "White space before the first brace.",
        lambda file: frame("  \n" + unframe(file)[0], unframe(file)[1]),
    ),
    "tab-padding": ("Padded with tabs.", lambda file: frame(unframe(file)[0] + "\t" * 8, unframe(file)[1])),
    "null-metadata": ("__metadata__ is null.", edit_text('{"format":"pt"}', "null")),
    "extra-field": ("A field in a tensor entry that the format does not have.", first({"strides": [16, 1]})),
    "array-entry": (
        "An entry as an array, which only the reference takes.",
        edit_header(lambda header: header | {json.loads(FIRST): list(header[json.loads(FIRST)].values())}),
    ),
    "unaligned": (
        "A header length that is no multiple of 8.",
        lambda file: frame(unframe(file)[0] + " ", unframe(file)[1]),
    ),
    "order": ("Entries not in the order of their data.", edit_header(reversed_order)),
}


def compressed(change):
    """The weights as one zstd frame with size and checksum, then damaged."""
    data = (NANO / WEIGHTS).read_bytes()
    return {ZST: change(zstandard.ZstdCompressor(write_checksum=True).compress(data), data)}


def wrong_size(packed, data):
    """Adds one to the content size in the frame header: two bytes, less 256, after magic and descriptor."""
    assert packed[4] & 0xE0 == 0x60
    size = int.from_bytes(packed[5:7], "little") + 1
    assert size + 255 == len(data)
    return packed[:5] + size.to_bytes(2, "little") + packed[7:]


def bomb(packed, data):
    """64 MiB of zeros behind a whole file of 2 KB."""
    return zstandard.ZstdCompressor(level=19).compress(data + bytes(64 << 20))


def flipped(packed, at):
    return packed[:at] + bytes([packed[at] ^ 0x55]) + packed[at + 1 :]


COMPRESSED = {
    "truncated": ("The frame ends early.", lambda packed, data: packed[:-40]),
    "checksum": ("The content checksum is wrong.", lambda packed, data: flipped(packed, len(packed) - 1)),
    "flipped": ("One byte inside the frame changed.", lambda packed, data: flipped(packed, len(packed) // 2)),
    "size": ("The frame declares one byte more than it holds.", wrong_size),
    "trailing": ("Bytes after the frame that are no frame.", lambda packed, data: packed + b"not a frame"),
    "plain": ("Not compressed at all.", lambda packed, data: data),
    # An empty file is an empty file, whatever its name promises.
    "empty": ("Nothing in the file.", lambda packed, data: b""),
    "seek-table": (
        "A seek table whose sizes do not add up.",
        lambda packed, data: flipped(seekable(data, 1024), len(seekable(data, 1024)) - 13),
    ),
    "bomb": ("Expands to 64 MiB although its header declares 2 KB.", bomb),
}


def folder_for_weights(folder):
    (folder / CONFIG).write_bytes((NANO / CONFIG).read_bytes())
    (folder / WEIGHTS).mkdir()
    (folder / WEIGHTS / "part-0").write_bytes(b"\0")


def cases():
    yield Case("file-empty", ["file-unreadable"], "No byte in the weights file.", weights=lambda file: b"")
    yield Case("file-absent", ["file-unreadable"], "A config and no weights.", without=(WEIGHTS,))
    yield Case("file-folder", ["file-unreadable"], "A folder where the weights should be.", build=folder_for_weights)
    for name, (note, data) in OTHER_KINDS.items():
        yield Case("file-" + name, ["file-not-safetensors"], note, weights=lambda file, data=data: data)
    yield Case(
        "pickle-weights",
        ["pickle-weights"],
        "Only adapter_model.bin: named, never opened.",
        without=(WEIGHTS,),
        files={"adapter_model.bin": torch_zip()},
    )
    yield Case(
        "pickle-beside",
        ["pickle-weights"],
        "adapter_model.bin beside good weights.",
        severity="warning",
        files={"adapter_model.bin": torch_zip()},
    )
    for name, (note, change) in HEADER_INVALID.items():
        yield Case("header-" + name, ["header-invalid"], note, weights=change)
    for name, (note, change) in DUPLICATES.items():
        yield Case("header-duplicate-" + name, ["header-duplicate-key"], note, weights=change, may=("header-invalid",))
    for name, (note, change) in UNUSUAL.items():
        yield Case("header-unusual-" + name, ["header-unusual"], note, severity="warning", weights=change)
    for name, (note, change) in COMPRESSED.items():
        yield Case(
            "compressed-" + name,
            ["file-unreadable" if name == "empty" else "compressed-corrupt"],
            note,
            without=(WEIGHTS,),
            files=compressed(change),
            may=("file-unreadable", "header-invalid"),
        )
