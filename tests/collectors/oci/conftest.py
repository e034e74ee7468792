"""A simulated registry, and collectors that read it or a folder with the same content."""

from __future__ import annotations

import base64
import json
from types import SimpleNamespace

import pytest

from evidence.collectors.http import Clock
from evidence.collectors.oci import OciCollector, Wanted
from evidence.demo.oci_images import Images
from evidence.demo.oci_server import Registry
from evidence.demo.serving import LoopbackServer
from evidence.model.capture import Window

COMMIT = "4f1c" * 10
LABELS = {
    "org.opencontainers.image.revision": COMMIT,
    "org.opencontainers.image.source": "https://git.example/acme/shop",
}
NOW = 1_783_000_000
EVERYTHING = Window(since=0, until=2**62)


def statement(digest: str, commit: str = COMMIT) -> dict[str, object]:
    """A SLSA v1 statement about an image."""
    source = {"uri": "git+https://git.example/acme/shop", "digest": {"gitCommit": commit}}
    return {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "shop-web", "digest": {"sha256": digest.removeprefix("sha256:")}}],
        "predicateType": "https://slsa.dev/provenance/v1",
        "predicate": {
            "buildDefinition": {"resolvedDependencies": [source]},
            "runDetails": {"builder": {"id": "https://builder.example/release"}},
        },
    }


def envelope(digest: str) -> bytes:
    """The same, in an envelope that nobody signed."""
    payload = base64.b64encode(json.dumps(statement(digest)).encode()).decode()
    kind = "application/vnd.in-toto+json"
    return json.dumps({"payloadType": kind, "payload": payload, "signatures": []}).encode()


@pytest.fixture
def told():
    """The invented values that tests compare with."""
    return SimpleNamespace(commit=COMMIT, labels=LABELS, statement=statement, envelope=envelope)


@pytest.fixture
def registry():
    return Registry(at=NOW * 1_000_000)


@pytest.fixture
def images(registry) -> Images:
    """The repository of the image `registry.example/acme/shop-web`."""
    return registry.images("acme/shop-web")


@pytest.fixture
def server(registry):
    served = LoopbackServer("registry", registry.respond, lambda: NOW * 1_000_000)
    yield served
    served.close()


@pytest.fixture
def collector(server):
    def make(*wanted: str, known: frozenset[str] = frozenset(), **more: object) -> OciCollector:
        made = OciCollector(
            source="registry",
            url=server.url,
            system="registry.example",
            images=("registry.example/acme/shop-{name}",),
            attempts=1,
            clock=Clock(now=lambda: NOW, sleep=lambda _: None),
            **more,
        )
        made.wanted = lambda: Wanted(images=wanted, known=known)
        return made

    return make


@pytest.fixture
def read(collector):
    """(facts, gaps) of some wanted images."""

    def all_of(*wanted: str, **more: object):
        made = collector(*wanted, **more)
        facts, gaps = [], []
        for page in made.fetch(EVERYTHING, ""):
            gaps += page.gaps
            for capture in page.captures:
                parsed = made.parse(capture)
                facts += parsed.facts
                gaps += parsed.gaps
        return facts, gaps

    return all_of


@pytest.fixture
def written(tmp_path):
    """Writes a repository of the registry as an image layout, as `skopeo copy` does."""

    def to(images: Images, names: dict[str, str]) -> str:
        blobs = tmp_path / "layout" / "blobs" / "sha256"
        blobs.mkdir(parents=True)
        for digest, (_, data) in images.manifests.items():
            (blobs / digest.removeprefix("sha256:")).write_bytes(data)
        for digest, data in images.blobs.items():
            (blobs / digest.removeprefix("sha256:")).write_bytes(data)
        listed = [
            {
                "mediaType": kind,
                "digest": digest,
                "size": len(data),
                "annotations": {"org.opencontainers.image.ref.name": name}
                if (name := names.get(digest))
                else None,
            }
            for digest, (kind, data) in images.manifests.items()
        ]
        index = {"schemaVersion": 2, "manifests": listed}
        (tmp_path / "layout" / "index.json").write_text(json.dumps(index))
        (tmp_path / "layout" / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        return str(tmp_path / "layout")

    return to
