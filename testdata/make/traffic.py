"""Small traces of requests and what a slot cache does with them, by a reference of its own.

The reference is written for plainness: ordered dictionaries, one request after the other, nothing shared with the
program. It knows vLLM's two levels (an LRU of slots inside an LRU of adapters in host memory; an adapter that leaves
host memory gives up its slot) and, for traces in which requests run for a while, slots in use that cannot be taken.
"""

import collections
import json
import random

import files

FOLDER = files.ROOT / "traffic"


class Cache:
    """Two levels of adapters; `busy` adapters keep their places."""

    def __init__(self, slots, host, policy="lru", trace=()):
        self.slots, self.host, self.policy, self.trace = slots, host, policy, trace
        self.device_order, self.host_order = collections.OrderedDict(), collections.OrderedDict()
        self.uses = collections.Counter()

    def victim(self, order, busy, position):
        """The adapter that makes room, or None."""
        free = [name for name in order if name not in busy]
        if not free:
            return None
        if self.policy == "lfu":
            return min(free, key=lambda name: (self.uses[name], list(order).index(name)))
        if self.policy == "optimal":
            def next_use(name):
                return next((i for i in range(position + 1, len(self.trace)) if self.trace[i] == name), len(self.trace))
            return max(free, key=lambda name: (next_use(name), -list(order).index(name)))
        return free[0]

    def access(self, name, busy=(), position=0):
        """(slot hit, host hit, evicted, dropped, cascaded), or None when nobody can make room."""
        hit, host_hit = name in self.device_order, name in self.host_order
        evicted = dropped = None
        cascaded = False
        if not host_hit and len(self.host_order) >= self.host:
            dropped = self.victim(self.host_order, busy, position)
            if dropped is None:
                return None
            cascaded = dropped in self.device_order
        if not hit and len(self.device_order) - cascaded >= self.slots:
            order = {key: None for key in self.device_order if key != dropped}
            evicted = self.victim(order, busy, position)
            if evicted is None:
                return None
        self.uses[name] += 1
        if dropped is not None:
            del self.host_order[dropped]
            self.device_order.pop(dropped, None)
        if evicted is not None:
            del self.device_order[evicted]
        for order in (self.host_order, self.device_order):
            order[name] = None
            order.move_to_end(name)
        return hit, host_hit, evicted, dropped, cascaded


def percentile(values, percent):
    return sorted(values)[-(-len(values) * percent // 100) - 1] if values else 0.0


def summary(values):
    return {**{f"p{p}": percentile(values, p) for p in (50, 90, 99)},
            "mean": sum(values) / len(values) if values else 0.0, "max": max(values, default=0.0)}


def replay(trace, slots, host, policy="lru", swap=0.04, load=0.1, service=0.0, blocking=True):
    """What the program must count for this trace."""
    host = max(slots, host)
    cache = Cache(slots, host, policy, [name for _, name in trace])
    counts = collections.Counter()
    waits, free_at, ready = [None] * len(trace), float("-inf"), {}
    running, ends, queue = collections.Counter(), [], []
    number = 0

    def begin(index, now):
        nonlocal free_at, number
        arrival, name = trace[index]
        busy = {key for key, count in running.items() if count > 0}
        result = cache.access(name, busy, index)
        if result is None:
            return False
        hit, host_hit, evicted, dropped, cascaded = result
        counts["gpu_hits"] += hit
        counts["cpu_hits"] += host_hit
        counts["evictions"] += evicted is not None
        counts["cascade_evictions"] += cascaded
        if not hit:
            free_at = max(now, free_at) + (swap + (0 if host_hit else load))
            ready[name] = free_at
        begins = max(now, free_at if blocking else ready[name])
        waits[index] = max(0.0, begins - arrival)
        if service > 0:
            number += 1
            running[name] += 1
            ends.append((begins + service, number, name))
        return True

    def finish(until):
        while ends and min(ends)[0] <= until:
            end = min(ends)
            ends.remove(end)
            running[end[2]] -= 1
            if running[end[2]]:
                continue
            while queue:
                name = trace[queue[0]][1]
                mine = [index for index in queue if trace[index][1] == name]
                if not begin(mine[0], end[0]):
                    break
                for index in mine[1:]:
                    begin(index, end[0])
                queue[:] = [index for index in queue if index not in mine]

    for index, (time, name) in enumerate(trace):
        finish(time)
        if name in {trace[other][1] for other in queue} or not begin(index, time):
            queue.append(index)
            counts["queued"] += 1
    finish(float("inf"))
    keys = ["gpu_hits", "cpu_hits", "evictions", "cascade_evictions", "queued"]
    return {"requests": len(trace), **{key: counts[key] for key in keys}, "wait_seconds": summary(waits)}


def traces():
    rng = random.Random(20260612)
    zipf = [1 / (k + 1) for k in range(12)]
    yield "zipf", [(i * 0.05, f"a{rng.choices(range(12), zipf)[0]}") for i in range(600)]
    yield "round-robin", [(i * 0.1, f"a{i % 6}") for i in range(120)]
    times, now = [], 0.0
    for _ in range(500):
        now += rng.expovariate(12)
        times.append(round(now, 6))
    yield "poisson", [(time, f"tenant/{rng.randrange(20)}") for time in times]
    yield "phases", [(i * 0.02, f"p{i // 100}-{rng.randrange(4)}") for i in range(500)]
    yield "one", [(1.5, "only")] * 7


def make():
    FOLDER.mkdir(exist_ok=True)
    cases = []
    for name, trace in traces():
        lines = [json.dumps({"time": time, "adapter": adapter}) for time, adapter in trace]
        (FOLDER / f"{name}.jsonl").write_text("\n".join(lines) + "\n")
        for slots, host in [(1, 1), (2, 2), (3, 5), (4, 4), (4, 9), (8, 64)]:
            for policy in ["lru", "lfu", "optimal"]:
                for service, blocking in [(0.0, True), (0.0, False), (0.3, True), (0.3, False)]:
                    if policy == "optimal" and service:
                        continue
                    case = dict(trace=name, slots=slots, host=host, policy=policy, service=service, blocking=blocking)
                    outcome = replay(trace, slots, host, policy, service=service, blocking=blocking)
                    cases.append({**case, **outcome})
    (FOLDER / "replays.json").write_text("[\n" + ",\n".join(map(json.dumps, cases)) + "\n]\n")
