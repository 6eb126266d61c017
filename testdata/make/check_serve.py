"""Checks `lora-tool serve` and its manifests with other people's readers.

    python testdata/make/check_serve.py [--tool .build/debug/lora-tool]

* every object in docs/kubernetes of a kind that the official Python client of Kubernetes has a model for must be read by
  that model with nothing left over, and the arguments of each container are given to the program;
* the server, started with the fixtures, must answer admission reviews with what the types of admission.k8s.io/v1 allow,
  a `status` that the client reads as V1Status, and the uid of the request;
* its metrics must be read by prometheus_client's parser, and agree with what was asked.

Needs kubernetes==37.0.2, prometheus_client==0.26.0 and PyYAML==6.0.4 besides the program.
"""

import argparse
import json
import pathlib
import signal
import subprocess
import sys
import urllib.request

import kubernetes.client
import prometheus_client.parser
import yaml

ROOT = pathlib.Path(__file__).resolve().parent.parent
MANIFESTS = ROOT.parent / "docs" / "kubernetes"
# The members of AdmissionResponse in k8s.io/api/admission/v1.
RESPONSE = {"uid": str, "allowed": bool, "status": dict, "warnings": list, "auditAnnotations": dict}


def read(document, model):
    """The object that the client's model makes of a document, which must take all of it."""
    client = kubernetes.client.ApiClient()
    value = client.deserialize(json.dumps(document), model, "application/json")
    gaps = leftovers(document, client.sanitize_for_serialization(value), model)
    assert not gaps, gaps
    return value


def model_of(document):
    """The name of the client's model for an object, or None where it has none."""
    name = document["apiVersion"].rpartition("/")[2].capitalize() + document["kind"]
    return name if hasattr(kubernetes.client, name) else None


def leftovers(written, read, place):
    """Members of the document that the model did not take."""
    if isinstance(written, dict):
        if not isinstance(read, dict):
            return [place]
        return [gap for key, value in written.items() for gap in (
            leftovers(value, read[key], f"{place}.{key}") if key in read else [f"{place}.{key}"])]
    if isinstance(written, list):
        return [gap for index, value in enumerate(written) for gap in leftovers(value, read[index], f"{place}[{index}]")]
    return [] if written == read else [place]


def check_manifests(tool):
    counted = 0
    for path in sorted(MANIFESTS.glob("*.yaml")):
        for document in yaml.safe_load_all(path.read_text()):
            model = model_of(document)
            if model is None:
                print(f"{path.name}: {document['kind']} has no model in the client; read as YAML alone")
                continue
            read(document, model)
            counted += 1
            pod = document.get("spec", {}).get("template", {}).get("spec", {}) if document["kind"] == "Deployment" else {}
            for container in pod.get("containers", []) + pod.get("initContainers", []):
                mounted = {mount["name"] for mount in container.get("volumeMounts", [])}
                assert mounted <= {volume["name"] for volume in pod["volumes"]}, container["name"]
                if container["name"] == "lora-gate":
                    check_arguments(tool, container["args"])
    print(f"{counted} objects read by the client's models")


def check_arguments(tool, arguments):
    """The program must know the arguments, whatever becomes of the paths in them, which are those of a cluster."""
    command = [] if arguments[0] == "validate" else ["serve", "--check"]
    result = subprocess.run([tool, *command, *arguments], capture_output=True, text=True)
    assert result.returncode != 64, result.stderr


def review(uid, spec, kind="LoraAdapter", group="production-stack.vllm.ai", operation="CREATE"):
    return {
        "apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview",
        "request": {
            "uid": uid, "kind": {"group": group, "version": "v1alpha1", "kind": kind}, "operation": operation,
            "resource": {"group": group, "version": "v1alpha1", "resource": kind.lower() + "s"},
            "name": "a", "namespace": "b", "userInfo": {},
            "object": {"apiVersion": f"{group}/v1alpha1", "kind": kind, "metadata": {"name": "a"}, "spec": spec},
        },
    }


def local(path, base="llama"):
    return {"baseModel": base, "adapterSource": {"type": "local", "adapterName": "a", "adapterPath": str(path)}}


def ask(address, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(address + path, data=data), timeout=30) as answer:
        return answer.read()


def check_answers(address):
    good, broken = ROOT / "adapters" / "llama-all-linear", ROOT / "broken" / "rank-global"
    cases = [
        (review("1", local(good)), True, None), (review("2", local(broken)), False, 422),
        (review("3", local("/etc")), False, 403), (review("4", local(good, "nobody")), False, 403),
        (review("5", {"baseModel": "llama", "artifactURL": str(good), "podSelector": {}}, "ModelAdapter", "model.aibrix.ai"),
         True, None),
        (review("6", {"artifactURL": "gcs://bucket/a", "podSelector": {}}, "ModelAdapter", "model.aibrix.ai"), False, 403),
        (review("7", {}, "Pod", "core"), False, 403), (review("8", local(broken), operation="DELETE"), True, None),
    ]
    for request, allowed, code in cases:
        answer = json.loads(ask(address, "/admission?timeout=10s", request))
        assert set(answer) == {"apiVersion", "kind", "response"}, answer
        assert answer["apiVersion"] == "admission.k8s.io/v1" and answer["kind"] == "AdmissionReview"
        response = answer["response"]
        assert all(key in RESPONSE and isinstance(value, RESPONSE[key]) for key, value in response.items()), response
        assert response["uid"] == request["request"]["uid"] and response["allowed"] is allowed, response
        for warning in response.get("warnings", []):
            assert len(warning.encode()) <= 256 and warning.isprintable(), warning
        assert ("status" in response) is not allowed
        if not allowed:
            status = read(response["status"], "V1Status")
            assert status.code == code and status.status == "Failure" and status.message
    return len(cases)


def check_metrics(address, reviews):
    text = ask(address, "/metrics").decode()
    families = {family.name: family for family in prometheus_client.parser.text_string_to_metric_families(text)}
    requests = families["lora_tool_requests"].samples
    asked = [sample for sample in requests if sample.labels["path"] == "/admission"]
    assert sum(sample.value for sample in asked) == reviews, asked
    durations = families["lora_tool_request_duration_seconds"]
    assert durations.type == "histogram"
    buckets = [s.value for s in durations.samples if s.name.endswith("_bucket") and s.labels["path"] == "/admission"]
    assert buckets == sorted(buckets) and buckets[-1] == reviews, buckets
    print(f"{len(families)} families of metrics, {reviews} reviews in them")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--tool", default=str(ROOT.parent / ".build" / "debug" / "lora-tool"))
    tool = parser.parse_args().tool
    check_manifests(tool)
    server = subprocess.Popen(
        [tool, "serve", "--listen", "127.0.0.1:0", "--root", str(ROOT), "--engine", "vllm", "--base",
         f"llama={ROOT / 'models' / 'llama-bf16-sharded'}"], stderr=subprocess.PIPE, text=True)
    try:
        address = json.loads(server.stderr.readline())["address"]
        reviews = check_answers(address)
        print(f"{reviews} reviews answered as they should be")
        check_metrics(address, reviews)
        server.send_signal(signal.SIGTERM)
        assert server.wait(timeout=30) == 0
    finally:
        server.kill()


if __name__ == "__main__":
    sys.exit(main())
