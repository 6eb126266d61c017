"""A server in the shape of the Hugging Face Hub, on loopback, for `check_remote.py`.

It answers what huggingface_hub asks for: `/api/models/ID/revision/REVISION`, `/api/models/ID/tree/REVISION`, and
`/ID/resolve/REVISION/PATH` with HEAD and GET, where large files lead on to another origin by a signed address. Both
origins write down every request.
"""

import hashlib
import http.server
import json
import pathlib
import re
import threading
import urllib.parse

TOKEN = "hf_testtokentesttokentesttoken"
COMMIT = "0123456789abcdef0123456789abcdef01234567"
SIGNATURE = "X-Signature=secretsignature"
LARGE = 100_000


def git_blob(data):
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.answer()

    def do_GET(self):
        self.answer()

    def send(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        if not any(name.lower() == "content-length" for name, _ in headers):
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)
            self.server.bytes_sent += len(body)

    def send_file(self, data, headers):
        wanted = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        headers = [("Accept-Ranges", "bytes"), *headers]
        if not wanted:
            return self.send(200, [*headers, ("Content-Length", str(len(data)))], data)
        first, last = int(wanted[1]), min(int(wanted[2] or len(data)), len(data) - 1)
        if first >= len(data):
            return self.send(416, [("Content-Range", f"bytes */{len(data)}")])
        part = data[first : last + 1]
        self.send(206, [*headers, ("Content-Range", f"bytes {first}-{last}/{len(data)}"),
                        ("Content-Length", str(len(part)))], part)


class Hub(Handler):
    def error(self, status, code, message):
        self.send(status, [("X-Error-Code", code), ("X-Error-Message", message)], message.encode())

    def answer(self):
        server = self.server
        authorized = self.headers.get("Authorization") == f"Bearer {TOKEN}"
        server.requests.append((self.command, self.path, dict(self.headers)))
        path = urllib.parse.urlsplit(self.path).path
        api = re.fullmatch(r"/api/models/([^/]+/[^/]+)(?:/(?:revision|tree)/([^/]+))?", path)
        file = re.fullmatch(r"/([^/]+/[^/]+)/resolve/([^/]+)/(.+)", path)
        name = (api or file)[1] if api or file else ""
        folder = server.repositories.get(name)
        if folder is None or ("private" in name and not authorized):
            return self.error(401 if not authorized else 404, "RepoNotFound", "Repository not found")
        revision = urllib.parse.unquote((api or file)[2] or "main")
        if revision not in ("main", COMMIT, "refs/pr/1"):
            return self.error(404, "RevisionNotFound", "Invalid rev id")
        if api:
            siblings = []
            for path in sorted(folder.rglob("*")):
                if not path.is_file():
                    continue
                data = path.read_bytes()
                entry = {"rfilename": path.relative_to(folder).as_posix(), "size": len(data), "blobId": git_blob(data)}
                if len(data) > LARGE:
                    entry["lfs"] = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data), "pointerSize": 134}
                siblings.append(entry)
            if "/tree/" in self.path:
                body = [{"type": "file", "oid": entry["blobId"], "size": entry["size"], "path": entry["rfilename"],
                         **({"lfs": {**entry["lfs"], "oid": entry["lfs"]["sha256"]}} if "lfs" in entry else {})}
                        for entry in siblings]
                return self.send(200, [("Content-Type", "application/json")], json.dumps(body).encode())
            body = {"id": name, "modelId": name, "sha": COMMIT, "private": False, "gated": False, "tags": [],
                    "downloads": 0, "likes": 0, "siblings": siblings}
            return self.send(200, [("Content-Type", "application/json")], json.dumps(body).encode())
        if "gated" in name and not authorized:
            return self.error(401, "GatedRepo", "Access to this model is restricted")
        place = folder / urllib.parse.unquote(file[3])
        if not place.is_file():
            return self.error(404, "EntryNotFound", "Entry not found")
        data = place.read_bytes()
        common = [("X-Repo-Commit", COMMIT)]
        if len(data) <= LARGE:
            return self.send_file(data, [*common, ("ETag", f'"{git_blob(data)}"')])
        digest = hashlib.sha256(data).hexdigest()
        server.store.blobs[digest] = data
        location = f"{server.store.url}/blobs/{digest}?{SIGNATURE}"
        self.send(302, [*common, ("Location", location), ("X-Linked-Etag", f'"{digest}"'),
                        ("X-Linked-Size", str(len(data))), ("ETag", f'"{digest}"')])


class Store(Handler):
    def answer(self):
        self.server.requests.append((self.command, self.path, dict(self.headers)))
        digest = self.path.split("?")[0].rsplit("/", 1)[-1]
        if not self.path.endswith(SIGNATURE) or digest not in self.server.blobs:
            return self.send(403)
        if "Authorization" in self.headers:
            return self.send(400, body=b"Only one auth mechanism allowed")
        self.send_file(self.server.blobs[digest], [("ETag", f'"{digest}"')])


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, handler):
        super().__init__(("127.0.0.1", 0), handler)
        self.requests, self.blobs, self.bytes_sent = [], {}, 0
        self.url = f"http://127.0.0.1:{self.server_port}"
        threading.Thread(target=self.serve_forever, daemon=True).start()


def start(repositories):
    """The hub, and below `.store` the other origin."""
    hub = Server(Hub)
    hub.store = Server(Store)
    hub.repositories = {name: pathlib.Path(folder) for name, folder in repositories.items()}
    return hub
