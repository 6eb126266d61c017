"""Header texts around every rule of the format: (name, header, data or its length, note)."""

GOOD = (
    '{"__metadata__":{"format":"pt"},"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},'
    '"b":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}}'
)
DTYPES = (
    "BOOL F4 F6_E2M3 F6_E3M2 U8 I8 F8_E5M2 F8_E4M3 F8_E8M0 F8_E4M3FNUZ F8_E5M2FNUZ I16 U16 F16 BF16 I32 U32 F32 "
    "C64 F64 I64 U64"
).split()
BITS = {"F4": 4, "F6_E2M3": 6, "F6_E3M2": 6, "C64": 64, "BOOL": 8, "BF16": 16}


def tensor(dtype="F32", shape="[1]", offsets="[0,4]", more=""):
    return f'{{"dtype":"{dtype}","shape":{shape},"data_offsets":{offsets}{more}}}'


def one(*fields, more="", name="a"):
    return f'{{"{name}":{tensor(*fields, more=more)}}}'


def text():
    yield "no-tensors", "{}", 0, "zero tensors"
    yield "no-tensors-padded", "{}      ", 0, "zero tensors, padded to 8"
    yield "byte-ff", b"\xff", 0, "not UTF-8"
    for name, raw in (
        ("overlong", b"\xc0\xaf"),
        ("surrogate", b"\xed\xa0\x80"),
        ("beyond", b"\xf4\x90\x80\x80"),
        ("cut", b"\xe2\x82"),
    ):
        yield "utf8-" + name, one().encode().replace(b'"a"', b'"' + raw + b'"'), 4, "bytes in a name that are no UTF-8"
    for name, character in (
        ("accent", "é"),
        ("cjk", "層"),
        ("emoji", "🦙"),
        ("bom-inside", "\ufeff"),
        ("del", "\x7f"),
        ("nel", "\u0085"),
    ):
        yield "name-" + name, one(name=character), 4, "a name beyond plain ASCII"
    for name, start in (
        ("brace", "{"),
        ("null", "null"),
        ("array", "[]"),
        ("string", '"a"'),
        ("number", "3"),
        ("space", "    "),
        ("word", "hello"),
        ("true", "true"),
    ):
        yield "top-" + name, start, 0, "not an object"
    yield "padded-any", "{}\r \t\n", 0, "padded with every JSON white space"
    yield "leading-padded", "\t\n{}\r ", 0, "white space in front"
    yield "leading-space", " " + one(), 4, "one space in front"
    for name, more in (
        ("nul", "\0\0"),
        ("letter", "x"),
        ("object", "{}"),
        ("vt", "\v"),
        ("nbsp", "\u00a0"),
        ("comma", ","),
    ):
        yield "after-" + name, "{}" + more, 0, "something after the object that is no white space"
    yield "bom", "\ufeff{}", 0, "a byte-order mark"
    yield "trailing-comma", one()[:-1] + ",}", 4, "a trailing comma"
    yield "trailing-comma-array", one("F32", "[1,]"), 4, "a trailing comma in an array"
    yield "missing-comma", GOOD.replace("},", "}", 1), 11, "a comma missing"
    yield "missing-colon", GOOD.replace(":", "", 1), 11, "a colon missing"
    yield "comment", one() + "//x", 4, "a comment"
    yield "comment-block", "{/*x*/}", 0, "a block comment"
    yield "single-quotes", one().replace('"', "'"), 4, "single quotes"
    yield "bare-key", "{a:" + tensor() + "}", 4, "a key without quotes"
    yield "spaced", GOOD.replace(":", " : ").replace(",", "\n, "), 11, "white space everywhere"
    yield "form-feed", "{\f}", 0, "a form feed is no JSON white space"
    yield "unclosed-string", '{"a', 0, "a string without end"
    yield "unclosed-object", GOOD[:-1], 11, "an object without end"
    yield "number-key", "{1:" + tensor() + "}", 4, "a number as key"


def names():
    for name, spelled in (
        ("empty", ""),
        ("nul", "\\u0000"),
        ("path", "../../x"),
        ("slash", "\\/"),
        ("newline", "\\n"),
        ("tab", "\\t"),
        ("quote", '\\"'),
        ("backslash", "\\\\"),
        ("pair", "\\ud83e\\udd99"),
        ("upper-hex", "\\u00E9"),
        ("escape", "\\u001b[31m"),
        ("dots", ".weight."),
        ("long", "n" * 300),
        ("metadata-like", "__metadata"),
    ):
        yield "name-" + name, one(name=spelled), 4, "an unusual name"
    for name, spelled in (
        ("lone-high", "\\ud800"),
        ("lone-low", "\\udc00"),
        ("swapped-pair", "\\udd99\\ud83e"),
        ("half-pair", "\\ud83ex"),
        ("bad-escape", "\\x41"),
        ("bad-hex", "\\u00g1"),
        ("short-hex", "\\u41"),
        ("raw-newline", "\n"),
        ("raw-nul", "\0"),
        ("raw-control", "\x1f"),
        ("end-in-escape", "\\"),
    ):
        yield "name-" + name, one(name=spelled), 4, "a string that JSON forbids"
    yield "name-like-metadata-tensor", one(name="__metadata__"), 4, "a tensor called __metadata__"


def structure():
    pair = '"dtype":"F32","shape":[1]'
    yield "duplicate-last-good", f'{{"a":{tensor("U8", "[4]")},"a":{tensor()}}}', 4, "one name twice; the last one wins"
    yield "duplicate-equal", f'{{"a":{tensor()},"a":{tensor()}}}', 4, "one entry twice"
    yield (
        "duplicate-both-needed",
        f'{{"a":{tensor()},"a":{tensor(offsets="[4,8]")}}}',
        8,
        "both are needed to cover the data",
    )
    yield "duplicate-escaped", f'{{"a":{tensor()},"\\u0061":{tensor()}}}', 4, "equal after unescaping"
    yield "duplicate-first-wrong", f'{{"a":{tensor("U8", "[9]")},"a":{tensor()}}}', 4, "the loser has the wrong size"
    yield "duplicate-far", f'{{"a":{tensor()},"b":{tensor("U8", "[1]", "[4,5]")},"a":{tensor()}}}', 5, "not neighbours"
    yield "duplicate-metadata-key", '{"__metadata__":{"k":"1","k":"2"}}', 0, "one metadata key twice"
    yield "duplicate-metadata-key-escaped", '{"__metadata__":{"k":"1","\\u006b":"2"}}', 0, "equal after unescaping"
    yield "duplicate-metadata", '{"__metadata__":{},"__metadata__":{}}', 0, "metadata twice"
    yield "duplicate-dtype", '{"a":{"dtype":"F32",' + pair + ',"data_offsets":[0,4]}}', 4, "dtype twice in one entry"
    yield "duplicate-offsets", one(more=',"data_offsets":[0,4]'), 4, "data_offsets twice in one entry"
    yield "duplicate-extra", one(more=',"x":1,"x":2'), 4, "an ignored field twice"
    yield "duplicate-extra-inner", one(more=',"x":{"y":1,"y":2}'), 4, "one name twice inside an ignored field"
    for name, value in (("number", "1"), ("null", "null"), ("object", "{}"), ("array", "[]"), ("true", "true")):
        yield "metadata-value-" + name, f'{{"__metadata__":{{"k":{value}}}}}', 0, "a metadata value that is no string"
    for name, value in (
        ("array", "[]"),
        ("string", '"x"'),
        ("number", "1"),
        ("null", "null"),
        ("empty", "{}"),
        ("pairs", '[["a","b"]]'),
    ):
        yield "metadata-" + name, f'{{"__metadata__":{value}}}', 0, "the metadata itself"
    yield "metadata-last", f'{{"a":{tensor()},"__metadata__":{{"k":"v"}}}}', 4, "metadata at the end"
    yield "metadata-escaped-key", '{"\\u005f_metadata__":{"k":"v"}}', 0, "its key written with an escape"
    yield "metadata-case", '{"__Metadata__":{"k":"v"}}', 0, "another case makes it a tensor"
    for name in ("dtype", "shape", "data_offsets"):
        fields = {"dtype": '"F32"', "shape": "[1]", "data_offsets": "[0,4]"}
        del fields[name]
        yield (
            "missing-" + name,
            '{"a":{' + ",".join(f'"{key}":{value}' for key, value in fields.items()) + "}}",
            4,
            "a field is missing",
        )
    for name, value in (("null", "null"), ("number", "4"), ("string", '"F32"'), ("empty", "{}"), ("empty-array", "[]")):
        yield "tensor-" + name, f'{{"a":{value}}}', 4, "an entry that is no entry"
    yield "tensor-array", '{"a":["F32",[1],[0,4]]}', 4, "an entry as an array"
    yield "tensor-array-long", '{"a":["F32",[1],[0,4],0]}', 4, "an entry as an array of four"
    yield "tensor-array-order", '{"a":[[1],"F32",[0,4]]}', 4, "an entry as an array in another order"
    yield "dtype-object", '{"a":{"dtype":{"F32":null},"shape":[1],"data_offsets":[0,4]}}', 4, "dtype as an object"
    yield "dtype-number", '{"a":{"dtype":17,"shape":[1],"data_offsets":[0,4]}}', 4, "dtype as a number"
    yield "dtype-null", '{"a":{"dtype":null,"shape":[1],"data_offsets":[0,4]}}', 4, "dtype null"
    yield "dtype-escaped", one("\\u0046\\u0033\\u0032"), 4, "dtype written with escapes"
    yield "field-escaped", one().replace("shape", "\\u0073hape"), 4, "a field's key written with an escape"
    yield "field-case", one().replace("shape", "Shape"), 4, "a field's key in another case"
    yield "field-order", '{"a":{"data_offsets":[0,4],"shape":[1],"dtype":"F32"}}', 4, "fields in another order"
    for name, value in (
        ("string", '"x"'),
        ("nested", '{"y":[1,{"z":null}]}'),
        ("float", "-1.5e-3"),
        ("huge-float", "1e308"),
        ("true", "true"),
        ("minus-zero", "-0"),
        ("big-integer", "9" * 40),
        ("tiny", "1e-999"),
    ):
        yield "extra-" + name, one(more=f',"x":{value}'), 4, "an ignored field"
    for name, value in (
        ("infinite", "1e400"),
        ("nan", "NaN"),
        ("infinity", "Infinity"),
        ("leading-zero", "01"),
        ("plus", "+1"),
        ("hex", "0x1"),
        ("no-fraction", "1."),
        ("no-integer", ".5"),
        ("no-exponent", "1e"),
        ("minus", "-"),
        ("word", "nul"),
        ("nothing", ""),
    ):
        yield "extra-" + name, one(more=f',"x":{value}'), 4, "an ignored field that is no JSON"


def numbers():
    bad = {
        "negative": "-1",
        "float": "1.0",
        "exponent": "1e0",
        "string": '"1"',
        "null": "null",
        "leading-zero": "01",
        "minus-zero": "-0",
        "beyond-64-bits": "18446744073709551616",
        "true": "true",
        "array": "[1]",
        "beyond-128-bits": "9" * 40,
    }
    for name, value in bad.items():
        yield "shape-" + name, one("F32", f"[{value}]"), 4, "a dimension that is no unsigned integer"
        yield "offset-" + name, one("F32", "[1]", f"[{value},4]"), 4, "an offset that is no unsigned integer"
    for name, value in (("null", "null"), ("number", "1"), ("string", '"1"'), ("object", "{}")):
        yield "shape-is-" + name, one("F32", value), 4, "a shape that is no array"
    for name, value in (
        ("one", "[0]"),
        ("three", "[0,4,8]"),
        ("none", "[]"),
        ("object", '{"0":0,"1":4}'),
        ("null", "null"),
    ):
        yield "offsets-" + name, one("F32", "[1]", value), 4, "data_offsets that are no pair"
    yield "scalar", one("I32", "[]"), 4, "a scalar"
    yield "rank-9", one("F32", "[1,1,1,1,1,1,1,1,1]"), 4, "nine dimensions"
    yield "rank-70", one("F32", "[" + ",".join("1" * 70) + "]"), 4, "more dimensions than NumPy has"
    yield "zero-dim", one("F32", "[2,0]", "[0,0]"), 0, "an empty tensor"
    yield (
        "zero-dim-huge-after",
        one("F32", "[0,9223372036854775808,4]", "[0,0]"),
        0,
        "zero first: the product stays zero",
    )
    yield (
        "zero-dim-huge-before",
        one("F32", "[9223372036854775808,4,0]", "[0,0]"),
        0,
        "zero last: the product overflows first",
    )
    yield "zero-dim-u64", one("U8", "[0,18446744073709551615]", "[0,0]"), 0, "the largest dimension that parses"
    yield "size-short", one("I32", "[2,2]"), 4, "fewer bytes than the shape needs"
    yield "size-long", one("F32", "[1]", "[0,8]"), 8, "more bytes than the shape needs"
    yield "product-overflow", one("I32", "[2,18446744073709551614]"), 4, "the element count overflows"
    yield "bits-overflow", one("I32", "[2,9223372036854775807]"), 4, "the bit count overflows"
    yield "bits-overflow-f64", one("F64", "[288230376151711744]"), 4, "2^58 doubles: 2^64 bits"
    yield "bits-overflow-u8", one("U8", "[18446744073709551615]"), 4, "2^64 - 1 bytes"
    yield (
        "bits-limit-u8",
        one("U8", "[2305843009213693951]", "[0,2305843009213693951]"),
        4,
        "2^61 - 1 bytes: the largest that counts",
    )
    size, entries = 2**61 - 1, []
    for index in range(8):
        entries.append(f'"t{index}":{tensor("U8", f"[{size}]", f"[{index * size},{(index + 1) * size}]")}')
    entries.append(f'"u":{tensor("U8", "[7]", f"[{8 * size},{8 * size + 7}]")}')
    yield "sum-near-2-64", "{" + ",".join(entries) + "}", 0, "offsets that add up to 2^64 - 1"


def layout():
    def entries(*ranges, dtype="U8"):
        return (
            "{"
            + ",".join(
                f'"{chr(97 + index)}":{tensor(dtype, f"[{max(end - begin, 0)}]", f"[{begin},{end}]")}'
                for index, (begin, end) in enumerate(ranges)
            )
            + "}"
        )

    yield "hole-first", entries((1, 3)), 3, "data before the first tensor"
    yield "hole-between", entries((0, 2), (3, 5)), 5, "data between two tensors"
    yield "overlap", entries((0, 4), (2, 6)), 6, "two tensors share bytes"
    yield "inside", entries((0, 6), (2, 4)), 6, "one inside another"
    yield "reversed", one("U8", "[2]", "[4,2]"), 4, "end before begin"
    yield "reversed-zero", one("U8", "[0]", "[1,0]"), 0, "end before begin, empty"
    yield "tied", entries((0, 4), (0, 4)), 4, "two tensors on the same bytes"
    yield "ten-on-one", entries(*[(0, 16)] * 10), 16, "ten tensors on the same bytes"
    yield "order-free", entries((4, 8), (0, 4)), 8, "header order is not offset order"
    yield "order-three", entries((4, 6), (6, 8), (0, 4)), 8, "header order is not offset order"
    yield "empty-first", entries((0, 0), (0, 4)), 4, "an empty tensor on the first boundary"
    yield "empty-first-listed-last", entries((0, 4), (0, 0)), 4, "the same, listed last"
    yield "empty-middle", entries((0, 4), (4, 4), (4, 8)), 8, "an empty tensor between two"
    yield "empty-end", entries((0, 4), (4, 4)), 4, "an empty tensor at the end"
    yield "empty-inside", entries((0, 4), (2, 2)), 4, "an empty tensor inside another"
    yield "empty-beyond", entries((0, 4), (9, 9)), 4, "an empty tensor past the end"
    yield "empties", entries((0, 0), (0, 0), (0, 0)), 0, "three empty tensors on one spot"
    yield "unaligned", entries((0, 1))[:-1] + f',"z":{tensor("F32", "[1]", "[1,5]")}}}', 5, "a float on an odd offset"


def dtypes():
    for dtype in DTYPES:
        bits = BITS.get(dtype) or int("".join(c for c in dtype.split("_")[0] if c.isdigit()))
        yield "dtype-" + dtype.lower(), one(dtype, "[4]", f"[0,{bits // 2}]"), bits // 2, "four elements"
    for dtype in (
        "f32",
        "F31",
        "C128",
        "F128",
        "I4",
        "U4",
        "I128",
        "F8_E3M4",
        "F8",
        "BFLOAT16",
        "",
        "F32 ",
        "float32",
        "F6",
        "BOOLEAN",
    ):
        yield (
            "dtype-not-" + (dtype.strip().lower() or "empty") + ("-space" if dtype.endswith(" ") else ""),
            one(dtype),
            4,
            "no dtype of the format",
        )
    yield "f4-odd", one("F4", "[3]", "[0,1]"), 1, "12 bits are no bytes"
    yield "f4-scalar", one("F4", "[]", "[0,1]"), 1, "4 bits are no byte"
    yield "f4-odd-last", one("F4", "[2,3]", "[0,3]"), 3, "an odd last dimension, an even count"
    yield "f4-rounded-up", one("F4", "[3]", "[0,2]"), 2, "12 bits in two bytes"
    yield "f6-odd", one("F6_E2M3", "[3]", "[0,2]"), 2, "18 bits are no bytes"
    yield "f6-four", one("F6_E3M2", "[2,2]", "[0,3]"), 3, "24 bits are three bytes"
    yield "bool-two", one("BOOL", "[1]", "[0,1]"), b"\x02", "a truth value of 2"


def deep():
    for depth in (120, 124, 125, 126, 127, 128, 129, 200):
        yield (
            f"deep-array-{depth}",
            one(more=',"x":' + "[" * depth + "]" * depth),
            4,
            f"{depth} arrays deep in an ignored field",
        )
    yield (
        "deep-object-120",
        one(more=',"x":' + '{"y":' * 120 + "1" + "}" * 120),
        4,
        "120 objects deep in an ignored field",
    )
    yield (
        "deep-object-130",
        one(more=',"x":' + '{"y":' * 130 + "1" + "}" * 130),
        4,
        "130 objects deep in an ignored field",
    )


GROUPS = (text, names, structure, numbers, layout, dtypes, deep)
