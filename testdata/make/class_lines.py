"""The lines of a table of model classes: see Sources/LoRAEngines/ClassLines.swift.

    python class_lines.py TABLE.swift    # writes a table again, when what is shared has changed
"""

import collections
import json
import sys


def text(value):
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def lines(rows):
    """A line for each row, and after them one for each value that several of their members have."""
    uses = collections.Counter(text(value) for row in rows for value in row.values())
    uses.update(text(value) for row in rows if uses[text(row.get("pooled"))] == 1
                for value in (row.get("pooled") or {}).values())
    numbers = {}

    def shared(value):
        written = text(value)
        assert '"=' not in written, written
        if isinstance(value, str) or uses[written] == 1 or len(written) < 24:
            return value
        return f"={numbers.setdefault(written, len(numbers))}"

    def line(row):
        row = {name: shared(value) for name, value in row.items()}
        if isinstance(row.get("pooled"), dict):
            row["pooled"] = {name: shared(value) for name, value in row["pooled"].items()}
        return text(row)

    written = [line(row) for row in rows]
    return written + [f"={number} {value}" for value, number in numbers.items()]


def read(table):
    """The rows of lines."""
    values = dict(line[1:].split(" ", 1) for line in table if line.startswith("="))

    def complete(value):
        if isinstance(value, dict):
            return {name: complete(member) for name, member in value.items()}
        return json.loads(values[value[1:]]) if isinstance(value, str) and value.startswith("=") else value

    return [complete(json.loads(line)) for line in table if line.startswith("{")]


def main():
    with open(sys.argv[1]) as source:
        old = [line.strip("\n").removeprefix("    ") for line in source]
    rows = read(old)
    first = next(number for number, line in enumerate(old) if line.startswith("{"))
    last = max(number for number, line in enumerate(old) if line.startswith(("{", "=")))
    new = lines(rows)
    assert read(new) == rows
    indented = ["    " + line for line in new]
    # Its other lines as they were, which the reading has stripped of their indentation.
    with open(sys.argv[1]) as source:
        whole = source.read().split("\n")
    with open(sys.argv[1], "w") as target:
        target.write("\n".join(whole[:first] + indented + whole[last + 1:]))


if __name__ == "__main__":
    main()
