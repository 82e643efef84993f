"""Sends the workload to a server: ``python -m tests.benchmarks.load PORT single|batch FIRST JOBS``.

A process of its own, so that its cost is not the server's; plain keep-alive connections, so that it is small.
"""

import asyncio
import gzip
import sys
from collections.abc import Iterator
from itertools import islice

from tests.benchmarks.workload import events

CONNECTIONS = 16
BATCH = 100


async def send(port: int, requests: Iterator[bytes]) -> None:
    """Send requests one after the other on one connection; the iterator is shared by all connections."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for request in requests:
        writer.write(request)
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.lower().split(b"content-length:")[1].split(b"\r\n")[0])
        body = await reader.readexactly(length)
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
            raise SystemExit((head + body).decode())
    writer.close()
    await writer.wait_closed()


def request(path: str, body: bytes, encoding: str = "") -> bytes:
    """A POST."""
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n{encoding}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def requests(mode: str, first: int, jobs: int) -> Iterator[bytes]:
    """The workload as requests: an event each, or compressed batches."""
    every = events(jobs, first)
    if mode == "single":
        yield from (request("/api/v1/lineage", event) for event in every)
    while batch := list(islice(every, BATCH)):
        body = gzip.compress(b"[" + b",".join(batch) + b"]", 1)
        yield request("/api/v1/lineage/batch", body, "Content-Encoding: gzip\r\n")


async def main(port: int, mode: str, first: int, jobs: int) -> None:
    """Send everything on several connections."""
    shared = requests(mode, first, jobs)
    await asyncio.gather(*(send(port, shared) for _ in range(CONNECTIONS if mode == "single" else 2)))


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
