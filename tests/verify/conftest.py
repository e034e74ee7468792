"""A sealed packet of an invented organisation, built once and copied for each test."""

from __future__ import annotations

import hashlib
import shutil
from dataclasses import dataclass, replace
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from evidence import merkle, notes
from evidence.canonical import canonical_json
from evidence.manifest import CaptureFile, Predicate
from evidence.seal import keys as key_files
from evidence.seal import packet as sealing
from evidence.seal.keys import KeySet
from evidence.verify import Trust, read_trust

ORIGIN = "evidence.test/orchard"
ENTRIES = 11


@dataclass(frozen=True)
class Sealed:
    """The packet's folder, the keys that sealed it, and what a reader was given as trusted."""

    folder: Path
    keys: KeySet
    trust: Trust

    def reseal(self, *, unsigned=None, **predicate: object) -> None:
        """Seals the folder as it lies now with the real keys: what a dishonest sealer could do."""
        for name in ("manifest.json", "SHA256SUMS", "SHA256SUMS.sig", "packet.dsse.json"):
            (self.folder / name).unlink(missing_ok=True)
        stated = replace(packet_predicate(self.keys), **predicate)
        manifest = sealing._write_manifest(
            self.folder, self.keys, stated, unsigned or self.unsigned()
        )
        sealing._write_signatures(self.folder, self.keys, manifest, sealing.Extras())

    def unsigned(self):
        """The PDF before its signature: the one end-of-file mark ends it."""
        data = (self.folder / "packet.pdf").read_bytes()
        size = data.index(b"%%EOF") + 5
        size += data[size : size + 1] == b"\n"
        return sealing.Unsigned(size=size, sha256=hashlib.sha256(data[:size]).hexdigest())


def ledger_entries() -> list[tuple[str, bytes, bytes]]:
    """Envelope, salt and payload of each entry."""
    rows = []
    for number in range(ENTRIES):
        salt, payload = bytes([number]) * 32, b'{"number": %d}' % number
        promise = hashlib.sha256(salt + payload).hexdigest()
        body = {
            "type": "capture",
            "key": str(number),
            "payload": {"commitment": promise, "size": len(payload)},
        }
        rows.append((canonical_json(body).decode(), salt, payload))
    return rows


def ledger_node(level: int, index: int) -> bytes:
    if level == 0:
        return merkle.leaf_hash(ledger_entries()[index][0].encode())
    return merkle.node_hash(
        ledger_node(level - 1, 2 * index), ledger_node(level - 1, 2 * index + 1)
    )


def capture_file(seq: int, *, size: int = ENTRIES) -> CaptureFile:
    envelope, salt, payload = ledger_entries()[seq]
    proof = tuple(merkle.inclusion_proof(seq, size, ledger_node))
    return CaptureFile(seq=seq, envelope=envelope, salt=salt, payload=payload, proof=proof)


def checkpoint_note(keys: KeySet, size: int = ENTRIES) -> str:
    text = notes.note_text(ORIGIN, size, merkle.root(size, ledger_node))
    return notes.sign_note(text, ORIGIN, keys.public_key.raw, keys.signer.sign)


def packet_predicate(keys: KeySet) -> Predicate:
    return Predicate(
        entity="Orchard Example",
        period_from="2026-01-01T00:00:00Z",
        period_to="2026-07-01T00:00:00Z",
        zone="Europe/Lisbon",
        checkpoint=checkpoint_note(keys),
        counts={"changes": 2},
        tool_version="0.0.0",
        yardstick={"catalogue": "1"},
        sealed_at="2026-07-02T09:00:00Z",
        simulated=True,
    )


def render_pdf() -> bytes:
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(300, 200))
    pdf.attachments["evidence.json"] = pikepdf.AttachedFileSpec(pdf, b'{"verdict": "fail"}')
    buffer = BytesIO()
    pdf.save(buffer, deterministic_id=True)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def keys(tmp_path_factory) -> KeySet:
    return key_files.init(tmp_path_factory.mktemp("keys") / "own", name="Orchard Example")


@pytest.fixture(scope="session")
def other_keys(tmp_path_factory) -> KeySet:
    return key_files.init(tmp_path_factory.mktemp("keys") / "other", name="Somebody Else")


@pytest.fixture(scope="session")
def trust_path(keys, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("trust") / "orchard.txt"
    path.write_text(key_files.trust_file(keys))
    return path


@pytest.fixture(scope="session")
def original(keys, tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("sealed") / "packet"
    (folder / "captures").mkdir(parents=True)
    (folder / "packet.pdf").write_bytes(render_pdf())
    (folder / "packet.html").write_text("<p>One deviation.")
    (folder / "population.csv").write_text('"change"\n"orchard:pr:1"\n')
    (folder / "results.json").write_text('{"CM-01":"fail"}')
    for seq in (0, 4, ENTRIES - 1):
        capture = capture_file(seq)
        (folder / capture.path).write_bytes(capture.to_bytes())
    sealing.seal_folder(folder, keys, packet_predicate(keys))
    return folder


@pytest.fixture
def packet(original, keys, trust_path, tmp_path) -> Sealed:
    folder = tmp_path / "packet"
    shutil.copytree(original, folder)
    return Sealed(folder=folder, keys=keys, trust=read_trust(trust_path))


@pytest.fixture(scope="session")
def archive_bytes(original, tmp_path_factory) -> bytes:
    return sealing.zip_folder(original, tmp_path_factory.mktemp("zip") / "packet.zip").read_bytes()
