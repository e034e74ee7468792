"""A receiver on loopback in a thread of the test, and how each system signs."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import http.client
import json
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass

import uvicorn

from evidence.model.delivery import Delivery
from evidence.receiver import server
from evidence.receiver.endpoints import endpoints
from evidence.store import queries

SOURCES = {
    "github": ["TEST_GITHUB", "TEST_GITHUB_OLD"],
    "flux": ["TEST_FLUX"],
    "argocd": ["TEST_ARGOCD"],
    "argo-rollouts": ["TEST_ROLLOUTS"],
    "flagger": ["TEST_FLAGGER"],
}
"""Kind of source, which is its id here, too -> the variables with its secrets."""


@dataclass
class Serving:
    """A receiver that is up."""

    port: int
    keys: dict
    store: object

    def post(self, path, body, headers=None, method="POST"):
        """(status, answer) of one request on a connection of its own."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=300)
        try:
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        try:
            return answer.status, json.loads(text)
        except ValueError:
            return answer.status, text.decode()

    def github(self, body, *, key="TEST_GITHUB", number="11111111-2222", event="pull_request"):
        """A delivery as GitHub signs it."""
        headers = github_headers(self.keys[key], body, number, event)
        return self.post("/webhooks/github", body, headers)

    def deliveries(self):
        """The facts that are stored."""
        return queries.load_versions(self.store, Delivery)

    def counted(self):
        """What /healthz says."""
        return self.post("/healthz", None, method="GET")[1]


def github_headers(secret, body, number="11111111-2222", event="pull_request"):
    made = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    return {
        "X-Hub-Signature-256": f"sha256={made}",
        "X-GitHub-Delivery": number,
        "X-GitHub-Event": event,
        "Content-Type": "application/json",
    }


def flux_headers(secret, body, name="sha256"):
    return {"X-Signature": f"{name}={hmac.new(secret.encode(), body, name).hexdigest()}"}


def bearer(secret):
    return {"Authorization": f"Bearer {secret}"}


def basic(secret, user="flagger"):
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode()}


@contextmanager
def up(loaded, store, keys):
    """The receiver of a configuration, served from a thread until the block ends."""
    app = server._application(loaded, store, endpoints(loaded), "test")
    running = uvicorn.Server(server._configured(app, loaded.settings.receiver.timeout_seconds))
    with server._listen("127.0.0.1", 0) as listening:
        thread = threading.Thread(
            target=lambda: asyncio.run(running.serve(sockets=[listening])), daemon=True
        )
        thread.start()
        while not running.started and thread.is_alive():
            time.sleep(0.01)
        try:
            yield Serving(port=listening.getsockname()[1], keys=keys, store=store)
        finally:
            running.should_exit = True
            thread.join(30)
