"""Reads every tensor of the files with the safetensors package: `check_safetensors.py FILE...`; 1 on a refusal."""

import sys

from safetensors import safe_open


def check(path):
    with safe_open(path, "pt") as file:
        tensors = [file.get_tensor(name) for name in file.keys()]
        size = sum(tensor.nbytes for tensor in tensors)
        print(f"{path}: {len(tensors)} tensors, {size} bytes, metadata {file.metadata()}")


def main():
    refused = False
    for path in sys.argv[1:]:
        try:
            check(path)
        except Exception as error:
            print(f"{path}: {error}", file=sys.stderr)
            refused = True
    sys.exit(refused)


if __name__ == "__main__":
    main()
