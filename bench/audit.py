"""What the ledger costs: appending, proofs, and deriving all of it again.

    python bench/audit.py [--entries 200000] [--url postgresql://...]

On SQLite unless a URL is given, envelopes of about 300 bytes made beforehand, appended in
transactions of 1,000. Targets at 200,000 entries: 50,000 appended a second, a proof under 1 ms, an
audit under 2 s. With a payload of 1 KiB for every entry they are figures of their own. All are
seconds of CPU: other work on the machine does not count. SIMULATED data.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from common.figures import figure

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


def proofs(store: Store, entries: Sequence[Sealed]) -> tuple[float, float]:
    """Seconds for an inclusion proof and for a consistency proof, made from the store; verified."""
    root, size = ledger.root(store), len(entries)
    chosen = range(0, size, max(1, size // PROOFS))
    begin = time.process_time()
    for seq in chosen:
        proof = ledger.inclusion(store, seq)
        if not merkle.verify_inclusion(entries[seq].leaf, seq, size, proof, root):
            raise SystemExit(f"the proof of entry {seq} does not hold")
    inclusion = time.process_time() - begin
    roots = {old: ledger.root(store, old) for old in (seq + 1 for seq in chosen)}
    begin = time.process_time()
    for old, before in roots.items():
        proof = ledger.consistency(store, old)
        if not merkle.verify_consistency(old, size, before, root, proof):
            raise SystemExit(f"the proof from size {old} does not hold")
    return inclusion / len(chosen), (time.process_time() - begin) / len(roots)


def measure(url: str, count: int, payload: bytes | None) -> None:
    """All figures of one store; audit is the better of two. Targets are those without payloads."""
    made = [sealed(number, payload) for number in range(count)]
    with closing(connect(url)) as store:
        upgrade.upgrade(store)
        appended = append(store, made)
        inclusion, consistency = proofs(store, made)
        times = []
        for _ in range(2):
            begin = time.process_time()
            audit(store)
            times.append(time.process_time() - begin)
    what = f"of {count:,} entries" + (" with 1 KiB each" if payload else "")
    figure(f"append {what}", count / appended, "a second", least=None if payload else 50_000)
    for name, seconds in (("inclusion", inclusion), ("consistency", consistency)):
        figure(f"{name} proof {what}", seconds * 1000, "ms", most=1)
    figure(f"audit {what}", min(times), "s CPU", most=None if payload else 2)


def main() -> None:
    """Prints the figures."""
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--entries", type=int, default=200_000)
    arguments.add_argument("--url", help="an empty PostgreSQL database; only without payloads")
    given = arguments.parse_args()
    count, text = given.entries, json.dumps({"text": "apples " * 140}).encode()
    if given.url:
        measure(given.url, count, None)
        return
    with tempfile.TemporaryDirectory() as folder:
        for name, payload in (("bare", None), ("payloads", text)):
            measure(f"sqlite:///{Path(folder) / name}.sqlite3", count, payload)


if __name__ == "__main__":
    main()
