"""What vLLM's registry and its classes say of adapters before any model is built.

    python testdata/make/vllm_registry.py testdata/engines/vllm-0.33-registry.json

Needs vllm 0.33.0. The table that the program carries comes from classes that were built and wrapped (vllm_classes.py);
this is the other side: every architecture that the registry lists, with the class that runs it, whether that takes
adapters (`SupportsLoRA`), its `packed_modules_mapping`, and whether it keeps experts as stacks (`is_3d_moe_weight`), as
the class itself has them. Where no platform is found, classes with a variant for each have NVIDIA's, but for
DeepSeek-V3.2's. A test holds the table to it, so that no class is missed and none is taken for another.
"""

import json
import pathlib
import sys

from vllm.model_executor.models.interfaces import supports_lora
from vllm.model_executor.models.registry import ModelRegistry


def row(architecture):
    try:
        cls = ModelRegistry._try_load_model_cls(architecture)
    except Exception as error:
        print(architecture, repr(error)[:160], file=sys.stderr)
        cls = None
    if cls is None:
        return dict(architecture=architecture)
    found = dict(architecture=architecture, name=cls.__name__, lora=bool(supports_lora(cls)))
    if not found["lora"]:
        return found
    packed = getattr(cls, "packed_modules_mapping", None)
    if isinstance(packed, dict) and packed:
        found["packed"] = {key: list(value) for key, value in packed.items()}
    for name in ("is_3d_moe_weight", "is_non_gated_moe", "supports_tower_connector_lora"):
        if isinstance(getattr(cls, name, None), bool) and getattr(cls, name):
            found[name] = True
    return found


def main():
    rows = [row(name) for name in sorted(ModelRegistry.get_supported_archs())]
    lines = ",\n".join(" " + json.dumps(row, separators=(",", ":")) for row in rows)
    pathlib.Path(sys.argv[1]).write_text(f"[\n{lines}\n]\n")
    print(len(rows), "architectures,", sum("lora" in row for row in rows), "classes loaded,",
          sum(row.get("lora", False) for row in rows), "take adapters")


if __name__ == "__main__":
    main()
