"""Mutated deliveries: none is accepted unsigned, none is answered 5xx, none ends in a traceback."""

from __future__ import annotations

import json
import logging
import random
import socket
from collections import Counter

import pytest
from receiver_world import basic, bearer, flux_headers, github_headers

PULL = {
    "action": "opened",
    "pull_request": {"id": 9, "number": 12, "head": {"sha": "a" * 40}, "title": "Sell tea"},
    "repository": {"full_name": "acme/shop"},
}
SENDERS = {
    "github": lambda keys, body: github_headers(keys["TEST_GITHUB"], body),
    "flux": lambda keys, body: flux_headers(keys["TEST_FLUX"], body),
    "argocd": lambda keys, body: bearer(keys["TEST_ARGOCD"]),
    "flagger": lambda keys, body: basic(keys["TEST_FLAGGER"]),
}
HMAC = ("github", "flux")
"""Whose signature covers the body."""


def wire(path, headers, body):
    lines = [f"{name}: {value}" for name, value in headers.items()]
    lines += [f"Content-Length: {len(body)}", "Connection: close"]
    head = "\r\n".join([f"POST {path} HTTP/1.1", "Host: r.test", *lines])
    return head.encode("latin-1") + b"\r\n\r\n" + body


def garble(chance, data):
    """Some bytes of the data changed, taken away, repeated or put in between."""
    data = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at, length = chance.randrange(len(data) + 1), chance.randint(1, 8)
        how = chance.randrange(4)
        if how == 0:
            data[at : at + length] = chance.randbytes(length)
        elif how == 1:
            del data[at : at + length]
        elif how == 2:
            data[at:at] = data[at : at + 40]
        else:
            data[at:at] = chance.randbytes(length)
    return bytes(data)


def garbled_text(chance, text):
    made = garble(chance, text.encode()).decode("latin-1")
    return "".join(each for each in made if each not in "\r\n\0")


def mutant(chance, keys, number):
    """(bytes on the wire, whether they are signed as they should be)."""
    source = chance.choice(sorted(SENDERS))
    body = json.dumps({**PULL, "number": number}).encode()
    headers = SENDERS[source](keys, body)
    path, how = f"/webhooks/{source}", chance.randrange(8)
    signed = next(name for name in headers if "Sig" in name or name == "Authorization")
    right = headers[signed]
    if how == 0:  # another body under the signature
        body = garble(chance, body)
        return wire(path, headers, body), source not in HMAC
    if how == 1:  # another signature
        headers[signed] = garbled_text(chance, right)
        same = headers[signed].strip() == right
        return wire(path, headers, body), same
    if how == 2:
        del headers[signed]
    elif how == 3:  # signed with nothing, or with the name of the secret
        wrong = dict.fromkeys(keys, chance.choice(["", "TEST_GITHUB", "x" * 40]))
        headers = SENDERS[source](wrong, body)
    elif how == 4:  # for another source
        path = f"/webhooks/{chance.choice([one for one in SENDERS if one != source])}"
    elif how == 5:  # signed, and any content
        body = garble(chance, body) if chance.random() < 0.7 else chance.randbytes(200)
        return wire(path, SENDERS[source](keys, body), body), True
    elif how == 6:  # any bytes instead of a request
        return garble(chance, wire(path, {**headers, signed: "sha256=" + "0" * 64}, body)), False
    else:  # signed, and any header beside it
        extra = {garbled_text(chance, "X-Odd").replace(":", "") or "X": "v"}
        extra = {name: value for name, value in extra.items() if name.isascii() and name.isalpha()}
        headers |= extra | {"X-GitHub-Event": garbled_text(chance, "push")}
        return wire(path, headers, body), True
    return wire(path, headers, body), False


def answered(port, data):
    """The status of the answer; 0 where the connection ended without one."""
    whole = data.count(b"Connection: close\r\n\r\n") == 1
    with socket.create_connection(("127.0.0.1", port), timeout=300) as one:
        try:
            one.sendall(data)
            if not whole:  # nobody knows for how much more it would wait
                one.shutdown(socket.SHUT_WR)
            said = b"".join(iter(lambda: one.recv(65_536), b""))
        except ConnectionError:
            return 0
    return int(said[9:12]) if said.startswith(b"HTTP/1.1 ") else 0


@pytest.mark.long
@pytest.mark.parametrize("rounds", [400, pytest.param(10_000, marks=pytest.mark.slow)])
@pytest.mark.timeout(900)
def test_no_mutated_delivery_is_accepted_unsigned(hasty_serving, rounds, caplog):
    chance, seen = random.Random(rounds), Counter()
    caplog.set_level(logging.ERROR)
    accepted = 0

    for number in range(rounds):
        data, signed = mutant(chance, hasty_serving.keys, number)
        status = answered(hasty_serving.port, data)
        seen[status] += 1
        accepted += status == 200
        assert status < 500, (status, data)
        assert status != 200 or signed, data

    assert accepted > rounds // 10  # what is signed is taken, whatever it holds
    assert seen[401]
    assert seen[403]
    assert hasty_serving.counted()["stored"] == len(hasty_serving.deliveries())
    assert hasty_serving.counted()["stored"] <= accepted
    assert [record.getMessage() for record in caplog.records] == []
