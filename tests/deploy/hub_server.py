"""A hub on loopback that speaks the few calls which loading and pushing need."""

import base64
import hashlib
import json
import re
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


class Hub(ThreadingHTTPServer):
    """Repositories by name, each a dictionary of files; ``asked`` is all that was asked for."""

    def __init__(self):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.repos: dict[str, dict[str, bytes]] = {}
        self.private: set[str] = set()
        self.asked: list[str] = []
        self.tokens: set[str | None] = set()
        self.endpoint = f"http://127.0.0.1:{self.server_port}"


@contextmanager
def running_hub():
    with Hub() as hub:
        thread = threading.Thread(target=hub.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield hub
        finally:
            hub.shutdown()
            thread.join()


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self._file(with_body=False)

    def do_GET(self):
        self._file(with_body=True)

    def do_POST(self):
        self._note()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        lines = [json.loads(line) for line in body.splitlines() if line.strip()]
        action = re.fullmatch(r"/api/models/([^/]+/[^/]+)/(preupload|commit)/(.+)", self.path)
        if self.path == "/api/repos/create":
            repo = f"{lines[0]['organization']}/{lines[0]['name']}"
            self.server.repos.setdefault(repo, {})
            if lines[0].get("private") or lines[0].get("visibility") == "private":
                self.server.private.add(repo)
            self._answer(json={"url": f"{self.server.endpoint}/{repo}"})
        elif self.path == "/api/validate-yaml":
            assert lines[0]["content"].startswith("---\n")
            self._answer(json={"errors": [], "warnings": []})
        elif action[2] == "preupload":
            files = [
                {"path": file["path"], "uploadMode": "regular", "shouldIgnore": False}
                for file in lines[0]["files"]
            ]
            self._answer(json={"files": files})
        else:
            for line in lines:
                if line["key"] == "file":
                    content = base64.b64decode(line["value"]["content"])
                    self.server.repos[action[1]][line["value"]["path"]] = content
            url = f"{self.server.endpoint}/{action[1]}/commit/{COMMIT}"
            self._answer(json={"commitUrl": url, "commitOid": COMMIT})

    def _file(self, *, with_body):
        self._note()
        user, name, _, revision, file = self.path.lstrip("/").split("/", 4)
        repo = self.server.repos.get(f"{user}/{name}")
        if repo is None:
            self._answer(404, code="RepoNotFound")
        elif revision not in ("main", COMMIT):
            self._answer(404, code="RevisionNotFound")
        elif file not in repo:
            self._answer(404, code="EntryNotFound")
        else:
            self._answer(content=repo[file], with_body=with_body)

    def _note(self):
        self.server.asked.append(f"{self.command} {self.path}")
        self.server.tokens.add(self.headers.get("Authorization"))

    def _answer(self, status=200, *, content=b"", json=None, code=None, with_body=True):
        content = content if json is None else _dumps(json)
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", COMMIT)
        if json is not None:
            self.send_header("Content-Type", "application/json")
        if code is not None:
            self.send_header("X-Error-Code", code)
        self.end_headers()
        if with_body:
            self.wfile.write(content)


def _dumps(value):
    return json.dumps(value).encode()
