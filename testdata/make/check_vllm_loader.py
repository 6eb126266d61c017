"""Runs the code of docs/integration-vllm.md under vLLM's own adapter manager, beside vLLM's own loader, on the CPU.

    python testdata/make/check_vllm_loader.py PATH/TO/libLoRALoader.so [CALLS [SEED]]

Two engines of the same small Llama, one as vLLM makes it, one with the page's classes, get the same random calls of
vLLM's: adapters that are added (and so get slots), pinned, removed, all removed. After every call both must have given
the same answer or the same refusal, have the same adapters registered, in slots and pinned, and hold the same bytes in
every slot that has an adapter. Needs what check_vllm.py needs. Exits 1 at the first difference.
"""

import json
import random
import re
import sys
import tempfile
import types
from pathlib import Path

import torch

import vllm_engine
from check_vllm import cases, slots
from files import ROOT

LORAS, RESIDENTS, RANK = 3, 5, 8


def page():
    """The page's blocks that define something, as one program."""
    text = (Path(ROOT).parent / "docs/integration-vllm.md").read_text()
    blocks = re.findall(r"^```python\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return "".join(block for block in blocks if re.search(r"^(class|def) ", block, re.MULTILINE))


def make_adapters(config, folder):
    """Of several ranks, scales and modules, by PEFT."""
    import transformers
    from peft import LoraConfig, get_peft_model

    torch.set_default_dtype(torch.float32)
    torch.manual_seed(0)
    paths = []
    kinds = ("all-linear", 8, 6, {}), (["q_proj", "v_proj"], 4, 8, {}), ("all-linear", 2, 3, dict(use_rslora=True)), (
        ["down_proj", "gate_proj"], 8, 16, {}), (["o_proj"], 1, 1, {}), ("all-linear", 4, 4, dict(
            rank_pattern={"q_proj": 8})), (["up_proj", "k_proj"], 5, 7, {})
    for number, (targets, rank, alpha, more) in enumerate(kinds):
        cls = getattr(transformers, config["architectures"][0])
        model = cls(transformers.AutoConfig.for_model(**config))
        settings = LoraConfig(r=rank, lora_alpha=alpha, target_modules=targets, init_lora_weights=False, **more)
        paths.append(folder / f"adapter-{number}")
        get_peft_model(model, settings).save_pretrained(paths[-1])
    return paths


def state(manager):
    pinned = [sorted(cache.pinned_items) for cache in (manager._registered_adapters, manager._active_adapters)]
    return list(manager.list_adapters()), list(manager._active_adapters), list(manager.lora_index_to_id), pinned


def different(ours, theirs):
    """The first buffer that differs in a slot with an adapter."""
    for slot, number in enumerate(theirs.lora_index_to_id):
        if number is None:
            continue
        one, two = ({name: tensor for name, tensor in slots(manager, slot).items()} for manager in (ours, theirs))
        for name in two:
            if not torch.equal(one[name].view(torch.int16), two[name].view(torch.int16)):
                return f"{name} of slot {slot}"
    return None


def main():
    library, calls, seed = sys.argv[1], *(int(text) for text in (sys.argv[2:] + ["400", "1"][len(sys.argv) - 2:]))
    vllm_engine.start(29640)
    # The processor has no streams: a null one, as the page says.
    torch.cuda.current_stream = lambda: types.SimpleNamespace(cuda_stream=None)
    chosen = random.Random(seed)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        config = next(config for name, config in cases(1, 1) if name.startswith("llama-"))
        base = vllm_engine.write_config(folder / "base", config)
        paths = make_adapters(config, folder)
        program = page().replace('"libLoRALoader.so"', repr(str(Path(library).resolve())))
        line = re.search(r"^base, device, slots, rank, residents = .*$", program, re.MULTILINE)
        values = str(base).encode(), b"host", LORAS, RANK, RESIDENTS + 1
        program = program.replace(line.group(), f"base, device, slots, rank, residents = {values}")
        names = {}
        exec(compile(program, "docs/integration-vllm.md", "exec"), names)
        engines = [vllm_engine.Engine(base, rank=RANK, loras=LORAS, residents=RESIDENTS) for _ in range(2)]
        theirs = engines[0].manage()
        ours = engines[1].manage(names["LoaderWorkerManager"])
        kinds = {}
        for call in range(calls):
            number = chosen.randrange(len(paths)) + 1
            kind = chosen.choices(["add", "pin", "remove", "remove all"], [80, 6, 13, 1])[0]
            answers = []
            for engine in engines:
                request = vllm_engine.LoRARequest(f"adapter {number}", number, str(paths[number - 1]))
                try:
                    with vllm_engine.set_current_vllm_config(engine.vllm_config):
                        answers.append({
                            "add": lambda: engine.worker.add_adapter(request),
                            "pin": lambda: engine.worker.pin_adapter(number),
                            "remove": lambda: engine.worker.remove_adapter(number),
                            "remove all": lambda: engine.worker.remove_all_adapters()}[kind]())
                    if kind == "remove all":
                        # vLLM keeps what its slots were given to; the next adapters would find none free.
                        engine.worker._adapter_manager.lora_index_to_id = [None] * LORAS
                except (ValueError, RuntimeError, KeyError) as error:
                    answers.append(f"{type(error).__name__}: {error}")
            key = kind if answers[0] in (True, False, None) else f"{kind} refused"
            kinds[key] = kinds.get(key, 0) + 1
            what = f"call {call}, {kind} {number}"
            if answers[0] != answers[1]:
                sys.exit(f"{what}: vLLM answers {answers[0]}, the page's code {answers[1]}")
            if state(ours) != state(theirs):
                sys.exit(f"{what}: vLLM has {state(theirs)}, the page's code {state(ours)}")
            if found := different(ours, theirs):
                sys.exit(f"{what}: {found} differs")
        print(f"{calls} calls, the same after each of them: {json.dumps(kinds)}")


if __name__ == "__main__":
    main()
