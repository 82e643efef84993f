"""An OpenLineage server for tests that misbehaves as it is told. The real one is in `tests.running`."""

import gzip
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from whence.json_slices import elements


class Backend:
    """What it took, and how it answers.

    Attributes:
        events: the bytes of each event that it took, in the order of arrival.
        requests: path and headers of each request.
        answer: status, content type and body to answer with instead of taking events; None takes them.
        has_batches: whether it has the endpoint for batches.
        refuses: events that hold this are refused; empty is none.
        busy_with: events that hold this fail for now.
    """

    def __init__(self) -> None:
        self.events: list[bytes] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        self.answer: tuple[int, str, bytes] | None = None
        self.has_batches = True
        self.refuses = b""
        self.busy_with = b""
        self.hangs = False
        self.url = ""
        self.released = threading.Event()

    def take(self, path: str, body: bytes) -> tuple[int, str, bytes]:
        """The answer to a request."""
        if self.answer:
            return self.answer
        if path == "/api/v1/lineage":
            if self.refuses and self.refuses in body:
                return 422, "application/problem+json", b'{"detail": "it is refused"}'
            self.events.append(body)
            return 201, "application/json", b"{}"
        if path != "/api/v1/lineage/batch" or not self.has_batches:
            return 404, "application/json", b"{}"
        failed: list[dict[str, Any]] = []
        for index, event in enumerate(elements(body)):
            if self.refuses and self.refuses in event:
                failed.append({"index": index, "reason": "it is refused", "retriable": False})
            elif self.busy_with and self.busy_with in event:
                failed.append({"index": index, "reason": "not now", "retriable": True})
            else:
                self.events.append(event)
        report = {"status": "partial_success" if failed else "success", "failed_events": failed}
        return 200, "application/json", json.dumps(report).encode()


@contextmanager
def backend(port: int = 0) -> Iterator[Backend]:
    """A running backend, on a free port unless one is named."""
    made = Backend()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            made.requests.append((self.path, dict(self.headers)))
            if made.hangs:
                made.released.wait(60)
                return
            status, kind, text = made.take(self.path, body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text)))
            self.send_header("Connection", "close")
            if status in (301, 302, 307, 308):
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            self.wfile.write(text)

        def do_GET(self) -> None:  # what a redirect leads to
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    made.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield made
    finally:
        made.released.set()
        server.shutdown()
        thread.join()
        server.server_close()


def until(condition: Any, seconds: float = 30.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not come about in time"
        time.sleep(0.01)
