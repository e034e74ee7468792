"""Checks of the installation itself: configuration, tools, keys, store and space."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing

from evidence.config.load import Loaded
from evidence.config.yardstick import build_policy, zone
from evidence.doctor.findings import Finding, ok, warning

DISK_LIMIT = 1 << 30
"""Bytes that should be free in the data directory."""


def _configuration(loaded: Loaded) -> Iterator[Finding]:
    policy = build_policy(loaded.settings)
    zone(loaded.settings)
    counts = (
        f"{len(loaded.settings.source)} sources, {len(policy.repositories)} repositories, "
        f"{len(policy.applications)} applications"
    )
    yield ok("configuration", f"{loaded.path or 'no file'}: {counts}")
    if not policy.applications:
        yield warning("configuration", "no [[application]]: the population will be empty")


def _git(_loaded: Loaded) -> Iterator[Finding]:
    from evidence.collectors.git import version_problem

    problem = version_problem()
    yield warning("git", problem) if problem else ok("git", "2.38 or newer")


def _pango(_loaded: Loaded) -> Iterator[Finding]:
    try:
        import weasyprint
    except OSError as error:
        yield Finding(
            check="pango",
            state="error",
            detail=f"{error}; install libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0",
            exit_code=1,
        )
        return
    yield ok("pango", f"WeasyPrint {weasyprint.__version__} renders")


def _keys(loaded: Loaded) -> Iterator[Finding]:
    from evidence.seal.held import load_keys

    directory = loaded.key_directory
    if not directory.exists():
        yield warning("keys", f"none in {directory}; `evidence keys init` makes them")
        return
    held = load_keys(loaded)
    elsewhere = f"; packets are sealed by {held.fingerprint}" * bool(loaded.settings.seal.signer)
    yield ok("keys", f"{directory}{elsewhere}")


def _store(loaded: Loaded) -> Iterator[Finding]:
    from evidence.store import upgrade
    from evidence.store.session import connect

    with closing(connect(loaded.store_url)) as store:
        version = upgrade.current(store)
        if version:
            upgrade.check(store)
    yield ok("store", f"schema {version}" if version else "empty; the first sync sets it up")


def _disk(loaded: Loaded) -> Iterator[Finding]:
    directory = loaded.home
    free = shutil.disk_usage(directory).free
    detail = f"{free >> 20} MiB free in {directory}"
    yield ok("disk", detail) if free > DISK_LIMIT else warning("disk", detail)


INSTALLATION: dict[str, Callable[[Loaded], Iterator[Finding]]] = {
    "configuration": _configuration,
    "git": _git,
    "pango": _pango,
    "keys": _keys,
    "store": _store,
    "disk": _disk,
}
