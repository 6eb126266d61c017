"""Where the fixtures lie, and how they are written so that a second run gives the same bytes."""

import json
import pathlib
import shutil
import zlib

import torch
from safetensors.torch import load_file, save_file

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODELS, ADAPTERS, MERGED = ROOT / "models", ROOT / "adapters", ROOT / "merged"
BROKEN, HEADERS, BASES = ROOT / "broken", ROOT / "headers", ROOT / "bases"


def seed(name):
    """Seeds torch from the name of a fixture, so that adding one never changes another."""
    torch.manual_seed(zlib.crc32(name.encode()))


def fresh(folder):
    """An empty folder at this path."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def write_json(path, value, indent=2):
    path.write_text(json.dumps(value, indent=indent, ensure_ascii=False) + "\n")


def write_rows(path, rows):
    """A JSON array with one row a line: short to read, and small in a diff."""
    lines = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    path.write_text(f"[\n{lines}\n]\n")


def read_json(path):
    return json.loads(path.read_text())


def write_tensors(path, tensors, **metadata):
    """One metadata key at most: the safetensors writer orders several at random."""
    metadata = metadata or {"format": "pt"}
    assert len(metadata) == 1
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, metadata)
    path.chmod(0o644)


def frame(header, data=b"", length=None):
    """A safetensors file from any header text, right or wrong: 8 bytes of length, the header, the data."""
    header = header.encode() if isinstance(header, str) else header
    return (len(header) if length is None else length).to_bytes(8, "little") + header + data


def unframe(file):
    """Header text and data of a good file."""
    length = int.from_bytes(file[:8], "little")
    return file[8 : 8 + length].decode(), file[8 + length :]


def read_model(folder):
    """Every tensor of a checkpoint folder under its name on disk."""
    tensors = {}
    for path in sorted(folder.glob("model*.safetensors")):
        tensors |= load_file(path)
    return tensors
