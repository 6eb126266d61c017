"""Header byte strings with the verdict of the safetensors package: one row per rule and oddity, then random damage.

A row carries the complete file as `base64`, or as `parts` to be joined ({"base64", "times"}) where it is mostly
repetition. `accepted` and `error` are what the package said; `duplicate` marks files that it takes although two names
in the header or in its metadata are equal; `tensors` is what it found.
"""

import base64
import json
import pathlib
import random
import re
import tempfile

from safetensors import safe_open

from files import HEADERS, frame, fresh, write_rows
from header_cases import GOOD, GROUPS, one, tensor


def framing():
    yield "empty", b"", "no byte"
    yield "seven-bytes", bytes(7), "shorter than the length field"
    yield "length-zero", bytes(8), "a header of length 0"
    yield "length-zero-more", bytes(16), "a header of length 0, then bytes"
    yield "length-60-alone", (60).to_bytes(8, "little"), "nothing follows"
    yield "length-beyond", frame(GOOD, bytes(11), 1000), "the header would pass the end of the file"
    yield "length-one-beyond", frame(one(), b"", len(one()) + 1), "by one byte"
    yield "header-halved", frame(GOOD, bytes(11))[:70], "cut in the header"
    for name, length in (
        ("top-bytes", 0xFFFFFF000000003C),
        ("2-63", 2**63),
        ("2-63-minus-1", 2**63 - 1),
        ("2-64-minus-1", 2**64 - 1),
        ("2-64-minus-8", 2**64 - 8),
        ("limit-plus-1", 100_000_001),
        ("limit", 100_000_000),
    ):
        yield "length-" + name, frame(GOOD, bytes(11), length), f"a header length of {length}"
    yield (
        "length-byte-swapped",
        len(one()).to_bytes(8, "big") + one().encode() + bytes(4),
        "the length in big-endian order",
    )
    yield "good", frame(GOOD, bytes(11)), "an ordinary file"
    yield "good-padded", frame(GOOD + " " * 5, bytes(11)), "padded with spaces"
    yield "trailing-text", frame(one(), bytes(4) + b"junk"), "trailing bytes"
    yield "trailing-one", frame(one(), bytes(5)), "one trailing byte"
    yield "trailing-zip", frame(one(), bytes(4) + b"PK\5\6" + bytes(18)), "an empty zip archive appended"
    yield "short-by-one", frame(one(), bytes(3)), "data short by one byte"
    yield "short-by-two", frame(one(), bytes(2)), "data short by two bytes"
    yield "no-tensors-trailing", frame("{}", bytes(4)), "no tensor, but data"
    yield "lying-range", frame(one("F32", "[1024,1024]", "[0,4194304]"), bytes(1)), "4 MiB declared, one byte present"


def repeated():
    """Files that are mostly repetition, as parts."""

    def parts(before, middle, times, after, data=b""):
        length = len(before) + len(middle) * times + len(after)
        return [(length.to_bytes(8, "little") + before, 1), (middle, times), (after + data, 1)]

    start = one()[:-2].encode()
    yield "deep-100000", parts(start + b',"x":', b"[", 100_000, b""), "100,000 brackets deep"
    yield "deep-100000-objects", parts(start + b',"x":', b'{"y":', 100_000, b""), "100,000 objects deep"
    yield (
        "rank-100000",
        parts(b'{"a":{"dtype":"F32","shape":[1', b",1", 99_999, b'],"data_offsets":[0,4]}}', bytes(4)),
        "100,000 dimensions",
    )
    yield "padding-1000000", parts(b"{}", b" ", 1_000_000, b""), "a million spaces of padding"
    yield (
        "name-1000000",
        parts(b'{"', b"n", 1_000_000, b'":' + tensor().encode() + b"}", bytes(4)),
        "a name of a million letters",
    )
    yield (
        "same-name-20000",
        parts(b"{", b'"a":' + tensor().encode() + b",", 20_000, b'"a":' + tensor().encode() + b"}", bytes(4)),
        "one name 20,001 times",
    )
    yield (
        "metadata-1000000",
        parts(b'{"__metadata__":{"k":"', b"v", 1_000_000, b'"}}'),
        "a metadata value of a million letters",
    )


def lengthen(file, by):
    """Moves the header length along, so that more than the framing is tried."""
    file[:8] = ((int.from_bytes(file[:8], "little") + by) % 2**64).to_bytes(8, "little")


def damaged(count=160):
    """Good files with one to three random changes, mostly in the header."""
    source = random.Random(20)
    scalar = (
        '{"s":{"dtype":"BF16","shape":[],"data_offsets":[0,2]},"t":{"dtype":"I64","shape":[1,1],"data_offsets":[2,10]}}'
    )
    bases = [
        frame(GOOD + " " * 3, bytes(11)),
        frame(scalar, bytes(10)),
        frame(one("F16", "[2,3]", "[0,12]", name="layer.0.w\\u0065ight"), bytes(12)),
    ]
    alphabet = b'{}[]",:\\ \t\n0123456789eE+-.autfnlrsb_F\x00\xff\xc3\xa9'
    for number in range(count):
        file = bytearray(source.choice(bases))
        for _ in range(source.choice((1, 1, 1, 2, 3))):
            at = source.randrange(len(file)) if source.random() < 0.15 else source.randrange(8, max(len(file) - 12, 9))
            what = source.randrange(6)
            if what == 0:
                file[at] ^= 1 << source.randrange(8)
            elif what == 1:
                file[at] = source.choice(alphabet)
            elif what == 2:
                del file[at]
                lengthen(file, -1)
            elif what == 3:
                file.insert(at, source.choice(alphabet))
                lengthen(file, 1)
            elif what == 4:
                digits = [index for index in range(8, len(file)) if 48 <= file[index] < 58]
                file[source.choice(digits)] = source.choice(b"0123456789")
            elif source.random() < 0.3:
                del file[at:]
                break
        yield f"random-{number:03}", bytes(file), "random damage"


def verdict(file, scratch):
    """Whether the package opens the file, its message when not, and the tensors it sees."""
    path = scratch / "case.safetensors"
    path.write_bytes(file)
    try:
        with safe_open(path, "numpy") as opened:
            slices = {name: opened.get_slice(name) for name in opened.keys()}
            return {
                "accepted": True,
                "error": None,
                "tensors": {name: [part.get_dtype(), part.get_shape()] for name, part in slices.items()},
            }
    except Exception as error:
        # The tensor an offset error names changes from run to run when several tie.
        return {
            "accepted": False,
            "error": re.sub("offset for tensor `.*`", "offset for a tensor", str(error), flags=re.S),
        }


def has_duplicate(file):
    """Whether two names in the header object, or in its metadata, are equal."""
    length = int.from_bytes(file[:8], "little")
    pairs = json.loads(file[8 : 8 + length], object_pairs_hook=list)
    lists = [pairs] + [value for name, value in pairs if name == "__metadata__" and value]
    return any(len({name for name, _ in one}) < len(one) for one in lists)


def rows():
    encode = lambda data: base64.b64encode(data).decode()
    with tempfile.TemporaryDirectory() as scratch:

        def row(name, note, file, stored):
            said = verdict(file, pathlib.Path(scratch))
            if said["accepted"]:
                said["duplicate"] = has_duplicate(file)
                if len(json.dumps(said["tensors"])) > 2000:
                    del said["tensors"]
            return {"name": name, "note": note, **stored, **said}

        for name, file, note in [*framing(), *damaged()]:
            yield row(name, note, file, {"base64": encode(file)})
        for group in GROUPS:
            for name, header, data, note in group():
                file = frame(header, bytes(data) if isinstance(data, int) else data)
                yield row(name, note, file, {"base64": encode(file)})
        for name, parts, note in repeated():
            file = b"".join(piece * times for piece, times in parts)
            yield row(
                name, note, file, {"parts": [{"base64": encode(piece), "times": times} for piece, times in parts]}
            )


def make():
    corpus = list(rows())
    assert len({row["name"] for row in corpus}) == len(corpus)
    write_rows(fresh(HEADERS) / "corpus.json", corpus)
