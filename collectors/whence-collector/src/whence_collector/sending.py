"""Sending events to an OpenLineage server over HTTP."""

import gzip
import json
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from email.message import Message
from http.client import HTTPException, HTTPMessage
from typing import IO, Any, NamedTuple

from . import __version__

TIMEOUT_SECONDS = 30.0
_REFUSALS = (400, 413, 422)
"""Answers that say that the events are at fault. Any other failure is one of the server, the way to it, or the key."""
_NO_BATCHES = (404, 405, 501)
_SMALL = 1024


class Unavailable(Exception):
    """The server did not take the events now; they have to be sent again.

    Attributes:
        after: how many seconds later, if the server said so.
        wrong_key: whether it was for the key.
    """

    def __init__(self, reason: str, after: float = 0, *, wrong_key: bool = False) -> None:
        super().__init__(reason)
        self.after = after
        self.wrong_key = wrong_key


class Failure(NamedTuple):
    """An event that the server did not take."""

    reason: str
    retriable: bool


class _Answer(NamedTuple):
    status: int
    is_json: bool
    body: bytes
    after: float

    def unavailable(self) -> Unavailable:
        """What the answer says, where it acknowledges nothing."""
        return Unavailable(self.reason(), self.after, wrong_key=self.status in (401, 403))

    def reason(self) -> str:
        detail = self.json().get("detail") or self.body[:200].decode(errors="replace").strip()
        return f"{self.status}: {detail}" if detail else str(self.status)

    def json(self) -> dict[str, Any]:
        try:
            found = json.loads(self.body) if self.is_json else {}
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}


class Sender:
    """Sends to one server: in batches (OpenLineage.yml's `/api/v1/lineage/batch`), or one by one where it has none."""

    def __init__(self, url: str, key: str = "", timeout: float = TIMEOUT_SECONDS) -> None:
        self._events = f"{url}/api/v1/lineage"
        self._headers = {"Content-Type": "application/json", "User-Agent": f"whence-collector/{__version__}"}
        if key:
            self._headers["Authorization"] = f"Bearer {key}"
        self._timeout = timeout
        self._has_batches = True
        self._opener = urllib.request.build_opener(_NoRedirects)

    def send(self, lines: Sequence[bytes]) -> Mapping[int, Failure]:
        """Send events; those that were not taken, by their index. All others are acknowledged.

        Raises:
            Unavailable: for all that is known, none was taken.
        """
        if self._has_batches:
            answer = self._post(f"{self._events}/batch", b"[" + b",".join(lines) + b"]", compress=True)
            if answer.status not in _NO_BATCHES:
                return self._failures(answer, lines)
        try:
            failures = self._send_singly(lines)
        except Unavailable:
            self._has_batches = True  # perhaps something else answered in the server's place
            raise
        self._has_batches = False
        return failures

    def _failures(self, answer: _Answer, lines: Sequence[bytes]) -> Mapping[int, Failure]:
        if _refuses(answer):
            if len(lines) == 1:
                return {0: Failure(answer.reason(), retriable=False)}
            middle = len(lines) // 2
            first, second = self.send(lines[:middle]), self.send(lines[middle:])
            return {**first, **{middle + index: failure for index, failure in second.items()}}
        if answer.status == 204:
            return {}
        report = answer.json()
        if answer.status != 200 or report.get("status") not in ("success", "partial_success"):
            raise answer.unavailable()
        try:
            failed = report.get("failed_events") or ()
            return {int(one["index"]): Failure(_said(one), bool(one.get("retriable"))) for one in failed}
        except (AttributeError, KeyError, TypeError, ValueError):
            raise Unavailable(f"the answer is none that OpenLineage knows: {answer.reason()}") from None

    def _send_singly(self, lines: Sequence[bytes]) -> Mapping[int, Failure]:
        failures = {}
        for index, line in enumerate(lines):
            answer = self._post(self._events, line, compress=False)
            if _refuses(answer):
                failures[index] = Failure(answer.reason(), retriable=False)
            elif not 200 <= answer.status < 300:
                if not index:
                    raise answer.unavailable()
                later = Failure(answer.reason(), retriable=True)
                return failures | dict.fromkeys(range(index, len(lines)), later)
        return failures

    def _post(self, url: str, body: bytes, compress: bool) -> _Answer:
        headers = self._headers
        if compress and len(body) > _SMALL:
            body, headers = gzip.compress(body, 5), headers | {"Content-Encoding": "gzip"}
        request = urllib.request.Request(url, body, headers)  # noqa: S310 - settings take http and https only
        try:
            with self._opener.open(request, timeout=self._timeout) as answer:
                return _answer(answer.status, answer.headers, answer.read())
        except urllib.error.HTTPError as error:
            with error:
                return _answer(error.code, error.headers, error.read())
        except urllib.error.URLError as error:
            raise Unavailable(str(error.reason)) from None
        except (OSError, HTTPException) as error:
            raise Unavailable(str(error) or type(error).__name__) from None


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """To follow one could end at a page that answers 200 to anything."""

    def redirect_request(
        self, req: urllib.request.Request, fp: IO[bytes], code: int, msg: str, headers: HTTPMessage, newurl: str
    ) -> None:
        return None


def _answer(status: int, headers: Message, body: bytes) -> _Answer:
    kind = headers.get_content_type()
    if status < 300 and kind == "text/html":
        raise Unavailable("a web page answered, which is no OpenLineage server: check WHENCE_URL")
    after = headers.get("Retry-After", "")
    return _Answer(status, kind.endswith("json"), body, float(after) if after.isdecimal() else 0)


def _refuses(answer: _Answer) -> bool:
    """Whether the server itself, and not something before it, says that an event is at fault."""
    return answer.status in _REFUSALS and answer.is_json


def _said(failed: Mapping[str, Any]) -> str:
    field, reason = failed.get("field"), str(failed.get("reason") or "no reason given")
    return f"{field}: {reason}" if field else reason
