"""Checks remote inputs against real servers on loopback.

    python testdata/make/check_remote.py [--tool .build/release/lora-tool] [hub] [s3] [tls]

* hub: a server in the shape of the Hugging Face Hub (`hub_server.py`). huggingface_hub's own client must be content with
  it first: it lists, downloads and gets the errors that it should. Then lora-tool reads the same repositories; what it
  says must be what it says of the files on disk, the token must reach the hub alone, and no secret may be printed.
* s3: moto's server, which checks signatures and rights as AWS does. boto3 writes, lora-tool reads.
* tls: nginx with a certificate of an authority made here, trusted through SSL_CERT_FILE and not trusted without;
  also through proxies.

Prints what was requested. Needs huggingface_hub, moto[server], boto3, numpy and safetensors, and nginx and openssl.
"""

import argparse
import base64
import json
import os
import pathlib
import select
import shutil
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request

import numpy
from safetensors.numpy import load_file, save_file

import hub_server

ROOT = pathlib.Path(__file__).resolve().parent.parent
CLEAN = {name: value for name, value in os.environ.items()
         if not name.startswith(("HF_", "AWS_", "SSL_")) and not name.lower().endswith("_proxy")}
failures = 0


def check(condition, what, details=""):
    global failures
    print(("ok    " if condition else "WRONG ") + what + ("" if condition else f"\n      {details}"))
    failures += not condition


def run(arguments, **environment):
    # The home folder may hold tokens and keys.
    variables = {**CLEAN, "HOME": "/nonexistent", **environment}
    return subprocess.run([tool, *map(str, arguments)], env=variables, capture_output=True, text=True, timeout=120)


def document(result, *paths):
    """The report without what depends on the place of the files."""
    text = result.stdout
    for path in paths:
        text = text.replace(str(path), "PLACE")
    return text


def large_adapter(folder, factor=400):
    """An adapter of the fixtures with layers enough that it does not come with the first range."""
    source = ROOT / "adapters" / "llama-all-linear"
    folder.mkdir()
    shutil.copy(source / "adapter_config.json", folder)
    random = numpy.random.default_rng(0)
    tensors = {}
    for name, tensor in load_file(source / "adapter_model.safetensors").items():
        shape = tuple(size * factor if size > 16 else size for size in tensor.shape)
        tensors[name] = random.standard_normal(shape).astype(numpy.float32) * 0.01
    save_file(tensors, folder / "adapter_model.safetensors", {"format": "pt"})
    return folder


def same(what, local, remote, commands, environment, hidden=()):
    """Every command must say the same of both."""
    for command in commands:
        one = run([*command, local, "--format", "json"])
        two = run([*command, remote, "--format", "json"], **environment)
        check(one.returncode == two.returncode and document(one, local) == document(two, remote),
              f"{what}: {' '.join(command)} as of the files on disk",
              f"{one.returncode} {two.returncode} {two.stderr[:500]}")
        for secret in hidden:
            check(secret not in two.stdout + two.stderr, f"{what}: no secret in the output of {command[0]}")


def refused(what, arguments, words, environment, hidden=()):
    result = run(arguments, **environment)
    lines = result.stderr.strip().splitlines()
    check(result.returncode == 2 and len(lines) == 1 and all(word in lines[0] for word in words),
          f"{what}: {lines[0] if lines else '(nothing)'}", f"exit {result.returncode}: {result.stderr}")
    check(not any(secret in result.stdout + result.stderr for secret in hidden), f"{what}: no secret shown")


COMMANDS = [["inspect"], ["inspect", "--stats"], ["validate", "--header-only"], ["validate"]]


def check_hub(scratch):
    large = large_adapter(scratch / "large")
    small = ROOT / "adapters" / "llama-all-linear"
    model = ROOT / "models" / "llama-bf16-sharded"
    hub = hub_server.start({"org/small": small, "org/large": large, "org/private": large, "org/gated": large,
                            "org/model": model})
    variables = {"HF_ENDPOINT": hub.url, "HF_HOME": str(scratch / "empty")}
    with_token = {**variables, "HF_TOKEN": hub_server.TOKEN}

    # Its own client first.
    os.environ.update({"HF_ENDPOINT": hub.url, "HF_HOME": str(scratch / "home"), "HF_HUB_DISABLE_XET": "1"})
    import huggingface_hub
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError

    info = huggingface_hub.HfApi(endpoint=hub.url).model_info("org/large", files_metadata=True)
    check(info.sha == hub_server.COMMIT and len(info.siblings) == 2, "huggingface_hub lists the repository")
    path = huggingface_hub.hf_hub_download("org/large", "adapter_model.safetensors")
    check(pathlib.Path(path).read_bytes() == (large / "adapter_model.safetensors").read_bytes(),
          "huggingface_hub downloads a large file")
    snapshot = huggingface_hub.snapshot_download("org/small")
    for name, error in [("org/nothing", RepositoryNotFoundError), ("org/gated", GatedRepoError)]:
        try:
            huggingface_hub.hf_hub_download(name, "adapter_model.safetensors", token=False)
            check(False, f"huggingface_hub refuses {name}")
        except error:
            check(True, f"huggingface_hub refuses {name} with {error.__name__}")

    # Then the program.
    for name, folder in [("small", small), ("large", large)]:
        same(f"hf://org/{name}", folder, f"hf://org/{name}", COMMANDS, variables, [hub_server.SIGNATURE])
    same("hf:// with a revision", large, "hf://org/large@refs/pr/1", [["inspect"]], variables)
    same("hf:// of one file", large / "adapter_model.safetensors", "hf://org/large/adapter_model.safetensors",
         [["inspect"], ["validate", "--header-only"]], variables)
    same("hf:// with a token", large, "hf://org/private", COMMANDS, with_token,
         [hub_server.TOKEN, hub_server.SIGNATURE])
    check(all("Authorization" not in headers for _, _, headers in hub.store.requests), "no token reached the other host")
    base = run(["bases", "--base", "hf://org/model", "--format", "json"], **variables)
    here = run(["bases", "--base", model, "--format", "json"])
    check(base.returncode == 0 and json.loads(base.stdout)["modules"] == json.loads(here.stdout)["modules"],
          "the base on the hub has the modules of the one on disk", base.stderr)

    hub.requests.clear(), hub.store.requests.clear()
    hub.bytes_sent = hub.store.bytes_sent = 0
    run(["validate", "--header-only", "hf://org/large"], **variables)
    print(f"      validate --header-only of {(large / 'adapter_model.safetensors').stat().st_size:,} B: "
          f"{len(hub.requests)} requests to the hub, {len(hub.store.requests)} to the other host, "
          f"{hub.bytes_sent + hub.store.bytes_sent:,} B")
    hub.store.requests.clear()
    run(["validate", "hf://org/large"], **variables)
    print(f"      validate of all its values: {len(hub.store.requests)} requests to the other host")

    for name, words in [("org/nothing", ["no repository", "HF_TOKEN"]), ("org/gated", ["gated", "401"]),
                        ("org/private", ["no repository", "401"]), ("org/large@other", ["no revision", "404"])]:
        refused(f"hf://{name}", ["inspect", f"hf://{name}"], words, variables)
    refused("a wrong token", ["inspect", "hf://org/private"], ["401"],
            {**variables, "HF_TOKEN": "hf_wrongwrongwrong"}, ["hf_wrongwrongwrong"])

    # The cache that the client has filled.
    home = {"HF_ENDPOINT": hub.url, "HF_HOME": str(scratch / "home")}
    hub.requests.clear(), hub.store.requests.clear()
    same("a cached repository", small, "hf://org/small", [["validate"]], home)
    check(len(hub.requests) == 1 and not hub.store.requests,
          f"a cached repository: {len(hub.requests)} request, for the list", [path for _, path, _ in hub.requests])
    offline = {**home, "HF_HUB_OFFLINE": "1", "HF_ENDPOINT": "http://127.0.0.1:9"}
    same("offline", small, "hf://org/small", COMMANDS, offline)
    same("a server that is gone", small, "hf://org/small", [["validate"]], {**home, "HF_ENDPOINT": "http://127.0.0.1:9"})
    result = run(["validate", "org/small", "--format", "json"], **offline)
    check(result.returncode == run(["validate", small]).returncode, "the id of a cached repository", result.stderr)
    refused("offline, not cached", ["inspect", "hf://org/nothing"], ["HF_HUB_OFFLINE"], offline)

    # A merge of a base and an adapter that lie there.
    bases = {"here": model, "there": "hf://org/model"}
    for place, adapter in [("here", small), ("there", "hf://org/small")]:
        result = run(["merge", "--base", bases[place], "--adapter", adapter, "--output", scratch / f"merged-{place}",
                      "--verify"], **(variables if place == "there" else {}))
        check(result.returncode == 0, f"merge --verify {bases[place]}", result.stderr)
    names = sorted(path.name for path in (scratch / "merged-here").iterdir())
    check(names == sorted(path.name for path in (scratch / "merged-there").iterdir()), "the merges have the same files")
    check(all((scratch / "merged-here" / name).read_bytes() == (scratch / "merged-there" / name).read_bytes()
              for name in names if name != "lora-merge.json"), "the merges have the same bytes, their records aside")
    for arguments in [["pack", "--base", "hf://org/model", "--max-loras", "1", "--verify"],
                      ["plan", "--base", "hf://org/model", "--adapter"],
                      ["validate", "--base", "hf://org/model", "--engine", "vllm"], ["diff", small],
                      ["parity", "--base", "hf://org/model", "--adapter"]]:
        result = run([*arguments, "hf://org/small"], **variables)
        check(result.returncode == 0, f"{' '.join(map(str, arguments[:3]))} hf://org/small", result.stderr)

    # What is made of it.
    for source, environment in [(small, {}), ("hf://org/small", variables)]:
        output = scratch / f"resized-{len(str(source))}"
        result = run(["resize", source, "--rank", "2", "--output", output], **environment)
        check(result.returncode == 0, f"resize {source}", result.stderr)
    one, two = sorted(scratch.glob("resized-*"))
    check((one / "adapter_model.safetensors").read_bytes() == (two / "adapter_model.safetensors").read_bytes(),
          "resize writes the same bytes from both")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def wait_for(url, context=None):
    for _ in range(200):
        try:
            return urllib.request.urlopen(url, context=context)
        except urllib.error.HTTPError:
            return None
        except Exception:
            time.sleep(0.1)
    sys.exit(f"{url} does not come up")


def check_s3(scratch):
    import boto3
    from moto.server import ThreadedMotoServer

    os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "1000"
    port = free_port()
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=port)
    server.start()
    url = f"http://127.0.0.1:{port}"
    wait_for(url)
    large = large_adapter(scratch / "large")
    options = {"endpoint_url": url, "region_name": "eu-west-1", "aws_access_key_id": "x", "aws_secret_access_key": "x"}
    s3 = boto3.client("s3", **options)
    iam = boto3.client("iam", **options)
    s3.create_bucket(Bucket="adapters", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for prefix in ["team a/v1+2/", "plain/"]:
        for file in large.iterdir():
            s3.put_object(Bucket="adapters", Key=prefix + file.name, Body=file.read_bytes())
    iam.create_user(UserName="reader")
    policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"],
                                                      "Resource": "*"}]}
    iam.put_user_policy(UserName="reader", PolicyName="read", PolicyDocument=json.dumps(policy))
    key = iam.create_access_key(UserName="reader")["AccessKey"]
    iam.create_user(UserName="nobody")
    nobody = iam.create_access_key(UserName="nobody")["AccessKey"]
    # From now on everything is checked.
    request = urllib.request.Request(f"{url}/moto-api/reset-auth", data=b"0", method="POST",
                                     headers={"Content-Type": "text/plain"})
    urllib.request.urlopen(request)
    secret = key["SecretAccessKey"]
    variables = {"AWS_ENDPOINT_URL": url, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": key["AccessKeyId"],
                 "AWS_SECRET_ACCESS_KEY": secret}
    same("s3:// folder", large, "s3://adapters/plain", COMMANDS, variables, [secret])
    same("s3:// folder with odd characters", large, "s3://adapters/team a/v1+2", [["validate"]], variables, [secret])
    same("s3:// file", large / "adapter_model.safetensors", "s3://adapters/plain/adapter_model.safetensors",
         [["inspect"], ["validate", "--header-only"]], variables, [secret])
    result = run(["inspect", "s3://adapters", "--format", "json"], **variables)
    check(result.returncode == 0 and len(json.loads(result.stdout)["adapters"]) == 2, "s3:// bucket with two adapters",
          result.stderr)
    file = scratch / "credentials"
    file.write_text(f"[default]\naws_access_key_id = no\naws_secret_access_key = no\n[team]\n"
                    f"aws_access_key_id={key['AccessKeyId']}\naws_secret_access_key = {secret}\n")
    profile = {"AWS_ENDPOINT_URL_S3": url, "AWS_DEFAULT_REGION": "eu-west-1", "AWS_PROFILE": "team",
               "AWS_SHARED_CREDENTIALS_FILE": str(file)}
    same("a profile", large, "s3://adapters/plain", [["inspect"]], profile, [secret])
    where = ["inspect", "s3://adapters/plain/adapter_model.safetensors"]
    refused("a wrong secret", where, ["403"], {**variables, "AWS_SECRET_ACCESS_KEY": "wrongwrongwrong"},
            ["wrongwrongwrong"])
    refused("a wrong key", where, ["403"], {**variables, "AWS_ACCESS_KEY_ID": "AKIAWRONGWRONGWRONG1"}, [secret])
    refused("no rights", where, ["403"], {**variables, "AWS_ACCESS_KEY_ID": nobody["AccessKeyId"],
                                          "AWS_SECRET_ACCESS_KEY": nobody["SecretAccessKey"]})
    refused("no such object", ["inspect", "s3://adapters/plain/other.safetensors"], ["404"], variables)
    refused("no such bucket", ["inspect", "s3://nothing-here/a.safetensors"], ["bucket"], variables)
    server.stop()


def certificate(folder):
    """A certificate for 127.0.0.1, and the authority that signed it."""
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key", "-out", "ca.pem", "-days", "2",
            "-subj", "/CN=test authority")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=localhost")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1,DNS:localhost")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-out",
            "server.pem", "-days", "2", "-extfile", "names")


class Proxy(socketserver.StreamRequestHandler):
    """Connects where it is told to; with a password that the server has, only for those who give it."""

    def handle(self):
        target = self.rfile.readline().split()[1].decode()
        headers = b""
        while (line := self.rfile.readline()).strip():
            headers += line
        self.server.targets.append(target)
        password = self.server.password
        if password and base64.b64encode(password) not in headers:
            return self.wfile.write(b"HTTP/1.1 407 No\r\nContent-Length: 0\r\n\r\n")
        host, port = target.rsplit(":", 1)
        with socket.create_connection((host, int(port))) as other:
            self.wfile.write(b"HTTP/1.1 200 Connected\r\n\r\n")
            sides = {self.connection: other, other: self.connection}
            while True:
                for side in select.select(list(sides), [], [])[0]:
                    data = side.recv(1 << 16)
                    if not data:
                        return None
                    sides[side].sendall(data)


def start_proxy(password=None):
    proxy = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Proxy)
    proxy.daemon_threads = True
    proxy.targets, proxy.password = [], password
    threading.Thread(target=proxy.serve_forever, daemon=True).start()
    return proxy


def check_tls(scratch):
    port, plain = free_port(), free_port()
    certificate(scratch)
    large = large_adapter(scratch / "large")
    scratch.chmod(0o755)
    (scratch / "nginx.conf").write_text(f"""
daemon off; pid {scratch}/pid; error_log {scratch}/error.log; user root;
events {{}}
http {{
  log_format short '$request_method $uri $status $body_bytes_sent $connection';
  access_log {scratch}/access.log short;
  client_body_temp_path {scratch}/t1; proxy_temp_path {scratch}/t2; fastcgi_temp_path {scratch}/t3;
  uwsgi_temp_path {scratch}/t4; scgi_temp_path {scratch}/t5;
  server {{
    listen 127.0.0.1:{port} ssl; listen 127.0.0.2:{port} ssl; listen 127.0.0.1:{plain};
    ssl_certificate {scratch}/server.pem; ssl_certificate_key {scratch}/server.key;
    root {scratch};
    location /denied/ {{ return 403; }}
    location /whole/ {{ alias {scratch}/large/; max_ranges 0; }}
    location /moved/ {{ rewrite ^/moved/(.*)$ /large/$1 redirect; }}
    location /signed/ {{ if ($arg_sig != "querysecret") {{ return 403; }} alias {scratch}/large/; }}
  }}
}}""")
    server = subprocess.Popen(["nginx", "-c", str(scratch / "nginx.conf"), "-e", str(scratch / "error.log")])
    try:
        wait_for(f"http://127.0.0.1:{plain}/")
        url = f"https://localhost:{port}"
        trusting = {"SSL_CERT_FILE": str(scratch / "ca.pem")}
        file = "adapter_model.safetensors"
        log = scratch / "access.log"
        same("https:// folder", large, f"{url}/large", COMMANDS, trusting)
        same("https:// file", large / file, f"{url}/large/{file}", COMMANDS, trusting)
        same("redirects", large / file, f"{url}/moved/{file}", [["inspect"]], trusting)
        same("http:// to loopback", large / file, f"http://127.0.0.1:{plain}/large/{file}", [["inspect"]], {})
        one = run(["inspect", large / file, "--format", "json"])
        two = run(["inspect", f"{url}/signed/{file}?sig=querysecret", "--format", "json"], **trusting)
        check(document(one, large / file) == document(two, f"{url}/signed/{file}"), "a signed address", two.stderr)
        check("querysecret" not in two.stdout + two.stderr, "a signed address: no secret shown")
        for arguments in [["validate", "--header-only"], ["validate"]]:
            log.write_text("")
            run([*arguments, f"{url}/large/{file}"], **trusting)
            lines = [line.split() for line in log.read_text().splitlines()]
            print(f"      {' '.join(arguments)} of {(large / file).stat().st_size:,} B: {len(lines)} requests, "
                  f"{sum(int(line[3]) for line in lines):,} B, {len({line[4] for line in lines})} connections")
        refused("not trusted", ["inspect", f"{url}/large/{file}"], ["certificate", "SSL_CERT_FILE"], {})
        refused("another name", ["inspect", f"https://127.0.0.2:{port}/large/{file}"], ["names another server"],
                trusting)
        refused("no such file", ["inspect", f"{url}/large/other.safetensors"], ["404"], trusting)
        refused("not allowed", ["inspect", f"{url}/denied/{file}"], ["403"], trusting)
        refused("a bad signature", ["inspect", f"{url}/signed/{file}?sig=wrongsecret"], ["403"], trusting, ["wrongsecret"])
        refused("a user in the address", ["inspect", f"https://user:passwordsecret@localhost:{port}/denied/{file}"],
                ["403"], trusting, ["passwordsecret"])
        refused("http:// to another machine", ["inspect", "http://10.0.0.1/a.safetensors"], ["https://"], {})
        refused("no such name", ["inspect", "https://no-such-host.invalid/a.safetensors"], ["not known"], {})
        refused("no server", ["inspect", f"https://127.0.0.1:{free_port()}/a.safetensors"], ["no connection"], {})
        refused("whole files alone", ["validate", f"{url}/whole/{file}"], ["whole files alone"], trusting)
        proxy, locked = start_proxy(), start_proxy(b"user:proxysecret")
        through = {**trusting, "HTTPS_PROXY": f"http://127.0.0.1:{proxy.server_address[1]}"}
        same("through a proxy", large / file, f"{url}/large/{file}", [["inspect"]], through)
        check(set(proxy.targets) == {f"localhost:{port}"}, f"HTTPS_PROXY was used {len(proxy.targets)} times")
        proxy.targets.clear()
        same("past a proxy", large / file, f"{url}/large/{file}", [["inspect"]], {**through, "NO_PROXY": "localhost"})
        same("http:// past a proxy", large / file, f"http://127.0.0.1:{plain}/large/{file}", [["inspect"]],
             {**through, "http_proxy": through["HTTPS_PROXY"]})
        check(not proxy.targets, "NO_PROXY was respected")
        place = f"127.0.0.1:{locked.server_address[1]}"
        refused("a proxy that is locked", ["inspect", f"{url}/large/{file}"], ["proxy", "407"],
                {**trusting, "HTTPS_PROXY": f"http://user:wrongsecret@{place}"}, ["wrongsecret"])
        same("a proxy with a password", large / file, f"{url}/large/{file}", [["inspect"]],
             {**trusting, "HTTPS_PROXY": f"http://user:proxysecret@{place}"}, ["proxysecret"])
        result = run(["validate", "--header-only", f"{url}/whole/{file}"], **trusting)
        check(result.returncode == 0, "whole files alone: the header can be checked", result.stderr)
        subprocess.run(["nginx", "-v"])
    finally:
        server.terminate()
        server.wait()


parser = argparse.ArgumentParser()
parser.add_argument("--tool", default=".build/debug/lora-tool")
parser.add_argument("parts", nargs="*", default=[], choices=["hub", "s3", "tls", []])
arguments = parser.parse_args()
tool = os.path.abspath(arguments.tool)
for name in arguments.parts or ["hub", "s3", "tls"]:
    with tempfile.TemporaryDirectory() as folder:
        globals()[f"check_{name}"](pathlib.Path(folder))
print(f"{failures} wrong")
sys.exit(failures > 0)
