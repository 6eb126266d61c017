"""Writes the table of `architectures.py` as Swift: one file of blocks, and one of types.

Since the last whole run some rows of these files were edited by hand. What was changed of cohere2_moe, dory, glm5_next,
glm_moe_dsa and kimi_linear also stands in arch_known_defaults.json and below, so that another run writes it again; the
sizes of the convolutions in the delta attention of glm5_next (block b259) and kimi_linear (b359), the second class of
shieldgemma2 and intermediate_size of gpt_neo do not.
"""

import json
import pathlib
import sys

HEAD = "// swift-format-ignore-file\n// Written by testdata/make/arch_swift.py from transformers {version}; see docs/architectures.md.\n"
WIDTH = 116

# What classes take from the keys of published files, which no model that was built from the class's own fields shows.
KIMI = "linear_attn_config"
DEFINITIONS = {
    "kimi_linear": {
        "layer_types": f"list(layer_types)?layer_types:list({KIMI}.full_attn_layers)?[num_hidden_layers|"
                       f"{KIMI}.full_attn_layers has i+1?'full_attention':'linear_attention']:"
                       "[num_hidden_layers|i%4==0&0<i?'full_attention':'linear_attention']",
        "linear_head_dim": f"null({KIMI}.head_dim)?linear_head_dim:{KIMI}.head_dim",
        "linear_num_heads": f"null({KIMI}.num_heads)?linear_num_heads:{KIMI}.num_heads",
        "linear_conv_kernel_dim":
            f"null({KIMI}.short_conv_kernel_size)?linear_conv_kernel_dim:{KIMI}.short_conv_kernel_size",
    },
}


def defined(name, text):
    """The text of a type with its definitions in place of those that were learned."""
    own = DEFINITIONS.get(name, {})
    lines = [line for line in text.split("\n") if not any(line.startswith(f"d {field} ") for field in own)]
    place = next((i for i, line in enumerate(lines) if line[0] in "gsync"), len(lines))
    return "\n".join(lines[:place] + [f"d {field} {formula}" for field, formula in own.items()] + lines[place:])


def wrapped(text, indent):
    """A line of the table in pieces of at most the width, joined by the backslash of a multi-line string."""
    out, line = [], text
    while len(line) + len(indent) > WIDTH:
        cut = max(line.rfind(mark, 0, WIDTH - len(indent) - 2) + 1 for mark in ";,{ |")
        if cut <= 20:
            cut = WIDTH - len(indent) - 2
        out.append(indent + line[:cut] + "\\")
        line = line[cut:]
    out.append(indent + line)
    return out


def literal(name, entries):
    lines = [f"  static let {name} = TableText(", '    """']
    for key, text in sorted(entries.items()):
        lines.append(f"    = {key}")
        for line in text.split("\n") if text else []:
            assert not line.startswith("= "), line
            lines += wrapped(line.replace("\\", "\\\\"), "    ")
    lines.append('    """)')
    return lines


def main():
    table = json.loads(pathlib.Path(sys.argv[1]).read_text())
    out = pathlib.Path(sys.argv[2])
    head = HEAD.format(version="5.24.0") + "\nextension TypeTable {\n"
    (out / "TypeTable+Blocks.swift").write_text(head + "  /// Rows that several types share.\n" + "\n".join(literal("blocks", table["blocks"])) + "\n}\n")
    (out / "TypeTable+Texts.swift").write_text(head + "  /// What is said of each type.\n" + "\n".join(literal("texts", {k: defined(k, v) for k, v in table["types"].items()})) + "\n}\n")


if __name__ == "__main__":
    main()
