"""The client of a server: what it does when a server is slow, busy or refuses."""

import gzip
import json

import httpx
import pytest

from whence.cli import remote
from whence.cli.client import Receipt
from whence_schemas.errors import WhenceError


def client(answer):
    transport = httpx.MockTransport(answer)
    return remote.Server(httpx.AsyncClient(transport=transport, base_url="http://whence.example"))


def report(request, **summary):
    events = json.loads(gzip.decompress(request.content))
    return httpx.Response(
        200, json={"summary": {"successful": len(events), "failed": 0} | summary, "failed_events": []}
    )


@pytest.fixture(autouse=True)
def pauses(monkeypatch):
    """Takes no time, and notes how long each pause would have been."""
    taken = []

    async def sleep(seconds):
        taken.append(seconds)

    monkeypatch.setattr(remote.asyncio, "sleep", sleep)
    return taken


async def test_a_busy_server_is_asked_again_ever_later(pauses):
    answers = [httpx.Response(503), httpx.Response(503, headers={"Retry-After": "20"}), httpx.Response(429)]

    def answer(request):
        if answers:
            return answers.pop(0)
        return report(request, duplicates=1)

    assert await client(answer).send([b"{}", b"{}"]) == Receipt(2, 1, {})
    assert len(pauses) == 3
    assert 15 <= pauses[1] <= 20
    assert pauses[0] < pauses[2]


async def test_a_server_that_stays_away_is_told(pauses):
    def answer(request):
        raise httpx.ConnectError("refused", request=request)

    with pytest.raises(WhenceError, match=r"does not answer .refused.: start the server"):
        await client(answer).send([b"{}"])
    assert sum(pauses) > 20


async def test_an_event_that_makes_a_batch_unreadable_is_found():
    def answer(request):
        events = json.loads(gzip.decompress(request.content))
        return httpx.Response(413, json={"detail": "too large"}) if 7 in events else report(request)

    receipt = await client(answer).send([b"%d" % number for number in range(10)])
    assert (receipt.accepted, receipt.duplicates) == (9, None)
    assert list(receipt.refused) == [7]
    assert "too large" in receipt.refused[7]


async def test_what_is_no_whence_is_told():
    for response in (
        httpx.Response(404, text="<html>"),
        httpx.Response(200, text="hello"),
        httpx.Response(200, json=[]),
    ):
        with pytest.raises(WhenceError, match="is this the address of a Whence server"):
            await client(lambda request, response=response: response).ask("{ x }", {})


@pytest.mark.parametrize("url", ["localhost:5000", "http://localhost:many"])
def test_an_address_must_be_one(whence, url):
    assert whence("search", "--url", url, code=2).err.startswith("whence: WHENCE_URL: ")
