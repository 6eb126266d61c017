"""Writes answers before and after a change, as an evaluation of tool calls leaves them.

    python bench_gate.py FOLDER [ANSWERS]     (FOLDER/before.jsonl and FOLDER/after.jsonl: 500,000 lines, 213 MB each)

Calls are in OpenAI's form with their arguments as strings of JSON, as engines return them: every call has a number of
its own, so that no two lines are equal. One answer in a hundred changes, one in five has its arguments in another order
or without white space. docs/benchmarks.md measures `gate` with them. Nothing of this is committed.
"""

import json
import pathlib
import random
import sys

CITIES = ["Zürich", "Reykjavík", "New York", "São Paulo", "Tokyo", "Nairobi", "Kraków", "Lima", "Oslo", "Montréal"]
TOOLS = ["search_flights", "book_hotel", "get_weather_forecast", "create_support_ticket", "update_order"]


def arguments(draw):
    return {
        "origin": draw.choice(CITIES),
        "destination": draw.choice(CITIES),
        "date": f"2026-{draw.randrange(1, 13):02}-{draw.randrange(1, 29):02}",
        "passengers": draw.randrange(1, 9),
        "max_price": draw.randrange(1000, 90000) / 100,
        "direct": draw.random() < 0.5,
        "tags": [draw.choice(["window", "aisle", "quiet", "late"]) for _ in range(draw.randrange(0, 3))],
        "note": draw.choice([None, "", "call \"first\"", "before 9\nor after 17"]),
    }


def line(number, call, name, values, draw):
    style = draw.random()
    if style < 0.2:
        values = dict(sorted(values.items()))
    text = json.dumps(values, separators=(",", ":") if style < 0.1 else None, ensure_ascii=style < 0.6)
    function = {"name": name, "arguments": text}
    made = {"id": f"call_{call:012x}", "type": "function", "function": function}
    answer = {"id": f"prompt-{number:06}", "adapter": f"tenant-{number % 7}", "tool_calls": [made]}
    return json.dumps(answer, ensure_ascii=False) + "\n"


def main():
    folder = pathlib.Path(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 500_000
    folder.mkdir(parents=True, exist_ok=True)
    draw = random.Random(7)
    with open(folder / "before.jsonl", "w", encoding="utf-8") as before, open(
        folder / "after.jsonl", "w", encoding="utf-8"
    ) as after:
        for number in range(count):
            name, values = draw.choice(TOOLS), arguments(draw)
            before.write(line(number, draw.getrandbits(48), name, values, draw))
            if draw.random() < 0.01:
                values = arguments(draw)
            after.write(line(number, draw.getrandbits(48), name, values, draw))


if __name__ == "__main__":
    main()
