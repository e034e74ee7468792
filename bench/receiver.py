"""Deliveries per second that the receiver stores durably before it answers, on this machine.

    python bench/receiver.py [--deliveries 6000] [--connections 64] [--bytes 9000] [--store URL]

A sender in a process of its own keeps so many connections busy with signed GitHub deliveries, each
answered after its commit. Target: 500 per second on two cores, sender included. Afterwards the
ledger must hold every one of them and agree with itself. SIMULATED data.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import os
import re
import resource
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from common.figures import figure

from evidence.model.delivery import Delivery
from evidence.store import queries
from evidence.store.audit import audit
from evidence.store.session import open_store

CONFIGURATION = """
[organisation]
name = "Bench (simulated)"
[[source]]
id = "github"
kind = "github"
webhook_secrets = ["env:BENCH_WEBHOOK"]
"""


def request(number: int, size: int, secret: bytes) -> bytes:
    """One signed delivery as it stands on the wire, its body of about so many bytes."""
    body: dict[str, object] = {
        "action": "synchronize",
        "number": number,
        "pull_request": {
            "id": number,
            "number": number,
            "title": f"Change {number}",
            "updated_at": "2026-07-01T10:00:00Z",
            "head": {"sha": f"{number:040x}", "ref": "topic"},
        },
        "repository": {"id": 1, "full_name": "example-shop/shop"},
    }
    # As in GitHub's payloads: most of it are addresses, flat, in a few objects.
    address = "https://api.github.example/repos/example-shop/shop/contents/"
    fill = {f"address_{at}": address for at in range(max(0, (size - 300) // (len(address) + 20)))}
    body["sender"] = {"id": 1, "login": "example", **fill}
    data = json.dumps(body).encode()
    signature = hmac.new(secret, data, hashlib.sha256).hexdigest()
    head = (
        "POST /webhooks/github HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\n"
        f"X-GitHub-Event: pull_request\r\nX-GitHub-Delivery: bench-{number:08d}\r\n"
        f"X-Hub-Signature-256: sha256={signature}\r\nContent-Length: {len(data)}\r\n\r\n"
    )
    return head.encode() + data


async def send(port: int, requests: list[bytes], connections: int) -> list[float]:
    """Seconds that each answer took; every answer is a 200."""
    waiting = iter(requests)
    taken: list[float] = []

    async def connection() -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        for one in waiting:
            begun = time.perf_counter()
            writer.write(one)
            head = await reader.readuntil(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 200"):
                raise SystemExit(f"refused: {head!r}")
            length = re.search(rb"content-length: (\d+)", head)
            await reader.readexactly(int(length[1]) if length else 0)
            taken.append(time.perf_counter() - begun)
        writer.close()

    await asyncio.gather(*(connection() for _ in range(connections)))
    return taken


@contextmanager
def receiver(home: Path, url: str, secret: str) -> Iterator[int]:
    """The real program as a process of its own; yields its port."""
    (home / "evidence.toml").write_text(CONFIGURATION, encoding="utf-8")
    environment = {
        **os.environ,
        "EVIDENCE_HOME": str(home),
        "EVIDENCE_STORE__URL": url,
        "BENCH_WEBHOOK": secret,
    }
    command = [sys.executable, "-m", "evidence.cli", "serve", "--receiver", "--port", "0"]
    process = subprocess.Popen(
        [*command, "--config", str(home / "evidence.toml")],
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    try:
        said = process.stderr.readline() if process.stderr else ""
        yield int(said.split(":")[-1].split("/")[0])
    finally:
        process.terminate()
        process.wait()


def run(deliveries: int, connections: int, size: int, url: str) -> None:
    """Prints the figures."""
    secret = secrets.token_hex(24)
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        url = url or f"sqlite:///{home / 'evidence.sqlite3'}"
        requests = [request(number, size, secret.encode()) for number in range(deliveries)]
        with receiver(home, url, secret) as port:
            begun = time.perf_counter()
            taken = sorted(asyncio.run(send(port, requests, connections)))
            seconds = time.perf_counter() - begun
        store = open_store(url)
        stored = len({one.delivery_id for one in queries.load_versions(store, Delivery)})
        audit(store)
        store.close()
    if stored != deliveries:
        raise SystemExit(f"{deliveries} answered, {stored} stored")
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = (spent.ru_utime + spent.ru_stime) / deliveries
    slowest = taken[int(len(taken) * 0.99)]
    sys.stdout.write(
        f"{deliveries} deliveries of {len(requests[0])} bytes over {connections} connections: "
        f"median {taken[len(taken) // 2] * 1000:.0f} ms, 99th percentile {slowest * 1000:.0f} ms, "
        f"{cpu * 1000:.2f} ms of CPU each with the start; all in the ledger\n"
    )
    figure("deliveries stored durably", deliveries / seconds, "a second", least=500)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=6_000)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--bytes", type=int, default=9_000)
    parser.add_argument("--store", default="", help="URL of an empty store; default: SQLite")
    given = parser.parse_args()
    run(given.deliveries, given.connections, given.bytes, given.store)
