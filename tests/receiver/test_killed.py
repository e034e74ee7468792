"""kill -9 of a receiver under load: whatever was answered is in the ledger, and the ledger verifies."""

from __future__ import annotations

import http.client
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest
from receiver_world import Serving

from evidence.store.audit import audit
from evidence.store.session import open_store

KILLS = 2
ANSWERED = 60
"""Answers after which it is killed, in the middle of others."""


@contextmanager
def process(path, store, keys):
    """The program as a process of its own, killed at the end of the block."""
    running = subprocess.Popen(
        [sys.executable, "-m", "evidence.cli", "serve", "--receiver", "--config", str(path)],
        stderr=subprocess.PIPE,
        text=True,
        env=dict(os.environ),
    )
    try:
        said = running.stderr.readline()
        assert said.startswith("receiving "), said + running.stderr.read()
        port = int(said.split(":")[-1].split("/")[0])
        yield Serving(port=port, keys=keys, store=store), running
    finally:
        running.send_signal(signal.SIGKILL)
        running.wait()
        running.stderr.close()


def body(number):
    return b'{"repository": {"full_name": "acme/r%d"}, "fill": "%s"}' % (number, b"x" * 3000)


@pytest.mark.long
def test_every_delivery_that_was_answered_survives_a_kill(configure, store_url, keys):
    loaded, store = configure(store_url), open_store(store_url)
    answered = {}

    for kill in range(KILLS):
        with process(loaded.path, store, keys) as (serving, running):
            enough, sent = threading.Event(), {}

            def send(lane, serving=serving, enough=enough, sent=sent, kill=kill):
                for at in range(10_000):
                    number = kill * 1_000_000 + lane * 10_000 + at
                    try:
                        status, answer = serving.github(body(number), number=f"d-{number:010d}")
                    except (OSError, http.client.HTTPException):
                        return
                    assert status == 200
                    sent[number] = answer["entry"]
                    if len(sent) >= ANSWERED:
                        enough.set()

            threads = [threading.Thread(target=send, args=(lane,)) for lane in range(8)]
            for thread in threads:
                thread.start()
            assert enough.wait(300)
            running.send_signal(signal.SIGKILL)
            for thread in threads:
                thread.join()
            answered |= sent

        stored = {one.delivery_id: one.entry_seq for one in serving.deliveries()}
        assert {f"d-{number:010d}": entry for number, entry in answered.items()}.items() <= (
            stored.items()
        )
        audit(store)

    store.close()


@pytest.mark.long
def test_what_was_not_answered_can_be_sent_again_after_a_kill(configure, store_url, keys):
    loaded, store = configure(store_url), open_store(store_url)
    with process(loaded.path, store, keys) as (serving, _):
        first = serving.github(body(1), number="d-0000000001")
    with process(loaded.path, store, keys) as (serving, _):
        again = serving.github(body(1), number="d-0000000001")
        other = serving.github(body(2), number="d-0000000002")

    assert (first[1]["status"], again[1]["status"], other[1]["status"]) == (
        "stored",
        "duplicate",
        "stored",
    )
    assert len(serving.deliveries()) == 2
    store.close()
