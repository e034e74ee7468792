"""Checks everything a sync needs: tools, keys, store, and what each credential may read.

Each check is one small function in `CHECKS`; none of them changes anything but an empty store.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import asdict, dataclass
from typing import Any

from evidence import sources as known_sources
from evidence.collectors.http import Answer, Clock, PoliteSession, date_micros
from evidence.config.load import Loaded
from evidence.config.scope import Source
from evidence.config.secrets import resolve
from evidence.config.yardstick import build_policy, zone
from evidence.discovered import in_force
from evidence.errors import AuthError, EvidenceError
from evidence.model.capture import Window

SKEW_LIMIT = 120
"""Seconds by which our clock may differ from a server's before it is worth a warning."""
DISK_LIMIT = 1 << 30
"""Bytes that should be free in the data directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One line of the examination. `state` is `ok`, `warning` or `error`."""

    check: str
    state: str
    detail: str
    exit_code: int = 0

    def as_json(self) -> dict[str, Any]:
        """The published shape: docs/reference/schemas/doctor.schema.json."""
        return asdict(self)


def examine(loaded: Loaded) -> list[Finding]:
    """Runs every check; an error in one does not stop the others."""
    found: list[Finding] = []
    loaded = in_force(loaded)
    for name, check in CHECKS.items():
        try:
            found.extend(check(loaded))
        except EvidenceError as error:
            found.append(_error(name, error))
    return found


def worst_exit_code(findings: list[Finding]) -> int:
    """0 where nothing is wrong, else the exit code of the first error (4 before others)."""
    codes = [finding.exit_code for finding in findings if finding.state == "error"]
    return 4 if 4 in codes else (codes[0] if codes else 0)


def _ok(check: str, detail: str) -> Finding:
    return Finding(check=check, state="ok", detail=detail)


def _warning(check: str, detail: str) -> Finding:
    return Finding(check=check, state="warning", detail=detail)


def _error(check: str, error: EvidenceError) -> Finding:
    return Finding(
        check=check,
        state="error",
        detail=f"{error.message} {error.next_step}",
        exit_code=error.exit_code,
    )


def _configuration(loaded: Loaded) -> Iterator[Finding]:
    policy = build_policy(loaded.settings)
    zone(loaded.settings)
    counts = (
        f"{len(loaded.settings.source)} sources, {len(policy.repositories)} repositories, "
        f"{len(policy.applications)} applications"
    )
    yield _ok("configuration", f"{loaded.path or 'no file'}: {counts}")
    if not policy.applications:
        yield _warning("configuration", "no [[application]]: the population will be empty")


def _git(_loaded: Loaded) -> Iterator[Finding]:
    from evidence.collectors.git import version_problem

    problem = version_problem()
    yield _warning("git", problem) if problem else _ok("git", "2.38 or newer")


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
    yield _ok("pango", f"WeasyPrint {weasyprint.__version__} renders")


def _keys(loaded: Loaded) -> Iterator[Finding]:
    from evidence.seal.held import load_keys

    directory = loaded.key_directory
    if not directory.exists():
        yield _warning("keys", f"none in {directory}; `evidence keys init` makes them")
        return
    held = load_keys(loaded)
    elsewhere = f"; packets are sealed by {held.fingerprint}" * bool(loaded.settings.seal.signer)
    yield _ok("keys", f"{directory}{elsewhere}")


def _store(loaded: Loaded) -> Iterator[Finding]:
    from evidence.store import upgrade
    from evidence.store.session import connect

    with closing(connect(loaded.store_url)) as store:
        version = upgrade.current(store)
        if version:
            upgrade.check(store)
    yield _ok("store", f"schema {version}" if version else "empty; the first sync sets it up")


def _disk(loaded: Loaded) -> Iterator[Finding]:
    directory = loaded.home
    free = shutil.disk_usage(directory).free
    detail = f"{free >> 20} MiB free in {directory}"
    yield _ok("disk", detail) if free > DISK_LIMIT else _warning("disk", detail)


def _sources(loaded: Loaded) -> Iterator[Finding]:
    for source in loaded.settings.source:
        check = f"source {source.id}"
        yield from _deliveries(check, source)
        try:
            yield from PROBES[source.kind](check, source, loaded)
        except EvidenceError as error:
            yield _error(check, error)


def _deliveries(check: str, source: Source) -> Iterator[Finding]:
    """Whether a receiver could start here; where it runs elsewhere, its secrets may be, too."""
    try:
        secrets = [resolve(reference) for reference in source.webhook_secrets]
    except EvidenceError as error:
        yield _warning(check, f"deliveries cannot be received from here: {error.message}")
        return
    if secrets:
        yield _ok(check, f"deliveries are known by {len(secrets)} secrets")


def _github_session(source: Source, owner: str) -> PoliteSession:
    """What the source is read with: its token, or its App's token for one owner."""
    from evidence.collectors.github import hosts
    from evidence.collectors.github.credentials import AppInstallations

    api = hosts.api_url(source.url)
    token = resolve(source.secret)
    if source.app_id:
        key = resolve(source.private_key)
        app = AppInstallations(
            api_url=api, app_id=source.app_id, private_key=key, verify=source.verify_tls
        )
        token = app.token(owner)
    return PoliteSession(
        base_url=api,
        headers={"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"},
        attempts=2,
        verify=source.verify_tls,
    )


def _github(check: str, source: Source, loaded: Loaded) -> Iterator[Finding]:
    names = [one.name for one in loaded.settings.repository if one.source == source.id]
    session = _github_session(source, next(iter(names), "").partition("/")[0])
    answer = session.get("/rate_limit")
    yield _ok(check, f"the token is accepted ({_remaining(answer)} requests left this hour)")
    yield from _skew(check, answer)
    for repository in loaded.settings.repository:
        if repository.source != source.id:
            continue
        found = session.get(f"/repos/{repository.name}")
        if found.status == 404:
            missing = f"{repository.name}: not there, or the token may not read it"
            yield _error(check, AuthError(missing, next_step="Grant the token this repository."))
        else:
            yield _ok(check, f"{repository.name} can be read")
            yield from _evidence_of(check, session, repository.name)


def _evidence_of(check: str, session: PoliteSession, name: str) -> Iterator[Finding]:
    """What the credential cannot read of one repository: each becomes a gap."""
    from evidence.collectors.github.readable import accesses

    for one in accesses(session, name):
        if not one.readable:
            detail = f"{name}: {one.evidence} cannot be read ({one.detail}); grant {one.permission}"
            yield _warning(check, detail)


def _argocd(check: str, source: Source, _loaded: Loaded) -> Iterator[Finding]:
    if source.file:
        yield _ok(check, f"reads the file {source.file}")
        return
    if source.api == "kubernetes":
        from evidence.collectors.argocd import listing

        verify = source.ca or source.verify_tls
        look = listing.by_cluster(source.url, resolve(source.secret), verify, Clock())
        yield _ok(check, f"{len(look.applications)} applications can be listed")
        return
    session = PoliteSession(
        base_url=source.url,
        headers={"Authorization": f"Bearer {resolve(source.secret)}"},
        attempts=2,
        verify=source.verify_tls,
    )
    answer = session.get("/api/v1/applications", {"fields": "items.metadata.name"})
    yield _ok(check, "applications can be listed")
    yield from _skew(check, answer)


def _jira(check: str, source: Source, _loaded: Loaded) -> Iterator[Finding]:
    from evidence.collectors.jira import access

    session = access.session_of(
        source.url, source.email, resolve(source.secret), verify=source.verify_tls, attempts=2
    )
    answer, seen = access.probe(session, source.deployment, tuple(source.projects))
    yield _ok(check, "the token is accepted")
    yield from _skew(check, answer)
    for one in seen:
        if not one.exact:
            yield _error(
                check, AuthError(one.detail, next_step="Grant the account Browse Projects.")
            )
        elif one.unrestricted:
            yield _ok(check, f"project {one.key} can be read, every issue of it")
        else:
            yield _warning(
                check,
                f"project {one.key} can be read; a missing issue cannot be told from a hidden one "
                "(permission Set Issue Security, and no security level)",
            )


def _flux(check: str, source: Source, _loaded: Loaded) -> Iterator[Finding]:
    from evidence.collectors.flux import probe

    if source.file:
        yield _ok(check, f"reads the file {source.file}")
        return
    for name, listed in probe(source.url, resolve(source.secret), source.ca or source.verify_tls):
        if listed:
            yield _ok(check, f"{name} can be listed")
        else:
            grant = "Grant it get and list: docs/how-to/flux.md."
            yield _error(check, AuthError(f"{name} may not be listed.", next_step=grant))


def _remaining(answer: Answer) -> str:
    return answer.headers.get("x-ratelimit-remaining", "an unknown number of")


def _skew(check: str, answer: Answer) -> Iterator[Finding]:
    server = date_micros(answer.headers.get("date", ""))
    if not server:
        return
    seconds = abs(Clock().micros() - server) // 1_000_000
    if seconds > SKEW_LIMIT:
        yield _warning(check, f"our clock differs from the server's by {seconds} s")


def _objects(check: str, source: Source, loaded: Loaded) -> Iterator[Finding]:
    """A source of a cluster's objects: one look, without storing it."""
    if source.file:
        yield _ok(check, f"reads the file {source.file}")
        return
    (collector,) = known_sources.build(loaded, (source.id,))
    for page in collector.fetch(Window(since=0, until=Clock().micros()), ""):
        for gap in page.gaps:
            yield _error(check, AuthError(gap.detail))
        if page.complete and not page.gaps:
            yield _ok(check, f"{', '.join(collector.kinds)} can be listed")


def _handed_over(check: str, source: Source, loaded: Loaded) -> Iterator[Finding]:
    del source, loaded
    yield _ok(check, "nothing to ask: it is told by `evidence ingest`")


PROBES: dict[str, Callable[[str, Source, Loaded], Iterator[Finding]]] = {
    "github": _github,
    "argocd": _argocd,
    "flux": _flux,
    "jira": _jira,
    "github-deployments": _github,
    "argo-rollouts": _objects,
    "flagger": _objects,
    "kubernetes-events": _objects,
    "ingest": _handed_over,
}
CHECKS: dict[str, Callable[[Loaded], Iterator[Finding]]] = {
    "configuration": _configuration,
    "git": _git,
    "pango": _pango,
    "keys": _keys,
    "store": _store,
    "disk": _disk,
    "sources": _sources,
}
