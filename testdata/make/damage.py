"""Damage to the tensors of an adapter, given as shapes by name, for vllm_odd.py and sglang_odd.py."""


def modules(tensors):
    return list(dict.fromkeys(name.partition(".lora_")[0] for name in tensors if ".lora_" in name))


def factors(tensors, module):
    """The names of A and B of one module."""
    ends = [(f"{module}.lora_{end}.", f"{module}.lora_embedding_{end}") for end in "AB"]
    return [next(name for name in tensors if name.startswith(end)) for end in ends]


def resized(tensors, module, change):
    """The same with the shapes of one module's factors changed: `change` takes and gives A's and B's."""
    a, b = factors(tensors, module)
    shapes = change(tensors[a], tensors[b])
    return {**tensors, a: shapes[0], b: shapes[1]}


def again(tensors, old, new):
    """One module a second time under another spelling."""
    for module in reversed(modules(tensors)):
        if module.startswith(old) and new + module.removeprefix(old) not in modules(tensors):
            return {**tensors, **{new + name.removeprefix(old): shape for name, shape in tensors.items()
                                  if name.startswith(module + ".lora_")}}
    return None
