"""What the ledger costs: appending, proofs, and deriving all of it again.

    python bench/audit.py [--entries 200000]

On SQLite, envelopes of about 300 bytes made beforehand, appended in transactions of 1,000. Targets
at 200,000 entries: 50,000 appended a second, a proof under 1 ms, an audit under 2 s. An audit with
a payload of 1 KiB for every entry is a figure of its own. All are seconds of CPU: other work on the
machine does not count. SIMULATED data.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from evidence import merkle
from evidence.store import ledger, upgrade
from evidence.store.audit import audit
from evidence.store.envelope import Sealed, seal_body
from evidence.store.session import Store, connect

BATCH = 1_000
PROOFS = 500


def sealed(number: int, payload: bytes | None) -> Sealed:
    """An entry about as large as that of a capture."""
    body = {"key": f"1:{number}", "url": "https://git.example/graphql" * 6, "observed_at": number}
    return seal_body("export", body, payload)


def append(store: Store, entries: Sequence[Sealed]) -> float:
    """Seconds for appending them all."""
    begin = time.process_time()
    for start in range(0, len(entries), BATCH):
        with store.write() as connection:
            ledger.append(connection, entries[start : start + BATCH])
    return time.process_time() - begin


def proofs(store: Store, entries: Sequence[Sealed]) -> float:
    """Seconds for one inclusion proof, made from the store and verified."""
    root, size = ledger.root(store), len(entries)
    begin = time.process_time()
    for seq in range(0, size, max(1, size // PROOFS)):
        proof = ledger.inclusion(store, seq)
        if not merkle.verify_inclusion(entries[seq].leaf, seq, size, proof, root):
            raise SystemExit(f"the proof of entry {seq} does not hold")
    return (time.process_time() - begin) / len(range(0, size, max(1, size // PROOFS)))


def measure(folder: Path, count: int, payload: bytes | None) -> dict[str, float]:
    """All figures of one store; audit is the better of two."""
    made = [sealed(number, payload) for number in range(count)]
    with closing(connect(f"sqlite:///{folder / f'{bool(payload)}.sqlite3'}")) as store:
        upgrade.upgrade(store)
        appended = append(store, made)
        found = {"appended_per_second": count / appended, "proof_ms": proofs(store, made) * 1000}
        times = []
        for _ in range(2):
            begin = time.process_time()
            audit(store)
            times.append(time.process_time() - begin)
    return found | {"audit_seconds": min(times)}


def main() -> None:
    """Prints the figures as JSON."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--entries", type=int, default=200_000)
    count = arguments.parse_args().entries
    with tempfile.TemporaryDirectory() as folder:
        plain = measure(Path(folder), count, None)
        full = measure(Path(folder), count, json.dumps({"text": "apples " * 140}).encode())
    found = {"entries": count, "without_payloads": plain, "with_payloads_of_1_KiB": full}
    sys.stdout.write(json.dumps(found, indent=2) + "\n")


if __name__ == "__main__":
    main()
