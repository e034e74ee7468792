"""A secret in any object that any source answers is taken out before it is hashed, stored or told.

Between the program and the servers somebody writes secrets into every JSON object on its way: a
token of a well-known form, a field that is named like a secret, and the credential that the
program itself just sent.
"""

from __future__ import annotations

import base64
import json
import random
import string
import sys
from contextlib import closing
from pathlib import Path

import pytest
import requests

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parent.parent))

from shop_world import FIRST, bump, pull, shop, write_configuration

from evidence.cli import main as program
from evidence.manifest.capture_file import parse_capture_file
from evidence.seal import keys
from evidence.store import queries
from evidence.store.session import open_store

DRAW = random.Random(12)


def some(count, alphabet=string.ascii_letters + string.digits):
    return "".join(DRAW.choices(alphabet, k=count))


TOKEN = "gh" + "p_" + some(36)
FIELD = some(24)
STORY = (
    FIRST
    + '[[issue]]\nkey = "wanted"\ntracker = "jira"\nauthor = "carl"\nnumber = 12\n'
    + pull("gift", "SHOP-12: Add gift cards")
    + bump("to-gift", "gift")
    + """
[[application]]
key = "flux-shop"
deployer = "flux"
namespace = "flux-system"
sources = [{ repository = "deploy", path = "apps/shop-prod" }]
[[deploy]]
app = "flux-shop"
revision = "to-gift"
[[delivery]]
deploy = "ship-to-gift"
[[delivery]]
deploy = "ship-to-gift"
tool = "flagger"
workload = "till"
"""
)
SOURCES = ("github", "jira", "argocd", "flux", "argo-rollouts", "flagger")


class Between:
    """Writes secrets into whatever JSON a server answers, and remembers what was sent to it."""

    def __init__(self):
        self.sent = set()
        self.servers = set()
        self.refuse = False

    def send(self, original, adapter, request, **more):
        response = original(adapter, request, **more)
        self.remember(request)
        try:
            value = json.loads(response.content)
        except ValueError:
            return response
        spoiled = {"message": self.words()} if self.refuse else self.spoil(value)
        data = json.dumps(spoiled).encode()
        response.status_code = 422 if self.refuse else response.status_code
        response._content, response._content_consumed = data, True
        response.headers.pop("Content-Encoding", None)
        response.headers["Content-Length"] = str(len(data))
        return response

    def remember(self, request):
        self.servers.add(request.url.split("/")[2])
        scheme, _, credential = request.headers.get("Authorization", "").partition(" ")
        if credential:
            self.sent.add(credential)
        if scheme == "Basic":
            self.sent.add(base64.b64decode(credential).decode().partition(":")[2])

    def words(self):
        return " ".join(["The token", TOKEN, "is bad, and so is", *sorted(self.sent)])

    def spoil(self, value):
        if isinstance(value, list):
            return [self.spoil(one) for one in value]
        if not isinstance(value, dict) or not value:
            return value
        inner = {name: self.spoil(one) for name, one in value.items()}
        return inner | {"canaryNote": self.words(), "password": FIELD}

    def found_in(self, data):
        return [each for each in (TOKEN, FIELD, *self.sent) if each.encode() in data]


@pytest.fixture
def between(monkeypatch):
    """That somebody, in the way of every request."""
    one, original = Between(), requests.adapters.HTTPAdapter.send

    def send(adapter, request, **more):
        return one.send(original, adapter, request, **more)

    monkeypatch.setattr(requests.adapters.HTTPAdapter, "send", send)
    return one


@pytest.fixture
def evidence(monkeypatch, capfd):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["evidence", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            program.main()
        printed = capfd.readouterr()
        return int(ended.value.code or 0), printed.out + printed.err

    return run


@pytest.fixture
def live(tmp_path, monkeypatch):
    with shop(tmp_path / "live", STORY) as running:
        keys.init(running.keys, name="Example Shop")
        running.simulation.at(running.simulation.history.ends_at)
        file = write_configuration(running, tmp_path / "evidence.toml")
        monkeypatch.setenv("EVIDENCE_HOME", str(running.home))
        monkeypatch.setenv("EVIDENCE_CONFIG", str(file))
        monkeypatch.setenv("EVIDENCE_KEYS", str(running.keys))
        yield running


def held_by(live, packet):
    """Database files, payloads as they were before compression, and the files of a packet."""
    files = [path for path in live.home.iterdir() if path.name.startswith("evidence.sqlite3")]
    files += [path for path in packet.rglob("*") if path.is_file()]
    found = {str(path): path.read_bytes() for path in files}
    with closing(open_store(f"sqlite:///{live.home / 'evidence.sqlite3'}")) as store:
        rows = list(queries.entries_in(store, range(queries.size(store))))
    found |= {f"entry {row.seq}": row.text.encode() + (row.payload or b"") for row in rows}
    for path in (packet / "captures").glob("*.json"):
        found[f"unpacked {path}"] = parse_capture_file(path.read_bytes()).payload or b""
    return found, rows


@pytest.mark.usefixtures("brief_pdf")
def test_no_secret_of_any_source_is_stored_packed_or_told(live, between, evidence, tmp_path):
    packet = tmp_path / "packet"
    said = [
        evidence("sync"),
        evidence("status", "--format", "json"),
        evidence("report", "--from", "2026-07-01", "--to", "2026-09-30", "--output", packet),
    ]
    assert [code for code, _ in said] == [0, 0, 0]
    held, rows = held_by(live, packet)
    assert {name: found for name, data in held.items() if (found := between.found_in(data))} == {}
    assert [between.found_in(text.encode()) for _, text in said] == [[], [], []]
    redacted = {source: set() for source in SOURCES}
    for row in rows:
        if row.envelope["type"] == "capture":
            rules = {one["rule"] for one in row.envelope["redactions"]}
            redacted.setdefault(row.envelope["source"], set()).update(rules)
    every = {"own-credential", "github-token", "secret-field"}
    assert [redacted[source] for source in SOURCES] == [every] * len(SOURCES)


def test_an_error_that_repeats_the_credential_is_told_without_it(live, between, evidence):
    between.refuse = True
    said = [evidence("sync", name) for name in SOURCES]
    said += [evidence("doctor"), evidence("status")]
    assert len(between.sent) >= 4
    assert [code for code, _ in said[:6]] == [5] * 6
    assert [between.found_in(text.encode()) for _, text in said] == [[]] * len(said)
    held, _ = held_by(live, live.home / "none")
    assert {name: found for name, data in held.items() if (found := between.found_in(data))} == {}
