"""Compares what two builds of the program make of answers: reports, messages and exit codes must be the same.

    python check_gate.py PROGRAM OTHER [PAIRS] [SEED]      (2,000 pairs of files)

The files hold tool calls in every form that `gate` reads, with numbers, escapes, texts and white space written in many
ways, and half of the pairs are damaged: bytes changed, put in or taken out, keys twice, deep nesting, bytes that are no
UTF-8. Exits 1 at the first difference and leaves the files.
"""

import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

TEXTS = [
    "", "a", "Zürich", "Reykjavík", "e\u0301", "é", "\u212a", "K", "日本語", "😀", 'say "hi"', "back\\slash", "a/b", "tab\there",
    "line\nbreak", "x" * 15, "x" * 16, "x" * 17, "x" * 31, "x" * 32, "x" * 33, "x" * 200, "\u0000", "\u007f", "\u2028",
]
KEYS = ["a", "b", "city", "Zürich", "e\u0301", "a key with blanks", "k" * 40, 'q"', "\\"]
NUMBERS = ["0", "-0", "1", "1.0", "10e-1", "1E3", "1000", "0.5", "0.50", "-12.25", "1e400", "123456789012345678",
           "1234567890123456789", "0.1234567890123456789", "100", "9007199254740993", "1e1000000000000000"]
PIECES = [b'"', b"\\", b"{", b"}", b"[", b"]", b",", b":", b" ", b"\t", b"\r", b"0", b"01", b"-", b".", b"e", b"\\u", b"\\ud800",
          b"\\u0022", b"\\\\", b'\\"', b"\\n", b"\x00", b"\x1f", b"\x80", b"\xff", b"\xc3", b"null", b"true", b'"a":1,', b"[" * 130,
          "é".encode(), b"\\u00e9"]


class Writer:
    """Writes values as JSON in one of the many ways of doing so."""

    def __init__(self, draw):
        self.draw = draw
        self.blank = draw.choice(["", "", " ", " ", "  "])
        self.ascii = draw.random() < 0.5

    def text(self, value):
        text = json.dumps(value, ensure_ascii=self.ascii)
        if self.draw.random() < 0.05 and value:
            text = '"' + "".join(f"\\u{ord(c):04x}" if ord(c) < 0x10000 else c for c in value) + '"'
        return text.replace("/", "\\/") if self.draw.random() < 0.1 else text

    def value(self, depth=0):
        kind = self.draw.randrange(8 if depth < 4 else 5)
        if kind == 0:
            return self.draw.choice(["true", "false", "null"])
        if kind < 3:
            return self.draw.choice(NUMBERS[:-1] if self.draw.random() < 0.99 else NUMBERS)
        if kind < 5:
            return self.text(self.draw.choice(TEXTS))
        if kind < 7:
            return self.object(depth)
        return self.join("[", "]", [self.value(depth + 1) for _ in range(self.draw.randrange(4))])

    def object(self, depth=0, count=None):
        count = self.draw.randrange(5 if self.draw.random() < 0.95 else 25) if count is None else count
        keys = self.draw.sample(KEYS, min(count, len(KEYS))) + [f"k{i}" for i in range(count - len(KEYS))]
        if self.draw.random() < 0.02 and keys:
            keys.append(keys[0])
        return self.members([(key, self.value(depth + 1)) for key in keys])

    def members(self, pairs):
        return self.join("{", "}", [self.text(key) + self.blank[1:] + ":" + self.blank + value for key, value in pairs])

    def join(self, opening, closing, parts):
        return opening + self.blank[1:] + ("," + self.blank).join(parts) + self.blank[1:] + closing

    def arguments(self):
        inner = self.object()
        if self.draw.random() < 0.1:
            inner = inner[: self.draw.randrange(len(inner) + 1)]
        if self.draw.random() < 0.1:
            inner = "\n  " + inner + "\n"
        return self.text(inner) if self.draw.random() < 0.8 else self.object()

    def call(self):
        name = ("name", self.text(self.draw.choice(TEXTS[1:8])))
        pairs = [name, ("arguments", self.arguments())] if self.draw.random() < 0.95 else [name]
        if self.draw.random() < 0.5:
            return self.members(pairs)
        return self.members([("id", self.text("call")), ("type", '"function"'), ("function", self.members(pairs))])

    def calls(self):
        return self.join("[", "]", [self.call() for _ in range(self.draw.choice([0, 1, 1, 1, 2, 3]))])

    def line(self, number, adapters):
        pairs = [("id", str(number) if number % 3 else self.text(f"prompt {number}"))]
        if adapters:
            pairs.append(("adapter", self.text(adapters[number % len(adapters)])))
        form = self.draw.randrange(6)
        if form < 4:
            pairs.append(("tool_calls", self.calls()))
        elif form == 4:
            pairs += [("name", self.text("f")), ("arguments", self.arguments())]
        else:
            pairs.append(("content", self.value()))
        if number % 4 == 0:
            pairs.append(("expected", '[{"name":"f","arguments":{"a":1}}]'))
        if self.draw.random() < 0.3:
            pairs.append(("other", self.value()))
        self.draw.shuffle(pairs)
        return self.members(pairs)


def damage(data, draw):
    for _ in range(draw.randrange(1, 4)):
        at = draw.randrange(len(data) + 1)
        kind = draw.randrange(4)
        if kind == 0:
            data = data[:at] + draw.choice(PIECES) + data[at:]
        elif kind == 1:
            data = data[:at] + data[at + draw.randrange(1, 4):]
        elif kind == 2:
            data = data[:at] + bytes([draw.randrange(256)]) + data[at + 1:]
        else:
            end = min(len(data), at + draw.randrange(1, 60))
            data = data[:end] + data[at:end] + data[end:]
    return data


def pair(draw):
    count, adapters = draw.randrange(1, 30), draw.choice([[], ["x"], ["x", "Zürich", "é", "e\u0301"]])
    files = [], []
    for number in range(count):
        state = draw.getstate()
        line = Writer(draw).line(number, adapters)
        files[0].append(line)
        again = random.Random(draw.random())
        if draw.random() < 0.7:
            # The same answer in another way of writing.
            again.setstate(state)
            writer = Writer(again)
            writer.blank = draw.choice(["", " ", "  "])
            files[1].append(writer.line(number, adapters))
        else:
            files[1].append(Writer(again).line(number, adapters))
    data = [draw.choice(["\n", "\n", "\r\n", "\n\n"]).join(lines).encode("utf-8", "surrogatepass") for lines in files]
    if draw.random() < 0.5:
        which = draw.randrange(2)
        data[which] = damage(data[which], draw)
    return data


def main():
    programs = sys.argv[1:3]
    count = int(sys.argv[3]) if len(sys.argv) > 3 else 2_000
    draw = random.Random(int(sys.argv[4]) if len(sys.argv) > 4 else 1)
    folder = pathlib.Path(tempfile.mkdtemp(dir="/dev/shm" if os.path.isdir("/dev/shm") else None))
    before, after = folder / "before.jsonl", folder / "after.jsonl"
    codes = {}
    for number in range(count):
        for path, data in zip((before, after), pair(draw)):
            path.write_bytes(data)
        options = ["--ignore-call-order"] if draw.random() < 0.3 else []
        results = []
        for program in programs:
            done = subprocess.run(
                [program, "gate", "--baseline", before, "--candidate", after, "--format", "json", "--changes", "50", *options],
                capture_output=True)
            results.append((done.returncode, done.stdout, done.stderr))
        codes[results[0][0]] = codes.get(results[0][0], 0) + 1
        if results[0] != results[1]:
            print(f"pair {number}: {folder}", *results, sep="\n")
            sys.exit(1)
    before.unlink()
    after.unlink()
    folder.rmdir()
    print(f"{count} pairs, no difference; exit codes {dict(sorted(codes.items()))}")


if __name__ == "__main__":
    main()
