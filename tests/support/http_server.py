"""A real HTTP server that can be told to misbehave, and the two CRMs' public shapes on it."""

from __future__ import annotations

import json
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

Answer = tuple[int, dict[str, Any] | None]


@dataclass
class Request:
    """What a client asked."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body) if self.body else None


@dataclass
class Site:
    """What the server does with each request.

    `script` holds a mood for each coming write (POST, PUT): `ok`, a status (`429`, `500`), `500 after`, `reset after`, `slow after` (the
    data is taken, the answer is an error, a reset, or late), `reset before`.
    """

    answer: Callable[[Request], Answer]
    script: list[str] = field(default_factory=list)
    requests: list[Request] = field(default_factory=list)
    retry_after: str | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)
    url: str = ""


def _handler(site: Site) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def do_GET(self) -> None:
            self._serve()

        def do_POST(self) -> None:
            self._serve()

        def do_PUT(self) -> None:
            self._serve()

        def _serve(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            parts = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            headers = {name.lower(): value for name, value in self.headers.items()}
            request = Request(self.command, parts.path, query, headers, self.rfile.read(length))
            with site.lock:
                site.requests.append(request)
                mood = site.script.pop(0) if request.method != "GET" and site.script else "ok"
            if mood == "reset before":
                return self._reset()
            if mood.isdigit():
                return self._answer(int(mood), None)
            with site.lock:
                status, body = site.answer(request)
            if mood == "reset after":
                return self._reset()
            if mood == "slow after":
                time.sleep(2.5)
            if mood == "500 after":
                return self._answer(500, None)
            return self._answer(status, body)

        def _answer(self, status: int, body: dict[str, Any] | None) -> None:
            content = b"" if body is None else json.dumps(body).encode()
            try:
                self.send_response(status)
                if site.retry_after and status in (429, 503):
                    self.send_header("Retry-After", site.retry_after)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:
                pass  # the client has gone

        def _reset(self) -> None:
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.connection.close()
            self.close_connection = True

    return Handler


@contextmanager
def http_server(site: Site) -> Iterator[Site]:
    """Run the server on 127.0.0.1; `site.url` is its address."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(site))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    site.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()


class WealthboxShape:
    """Wealthbox as published: lists in pages, open tasks only unless asked, answers with the object made."""

    token = "wb-token"

    def __init__(self) -> None:
        self.tasks: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []

    def __call__(self, request: Request) -> Answer:
        if request.headers.get("access_token") != self.token:
            return 401, {"error": "unauthorized"}
        if request.method == "PUT":
            return put(self.tasks, request, "/tasks/")
        kept = self.tasks if request.path == "/tasks" else self.notes
        if request.method == "POST":
            kept.append({"id": len(kept) + 1, **request.json()})
            return 200, kept[-1]
        wanted = request.query.get("completed", "false") == "true"
        found = [
            each
            for each in kept
            if {"id": int(request.query["resource_id"]), "type": "Contact"} in each["linked_to"]
            and (kept is self.notes or each["complete"] is wanted)
        ]
        size, page = int(request.query["per_page"]), int(request.query["page"])
        name = "tasks" if kept is self.tasks else "status_updates"
        return 200, {name: found[size * (page - 1) : size * page]}


def put(kept: list[dict[str, Any]], request: Request, path: str) -> Answer:
    """Change the member that a path names."""
    found = [each for each in kept if request.path == f"{path}{each['id']}"]
    for each in found:
        each.update(request.json())
    return (200, found[0]) if found else (404, None)


class RedtailShape:
    """Redtail as published: a user key first, pages with totals, 204 for what is written."""

    page_size = 20

    def __init__(self) -> None:
        self.activities: list[dict[str, Any]] = []
        self.notes: list[dict[str, Any]] = []

    def __call__(self, request: Request) -> Answer:
        authorization = request.headers.get("authorization", "")
        if request.path == "/authentication":
            is_known = authorization == "Basic a2V5OmRlc2s6czNjcmV0"  # key:desk:s3cret
            return (200, {"authenticated_user": {"user_key": "u-1"}}) if is_known else (401, None)
        if authorization != "UserKeyAuth a2V5OnUtMQ==":  # key:u-1
            return 401, None
        if request.method == "PUT":
            return put(self.activities, request, "/activities/")[0], None
        if request.method == "POST":
            kept = self.activities if request.path == "/activities" else self.notes
            kept.append({"id": len(kept) + 1, **request.json()})
            return 204, None
        name = request.path.rpartition("/")[2]
        kept = self.activities if name == "activities" else self.notes
        page = int(request.query["page"])
        pages = max(1, -(-len(kept) // self.page_size))
        some = kept[self.page_size * (page - 1) : self.page_size * page]
        return 200, {name: some, "meta": {"total_records": len(kept), "total_pages": pages}}
