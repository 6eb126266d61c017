"""How many header validations a second `lora-tool-serve` answers, beside references in the same run.

    python testdata/make/bench_serve.py [--tool .build/release/lora-tool-serve] [--seconds 10] [--rounds 3]

Makes two adapters for a Llama of 7B, one of two modules in each layer and one of all seven (128 and 448 tensors, whose
values are a hole in the file), and has wrk send over 16 connections

* GET /healthz: what the server library and the network of this machine take,
* POST /admission: a review of an adapter against base and engine, which is the measured work,
* POST to a server in Python that parses the review and opens the same file with safetensors, no more,

in turns, server and wrk together on the processors that the command may use (`taskset -c 0,1` for two). Every answer of
the measured server must be 200 and allow the adapter. Prints requests a second, latencies, and processor time for each
request. Then the process is told to end under load, and what wrk saw fail is counted.

Needs wrk and the Python package safetensors besides the program.
"""

import argparse
import http.server
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parent.parent
MODULES = {
    "self_attn.q_proj": (4096, 4096), "self_attn.k_proj": (4096, 4096), "self_attn.v_proj": (4096, 4096),
    "self_attn.o_proj": (4096, 4096), "mlp.gate_proj": (4096, 11008), "mlp.up_proj": (4096, 11008),
    "mlp.down_proj": (11008, 4096),
}
SCRIPT = """
wrk.method = "POST"
wrk.headers["Content-Type"] = "application/json"
wrk.body = [==[BODY]==]
local failed = 0
function response(status, headers, body)
  if status ~= 200 or not string.find(body, '"allowed":true', 1, true) then failed = failed + 1 end
end
local threads = {}
function setup(thread) table.insert(threads, thread) end
function done() for _, t in ipairs(threads) do io.write("failed: ", t:get("failed") or 0, "\\n") end end
""".replace("local failed", "failed")


def make_adapter(folder, targets):
    """A PEFT folder with rank 16 in bf16 whose data is a hole."""
    header, end = {}, 0
    for layer in range(32):
        for name in targets:
            inputs, outputs = MODULES[name]
            for factor, shape in (("A", [16, inputs]), ("B", [outputs, 16])):
                size = 2 * shape[0] * shape[1]
                header[f"base_model.model.model.layers.{layer}.{name}.lora_{factor}.weight"] = {
                    "dtype": "BF16", "shape": shape, "data_offsets": [end, end + size]}
                end += size
    text = json.dumps({"__metadata__": {"format": "pt"}, **header}, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    folder.mkdir()
    with open(folder / "adapter_model.safetensors", "wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + end)
    (folder / "adapter_config.json").write_text(json.dumps({
        "peft_type": "LORA", "task_type": "CAUSAL_LM", "r": 16, "lora_alpha": 32, "lora_dropout": 0.0, "bias": "none",
        "base_model_name_or_path": "huggyllama/llama-7b", "inference_mode": True,
        "target_modules": sorted(name.split(".")[-1] for name in targets)}))


def review(adapter):
    kind = {"group": "production-stack.vllm.ai", "version": "v1alpha1", "kind": "LoraAdapter"}
    spec = {"baseModel": "llama", "adapterSource": {
        "type": "local", "adapterName": "a", "adapterPath": str(adapter)}}
    return json.dumps({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "request": {
        "uid": "705ab4f5-6393-11e8-b7cc-42010a800002", "kind": kind, "operation": "CREATE", "name": "a",
        "namespace": "b", "object": {
            "apiVersion": "production-stack.vllm.ai/v1alpha1", "kind": "LoraAdapter", "metadata": {"name": "a"},
            "spec": spec}}})


class Reference(http.server.BaseHTTPRequestHandler):
    """Parses the review and opens the file."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        import safetensors

        request = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["request"]
        path = request["object"]["spec"]["adapterSource"]["adapterPath"]
        json.loads(pathlib.Path(path, "adapter_config.json").read_text())
        with safetensors.safe_open(path + "/adapter_model.safetensors", "np") as file:
            count = len(file.keys())
        body = json.dumps({"response": {"uid": request["uid"], "allowed": count > 0}}, separators=(",", ":")).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def processor_seconds(process):
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def load(address, script, seconds, process):
    before = processor_seconds(process)
    text = subprocess.run(
        ["wrk", "-t2", "-c16", f"-d{seconds}s", "--timeout", "30s", "--latency", *(["-s", str(script)] if script else []), address],
        capture_output=True, text=True, check=True).stdout
    spent = processor_seconds(process) - before
    count = int(re.search(r"(\d+) requests in", text)[1])
    rate = float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1])
    failed = sum(map(int, re.findall(r"failed: (\d+)", text)))
    assert failed == 0 and "Non-2xx" not in text and "Socket errors" not in text, text
    latencies = dict(re.findall(r"\s+(50|99)%\s+(\S+)", text))
    return rate, latencies["50"], latencies["99"], 1e6 * spent / count


def resident(process):
    return int(re.search(r"VmHWM:\s+(\d+)", pathlib.Path(f"/proc/{process}/status").read_text())[1]) / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tool", default=str(ROOT.parent / ".build" / "release" / "lora-tool-serve"))
    parser.add_argument("--seconds", type=int, default=10)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if "reference" in os.environ.get("BENCH_SERVE", ""):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Reference)
        server.handle_error = lambda *_: None  # wrk drops its connections at the end
        print(server.server_address[1], flush=True)
        return server.serve_forever()
    with tempfile.TemporaryDirectory() as place:
        place = pathlib.Path(place).resolve()
        scripts = {}
        for targets in (["self_attn.q_proj", "self_attn.v_proj"], list(MODULES)):
            adapter = place / str(64 * len(targets))
            make_adapter(adapter, targets)
            scripts[adapter.name] = place / f"{adapter.name}.lua"
            scripts[adapter.name].write_text(SCRIPT.replace("BODY", review(adapter)))
        print(f"{len(os.sched_getaffinity(0))} processors, load {os.getloadavg()[0]:.1f}")
        server = subprocess.Popen(
            [options.tool, "--listen", "127.0.0.1:0", "--root", str(place), "--engine", "vllm",
             "--max-lora-rank", "64", "--base", f"llama={ROOT / 'bases' / 'llama-7b.json'}"],
            stderr=open(place / "log", "w"))
        reference = subprocess.Popen(
            [sys.executable, __file__], env={**os.environ, "BENCH_SERVE": "reference"}, stdout=subprocess.PIPE, text=True)
        try:
            port = reference.stdout.readline().strip()
            while not (lines := (place / "log").read_text().splitlines()):
                pass
            address = json.loads(lines[0])["address"]
            for turn in range(options.rounds):
                loads = [("GET /healthz", address + "/healthz", None, server.pid)]
                for tensors, script in scripts.items():
                    loads.append((f"POST /admission, {tensors}", address + "/admission", script, server.pid))
                    loads.append((f"Python, {tensors}", f"http://127.0.0.1:{port}/", script, reference.pid))
                for name, url, lua, process in loads:
                    rate, half, most, spent = load(url, lua, options.seconds, process)
                    print(f"{name:22} {rate:8.0f}/s  p50 {half:>8}  p99 {most:>8}  {spent:6.0f} us of processor each")
            print(f"memory {resident(server.pid):.0f} MiB at most")
            threading.Timer(2, lambda: server.send_signal(signal.SIGTERM)).start()
            wrk = subprocess.run(
                ["wrk", "-t2", "-c16", "-d3s", "-s", str(scripts["128"]), address + "/admission"],
                capture_output=True, text=True)
            assert server.wait(timeout=60) == 0
            # What is written after the end finds nobody; what was written before must have been read.
            print("ended under load:", re.findall(r"failed: \d+|Socket errors.*", wrk.stdout))
        finally:
            server.kill()
            reference.kill()


if __name__ == "__main__":
    sys.exit(main())
