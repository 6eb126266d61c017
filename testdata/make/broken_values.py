"""Factors with NaN, infinity, values that overflow when served, and deltas of nothing — in every float dtype."""

import json

import torch

from broken import Case
from broken_adapters import Q0, Q1, A, B, lora, trained
from files import frame

# Width in bytes, the code of a harmless value near 0.01, and the codes that are no number: (NaN ..., infinity ...).
CODES = {
    "F16": (2, 0x211F, (0x7E00, 0x7C01, 0xFFFF), (0x7C00, 0xFC00)),
    "BF16": (2, 0x3C24, (0x7FC0, 0x7F81, 0xFFFF), (0x7F80, 0xFF80)),
    "F32": (4, 0x3C23D70A, (0x7FC00000, 0x7F800001, 0xFFFFFFFF), (0x7F800000, 0xFF800000)),
    "F64": (8, 0x3F847AE147AE147B, (0x7FF8000000000000, 0x7FF0000000000001), (0x7FF0000000000000, 0xFFF0000000000000)),
    "F8_E4M3": (1, 0x05, (0x7F, 0xFF), ()),
    "F8_E5M2": (1, 0x21, (0x7D, 0x7E, 0xFF), (0x7C, 0xFC)),
    "F8_E8M0": (1, 0x78, (0xFF,), ()),
    "F8_E4M3FNUZ": (1, 0x0D, (0x80,), ()),
    "F8_E5M2FNUZ": (1, 0x25, (0x80,), ()),
}
TORCH = {
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F32": torch.float32,
    "F64": torch.float64,
    "F8_E4M3": torch.float8_e4m3fn,
    "F8_E5M2": torch.float8_e5m2,
    "F8_E8M0": torch.float8_e8m0fnu,
    "F8_E4M3FNUZ": torch.float8_e4m3fnuz,
    "F8_E5M2FNUZ": torch.float8_e5m2fnuz,
}
SHAPES = {Q0 + A: [2, 16], Q0 + B: [24, 2], Q1 + A: [2, 16], Q1 + B: [24, 2]}
PLACE = 37  # index in the last B of the code that matters


def written(dtype, code=None, of=None):
    """An adapter of two q_proj modules in `dtype` by its bit patterns; `of` gives whole tensors another code."""
    width, harmless, *_ = CODES[dtype]
    header, data = {"__metadata__": {"format": "pt"}}, b""
    for name, (rows, columns) in SHAPES.items():
        codes = [(of or {}).get(name, harmless)] * (rows * columns)
        if code is not None and name == Q1 + B:
            codes[PLACE] = code
        piece = b"".join(code.to_bytes(width, "little") for code in codes)
        header[name] = {"dtype": dtype, "shape": [rows, columns], "data_offsets": [len(data), len(data) + len(piece)]}
        data += piece
    text = json.dumps(header, separators=(",", ":"))
    return frame(text + " " * (-len(text) % 8), data)


def value(dtype, code):
    width = CODES[dtype][0]
    return torch.tensor(list(code.to_bytes(width, "little")), dtype=torch.uint8).view(TORCH[dtype]).float().item()


def case(name, rules, note, file, alpha=2, **more):
    return Case(
        name, rules, note, weights=lambda _: file, config={"target_modules": ["q_proj"], "lora_alpha": alpha}, **more
    )


def code_of(number, dtype):
    """The bit pattern of a number in `dtype`."""
    raw = torch.tensor([number], dtype=TORCH[dtype]).view(torch.uint8).tolist()
    return int.from_bytes(bytes(raw), "little")


OVERFLOWS = [
    # dtype in the file, value, lora_alpha (r is 2), serving dtype, whether it overflows there, note
    ("F32", 1e5, 2, "f16", True, "100,000 in float32 is infinite in float16."),
    ("BF16", 1e5, 2, "f16", True, "100,000 in bfloat16 is infinite in float16."),
    ("F32", 40000.0, 4, "f16", True, "40,000 fits float16, twice that does not: the scale is folded into B."),
    ("F32", 40000.0, 2, "f16", False, "40,000 at scale 1 fits float16."),
    ("F32", 65519.0, 2, "f16", False, "The last integer that rounds to 65,504."),
    ("F32", 65520.0, 2, "f16", True, "The first integer that rounds to infinity in float16."),
    ("F32", 3.4e38, 2, "bf16", True, "Finite in float32, beyond bfloat16's 3.39e38."),
    ("F64", 1e39, 2, "f32", True, "Finite in float64, infinite in float32."),
    ("F64", 1e39, 2, "bf16", True, "Finite in float64, infinite in bfloat16."),
    ("F8_E5M2", 57344.0, 4, "f16", True, "The largest FP8 E5M2 number, doubled by the scale."),
]


def overflows():
    for number, (dtype, magnitude, alpha, serving, overflow, note) in enumerate(OVERFLOWS, 1):
        yield case(
            f"value-range-{number:02}-{dtype.lower()}-{serving}",
            ["value-overflow"] if overflow else [],
            note,
            written(dtype, code_of(magnitude, dtype)),
            alpha,
            serving_dtype=serving,
        )


def zeros():
    yield Case(
        "value-untrained",
        ["value-zero-delta"],
        "Exported before the first step: every B is zero.",
        severity="warning",
        build=trained(lora(), move=False),
    )
    for dtype in ("F16", "BF16", "F64", "F8_E4M3", "F8_E5M2"):
        yield case(
            f"value-zero-{dtype.lower()}",
            ["value-zero-delta"],
            f"Every B is zero, in {dtype}.",
            written(dtype, of={Q0 + B: 0, Q1 + B: 0}),
            severity="warning",
        )
    yield case(
        "value-zero-negative",
        ["value-zero-delta"],
        "Every B is minus zero.",
        written("F32", of={Q0 + B: 0x80000000, Q1 + B: 0x80000000}),
        severity="warning",
    )
    yield case(
        "value-zero-a",
        ["value-zero-delta"],
        "Every A is zero.",
        written("F32", of={Q0 + A: 0, Q1 + A: 0}),
        severity="warning",
    )
    yield case(
        "value-zero-mixed",
        ["value-zero-delta"],
        "A zero in one module, B in the other: still no delta at all.",
        written("F32", of={Q0 + A: 0, Q1 + B: 0}),
        severity="warning",
    )
    yield case(
        "value-zero-module",
        ["value-zero-module"],
        "One module of two does nothing.",
        written("BF16", of={Q1 + B: 0}),
        severity="note",
    )


def cases():
    for dtype, (_, harmless, nans, infinities) in CODES.items():
        assert 0.005 < value(dtype, harmless) < 0.02, dtype
        for word, codes in (("nan", nans), ("inf", infinities)):
            for code in codes:
                number = value(dtype, code)
                assert (number != number) if word == "nan" else abs(number) == float("inf"), (dtype, hex(code))
                name = f"value-{word}-{dtype.lower().replace('_', '-')}-{code:x}"
                note = f"{dtype} code 0x{code:X} at index {PLACE} of the last B."
                yield case(name, ["value-" + word], note, written(dtype, code))
        yield case(f"value-good-{dtype.lower().replace('_', '-')}", [], f"Ordinary values in {dtype}.", written(dtype))
    yield from overflows()
    yield from zeros()
