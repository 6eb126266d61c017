"""Makes the inputs for timing the comparison of tokenizers: `tokenizer_inputs.py FOLDER`.

    FOLDER/base             a config and a tokenizer.json of 250,000 entries with merges (18 MB)
    FOLDER/none             an adapter without a tokenizer
    FOLDER/{same,trainer,old,swap,shuffled,other}
                            the same adapter with the base's tokenizer: byte for byte, with other settings in front, with
                            merges in the old spelling, with two ids exchanged, with all ids exchanged, with other tokens

Then, with everything in the page cache:

    time lora-tool validate --header-only --base FOLDER/base FOLDER/shuffled
    time lora-tool validate --header-only --base FOLDER/base FOLDER/none
"""

import json
import pathlib
import random
import string
import sys

import numpy

from fleet_inputs import SMALL, write

COUNT = 250_000
LETTERS = "éüñжπ中日語"


def tokens(rng):
    found = {}
    while len(found) < COUNT - 3:
        text = "".join(
            rng.choice(LETTERS if rng.random() < 0.1 else string.ascii_lowercase) for _ in range(rng.randint(2, 11))
        )
        found.setdefault(("Ġ" if rng.random() < 0.4 else "") + text, len(found))
    return found


def tokenizer(vocabulary, merges, truncation=None):
    added = [
        {
            "id": COUNT - 3 + index, "content": text, "single_word": False, "lstrip": False, "rstrip": False,
            "normalized": False, "special": True,
        }
        for index, text in enumerate(["<s>", "</s>", "<pad>"])
    ]
    return {
        "version": "1.0", "truncation": truncation, "padding": None, "added_tokens": added, "normalizer": None,
        "pre_tokenizer": None, "post_processor": None, "decoder": None,
        "model": {"type": "BPE", "dropout": None, "unk_token": None, "vocab": vocabulary, "merges": merges},
    }


def main():
    root = pathlib.Path(sys.argv[1])
    rng = random.Random(3)
    known = tokens(rng)
    names = list(known)
    merges = [[name[: len(name) // 2], name[len(name) // 2 :]] for name in names]
    swapped = dict(known)
    swapped[names[5]], swapped[names[6]] = swapped[names[6]], swapped[names[5]]
    mixed = names[:]
    rng.shuffle(mixed)
    variants = {
        "same": tokenizer(known, merges),
        "trainer": tokenizer(known, merges, {"direction": "Right", "max_length": 2048, "strategy": "LongestFirst", "stride": 0}),
        "old": tokenizer(known, [" ".join(pair) for pair in merges]),
        "swap": tokenizer(swapped, merges),
        "shuffled": tokenizer({name: index for index, name in enumerate(mixed)}, merges),
        "other": tokenizer({name[::-1] + "x": index for index, name in enumerate(names)}, merges),
        "none": None,
    }
    base = root / "base"
    base.mkdir(parents=True, exist_ok=True)
    (base / "config.json").write_text(json.dumps(SMALL | {"vocab_size": COUNT}, indent=1))
    variants["base"] = variants["same"]
    for name, value in variants.items():
        if name != "base":
            write(root / name, SMALL, 4, {"q_proj", "v_proj"}, numpy.random.default_rng(1))
        if value is not None:
            text = json.dumps(value, indent=2, ensure_ascii=False)
            (root / name / "tokenizer.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
