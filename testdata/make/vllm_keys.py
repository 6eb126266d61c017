"""The name of a base in the table of facts: its architecture, and its inner language model's type where there is one."""

INNER = ["text_config", "llm_config", "language_config", "text_model_config"]
OUTER = ["thinker_config", "vlm_config"]


def key_of(config):
    name, inside = config["architectures"][0], config
    for part in OUTER:
        inside = inside.get(part) or inside
    for part in INNER:
        if isinstance(inside.get(part), dict) and inside[part].get("model_type"):
            return f"{name}/{inside[part]['model_type']}"
    return name
