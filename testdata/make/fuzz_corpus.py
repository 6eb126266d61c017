"""Packs what the fuzzer kept into `fuzz/corpus/TARGET.json`: `python fuzz_corpus.py FOLDER`, with a folder per target.

What once broke a promise (`crash-…`), then the smallest inputs, up to 14 KB for each target; the tests replay them.
"""

import base64
import json
import pathlib
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT = 14_000


def main(folder):
    for target in sorted(path for path in folder.iterdir() if path.is_dir()):
        paths = sorted(target.iterdir(), key=lambda path: (not path.name.startswith("crash"), path.stat().st_size, path))
        files = [path.read_bytes() for path in paths]
        rows, size = [], 0
        for file in files:
            text = base64.b64encode(file).decode()
            size += len(text) + 4
            if size > LIMIT:
                break
            rows.append(text)
        out = ROOT / "fuzz" / "corpus" / f"{target.name}.json"
        out.parent.mkdir(parents=True, exist_ok=True)
        out.write_text("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")
        print(f"{target.name}: {len(rows)} of {len(files)}")


main(pathlib.Path(sys.argv[1]))
