"""Small matrices with the singular values that numpy finds, for the tests of the decompositions.

Writes testdata/surgery/svd.json. Needs numpy 2.
"""

import json
import pathlib

import numpy

OUT = pathlib.Path(__file__).resolve().parent.parent / "surgery" / "svd.json"


def graded(random, rows, columns, decades):
    """Values over some decades between random orthogonal matrices."""
    size = min(rows, columns)
    left = numpy.linalg.qr(random.standard_normal((rows, size)))[0]
    right = numpy.linalg.qr(random.standard_normal((columns, size)))[0]
    values = 10.0 ** -numpy.linspace(0, decades, size)
    return left * values @ right.T


def main():
    random = numpy.random.default_rng(18)
    cases = {
        "square": random.standard_normal((9, 9)),
        "tall": random.standard_normal((17, 5)),
        "wide": random.standard_normal((4, 13)),
        "ten decades": graded(random, 12, 12, 10),
        "rank three": random.standard_normal((11, 3)) @ random.standard_normal((3, 8)),
        "huge": 1e300 * random.standard_normal((5, 5)),
        "subnormal": 1e-310 * random.standard_normal((4, 4)),
        "equal": numpy.linalg.qr(random.standard_normal((8, 8)))[0] * 3.0,
        "one row": random.standard_normal((1, 6)),
    }
    listed = []
    for name, matrix in cases.items():
        # Powers of two keep LAPACK away from the ends of the range.
        scale = 2.0 ** int(numpy.floor(numpy.log2(abs(matrix).max())))
        values = numpy.linalg.svd(matrix / scale, compute_uv=False) * scale
        listed.append({"name": name, "rows": matrix.tolist(), "values": values.tolist()})
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps({"numpy": numpy.__version__, "cases": listed}) + "\n")


if __name__ == "__main__":
    main()
