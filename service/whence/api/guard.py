"""The ASGI middleware before all routes: who may come in, and that bodies are JSON."""

from starlette.types import ASGIApp, Receive, Scope, Send

from whence.access.gate import Gate
from whence.api.problems import problem_response
from whence_schemas.errors import WhenceError

SENDER = "whence.sender"
"""Where the ASGI scope holds the id of the request's key; it is empty where there was none."""


class UnsupportedMediaType(WhenceError):
    """The body's type or encoding is none that the server reads (RFC 9110, section 15.5.16)."""

    status = 415
    title = "Unsupported media type"


class Guard:
    """Lets in what the gate admits.

    What is posted must say that it is JSON: that, a web page of another origin can only do after it has asked,
    whereas the types of HTML forms it may send at once (https://fetch.spec.whatwg.org/#simple-header).
    """

    def __init__(self, app: ASGIApp, gate: Gate) -> None:
        self._app = app
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, or answer it with a problem."""
        if scope["type"] != "lifespan":
            try:
                self._admit(scope)
            except WhenceError as error:
                await problem_response(error, scope["path"])(scope, receive, send)
                return
        await self._app(scope, receive, send)

    def _admit(self, scope: Scope) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        method = scope.get("method", "")
        host, authorization, content_type = (
            headers.get(name, b"").decode("latin-1") for name in (b"host", b"authorization", b"content-type")
        )
        scope[SENDER] = self._gate.admit(method, scope["path"], host, authorization)
        if method == "POST":
            _check_json(content_type)


def _check_json(content_type: str) -> None:
    essence = content_type.partition(";")[0].strip().lower()
    if essence != "application/json" and not (essence.startswith("application/") and essence.endswith("+json")):
        found = f"the Content-Type {essence[:80]!r}" if essence else "no Content-Type"
        raise UnsupportedMediaType(f"found {found}: send `Content-Type: application/json`")
