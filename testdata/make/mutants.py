"""Thousands of small files around the header format with the verdict of the safetensors package.

Good headers in every spelling that the package might take, most of them then damaged with knowledge of their
structure, and the inputs that coverage-guided fuzzing kept (`fuzz/corpus/header.json`). A row holds the file without
the zeros at its end, their number, and what the package said; `duplicate` marks files that it takes although two names
are equal.
"""

import base64
import json
import pathlib
import random
import re
import tempfile

from files import ROOT, frame, read_json
from header_cases import BITS, DTYPES
from headers import has_duplicate, verdict

FUZZ = ROOT / "fuzz"
COUNT = 2400

NUMBERS = """0 -0 1 -1 2 3 4 7 8 9 16 24 255 256 4294967295 4294967296 9223372036854775807 9223372036854775808
18446744073709551615 18446744073709551616 2305843009213693951 4611686018427387904 1e0 1E2 0.0 1.5 01 00 1. .1 - +1 1e
NaN Infinity -Infinity""".split()
STRINGS = ["", "é", "層", "__metadata__", "\\u0061", "\\u0000", "\\ud83e\\udd99", "\\ud800", "\\/", "\\x", "a/b", "\x7f", "dtype", "F32"]
VALUES = ["null", "true", "[]", "{}", '""', "0", "[0,4]", '{"F32":null}', '["F32",[1],[0,4]]', '"F32"']
FIELDS = ["dtype", "shape", "data_offsets", "more", "Dtype"]
BLANKS = [" ", "\t", "\n", "\r", "  ", "\v", "\f", "\xa0", "\ufeff", "\0", "//x\n"]
TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|-?[0-9][0-9.eE+-]*|[A-Za-z]+|[\[\]{}:,]|[^\S]+|.', re.S)


def bits(dtype):
    return BITS.get(dtype) or (int(re.search(r"\d+", dtype.split("_")[0]).group()) if dtype[:2] != "F6" else 6)


def good(source):
    """A header that follows the rules, in one of many spellings, and the number of its data bytes."""
    entries, edge = [], 0
    for number in range(source.choice((0, 1, 1, 2, 2, 3, 5))):
        dtype = source.choice(DTYPES)
        shape = [source.choice((0, 1, 1, 2, 3, 4, 8)) for _ in range(source.choice((0, 1, 1, 2, 2, 3, 9)))]
        size = bits(dtype)
        for dimension in shape:
            size *= dimension
        if size % 8 or size > 8192:
            dtype, shape, size = "U8", [8], 64
        fields = {"dtype": f'"{dtype}"', "shape": shape, "data_offsets": [edge, edge + size // 8]}
        edge += size // 8
        name = source.choice(("a", "b.lora_A.weight", "é", "x\\u0079", "", "層", "model.layers.0.w")) + str(number)
        names = list(fields)
        if source.random() < 0.3:
            source.shuffle(names)
        blank = source.choice(("", "", "", " ", "\n\t"))
        text = lambda value: str(value).replace(" ", blank)
        if source.random() < 0.06:
            entry = "[" + ",".join(text(fields[field]) for field in fields) + "]"
        else:
            members = [f'"{field}":{blank}{text(fields[field])}' for field in names]
            if source.random() < 0.06:
                members.append('"more":[1,{"x":null}]')
            entry = "{" + ",".join(members) + "}"
        entries.append(f'"{name}":{entry}')
    if source.random() < 0.2:
        source.shuffle(entries)
    if source.random() < 0.5:
        metadata = source.choice(('{"format":"pt"}', "{}", "null", '{"a":"b","c":"é\\n"}'))
        entries.insert(0 if source.random() < 0.8 else len(entries), f'"__metadata__":{metadata}')
    text = "{" + ",".join(entries) + "}"
    return text + " " * source.choice((0, 0, -len(text) % 8)), edge


def damage(text, source):
    """One change of one token, or of a run of them."""
    tokens = TOKEN.findall(text)
    if not tokens:
        return text
    at = source.randrange(len(tokens))
    end = min(len(tokens), at + source.choice((1, 1, 2, 3, 4, 6, 22)))
    what = source.randrange(10)
    numbers = [index for index, token in enumerate(tokens) if token[0] in "-0123456789"]
    strings = [index for index, token in enumerate(tokens) if token[0] == '"']
    if what < 3 and numbers:
        place = source.choice(numbers)
        if source.random() < 0.4 and tokens[place].isdigit():
            tokens[place] = str(max(0, int(tokens[place]) + source.choice((-1, 1, 4, 8))))
        else:
            tokens[place] = source.choice(NUMBERS)
    elif what == 3 and strings:
        tokens[source.choice(strings)] = f'"{source.choice(STRINGS + DTYPES + FIELDS)}"'
    elif what == 4:
        tokens[at:at] = tokens[at:end] if source.random() < 0.5 else [",", *tokens[at:end]]
    elif what == 5:
        del tokens[at:end]
    elif what == 6:
        tokens[at] = source.choice(VALUES)
    elif what == 7:
        tokens.insert(at, source.choice(BLANKS))
    elif what == 8 and strings:
        tokens[source.choice(strings)] = tokens[source.choice(strings)]
    else:
        other = source.randrange(len(tokens))
        tokens[at], tokens[other] = tokens[other], tokens[at]
    return "".join(tokens)


def mutants():
    source = random.Random(7)
    for _ in range(COUNT):
        text, size = good(source)
        for _ in range(source.choice((0, 1, 1, 1, 2, 3))):
            text = damage(text, source)
        header = text.encode()
        if source.random() < 0.05:
            header = bytes(byte ^ (source.random() < 0.01) << source.randrange(8) for byte in header)
        lie = source.choice((-1, 1, 8, -8, 2**32, 2**63)) if source.random() < 0.03 else 0
        size += source.choice((-1, 1, 4)) if source.random() < 0.03 else 0
        yield frame(header, bytes(max(size, 0)), (len(header) + lie) % 2**64)


# Files that one reader or the other once got wrong.
REGRESSIONS = [
    frame(
        '{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},'
        '"__metadata__":{"dtype":"BF16","shape":[4],"data_offsets":[4,12]}}',
        bytes(12),
    ),
    frame('{"__metadata__":{"dtype":"U8"},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}', bytes(1)),
]


def make():
    found = FUZZ / "corpus" / "header.json"
    kept = [base64.b64decode(text) for text in read_json(found)] if found.exists() else []
    lines = []
    with tempfile.TemporaryDirectory() as scratch:
        for file in [*mutants(), *REGRESSIONS, *kept]:
            said = verdict(file, pathlib.Path(scratch))
            row = {"file": base64.b64encode(file.rstrip(b"\0")).decode(), "zeros": len(file) - len(file.rstrip(b"\0"))}
            row["accepted"] = said["accepted"]
            if said["accepted"]:
                if has_duplicate(file):
                    row["duplicate"] = True
                row["tensors"] = {name: f"{dtype} {shape}" for name, (dtype, shape) in sorted(said["tensors"].items())}
            lines.append(json.dumps(row, ensure_ascii=False, separators=(",", ":")))
    FUZZ.mkdir(exist_ok=True)
    (FUZZ / "headers.jsonl").write_text("\n".join(lines) + "\n")
