"""Writes the table of `architectures.py` as Swift: one file of blocks, and the types by first letter."""

import json
import pathlib
import sys

HEAD = "// swift-format-ignore-file\n// Written by testdata/make/arch_swift.py from transformers {version}; see docs/architectures.md.\n"
WIDTH = 116


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
    lines = [f"  static let {name}: [String: String] = ["]
    for key, text in sorted(entries.items()):
        lines.append(f'    "{key}": """')
        for line in text.split("\n"):
            lines += wrapped(line.replace("\\", "\\\\"), "      ")
        lines.append('      """,')
    lines.append("  ]")
    return lines


def main():
    table = json.loads(pathlib.Path(sys.argv[1]).read_text())
    out = pathlib.Path(sys.argv[2])
    head = HEAD.format(version="5.24.0") + "\nextension TypeTable {\n"
    (out / "TypeTable+Blocks.swift").write_text(head + "  /// Rows that several types share.\n" + "\n".join(literal("blocks", table["blocks"])) + "\n}\n")
    (out / "TypeTable+Texts.swift").write_text(head + "  /// What is said of each type.\n" + "\n".join(literal("texts", table["types"])) + "\n}\n")


main()
