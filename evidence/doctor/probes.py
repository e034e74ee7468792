"""What each credential may read, source by source: one small probe for each kind."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from evidence import sources as known_sources
from evidence.collectors.http import Answer, Clock, PoliteSession, date_micros
from evidence.config.load import Loaded
from evidence.config.scope import Source
from evidence.config.secrets import resolve
from evidence.doctor.findings import Finding, error, ok, warning
from evidence.errors import AuthError, EvidenceError
from evidence.model.capture import Window
from evidence.sources import github

if TYPE_CHECKING:
    from evidence.collectors.github.readable import Access

SKEW_LIMIT = 120
"""Seconds by which our clock may differ from a server's before it is worth a warning."""


def readable(loaded: Loaded) -> Iterator[Finding]:
    """Every configured source; an error of one does not stop the others."""
    for source in loaded.settings.source:
        check = f"source {source.id}"
        yield from deliveries(check, source)
        try:
            yield from PROBES[source.kind](check, source, loaded)
        except EvidenceError as refused:
            yield error(check, refused)


def deliveries(check: str, source: Source) -> Iterator[Finding]:
    """Whether a receiver could start here; where it runs elsewhere, its secrets may be, too."""
    try:
        secrets = [resolve(reference) for reference in source.webhook_secrets]
    except EvidenceError as missing:
        yield warning(check, f"deliveries cannot be received from here: {missing.message}")
        return
    if secrets:
        yield ok(check, f"deliveries are known by {len(secrets)} secrets")


def _github_session(source: Source, owner: str) -> PoliteSession:
    """What the source is read with: its token, or its App's token for one owner."""
    account = github.account(source)
    token = account.sign_in().token(owner)
    return PoliteSession(
        base_url=account.api_url,
        headers={"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json"},
        attempts=2,
        verify=source.verify_tls,
    )


def _github(check: str, source: Source, loaded: Loaded) -> Iterator[Finding]:
    read = [one for one in loaded.settings.repository if one.id not in loaded.gone]
    names = [one.name for one in read if one.source == source.id]
    session = _github_session(source, next(iter(names), "").partition("/")[0])
    answer = session.get("/rate_limit")
    yield ok(check, f"the token is accepted ({_remaining(answer)} requests left this hour)")
    yield from _skew(check, answer)
    for repository in read:
        if repository.source != source.id:
            continue
        found = session.get(f"/repos/{repository.name}")
        if found.status == 404:
            missing = f"{repository.name}: not there, or the token may not read it"
            yield error(check, AuthError(missing, next_step="Grant the token this repository."))
        else:
            yield ok(check, f"{repository.name} can be read")
            yield from _evidence_of(check, session, repository.name, source)
    yield from _evidence_of_owners(check, source, loaded)
    if source.audit_log:
        yield from _audit_logs(check, source, loaded)


def _audit_logs(check: str, source: Source, loaded: Loaded) -> Iterator[Finding]:
    """Whether the log of each organisation can be read; one that cannot becomes a gap."""
    from evidence.collectors.github.readable import audit_log

    for owner in github.owners(source, loaded):
        refused = audit_log(_github_session(source, owner), owner)
        if not refused:
            yield ok(check, f"the audit log of {owner} can be read")
        elif not _is_person(source, owner):
            detail = (
                f"the audit log of {owner} cannot be read ({refused}); it takes Enterprise Cloud, "
                "and an owner's `read:audit_log` or an App's Administration (organisation)"
            )
            yield warning(check, detail)


def _is_person(source: Source, owner: str) -> bool:
    """Whether an owner is a person's account, of which there are no such lists."""
    from evidence.collectors.github.owned import Owned

    account = github.account(source)
    return Owned(owner=owner, rest=account.rest(account.sign_in(), owner)).is_person


def _evidence_of(
    check: str, session: PoliteSession, name: str, source: Source
) -> Iterator[Finding]:
    """What the credential cannot read of one repository: each becomes a gap."""
    from evidence.collectors.github.readable import ATTESTATIONS, QUESTIONS, SECURITY, accesses

    asked = [*QUESTIONS, *(SECURITY if source.security else ())]
    asked += ATTESTATIONS if source.attestations else ()
    for one in accesses(session, name, asked):
        if not one.readable:
            yield _unreadable(check, name, one)


def _evidence_of_owners(check: str, source: Source, loaded: Loaded) -> Iterator[Finding]:
    """What the credential cannot read below an owner, organisation by organisation."""
    from evidence.collectors.github.readable import RECORDS, accesses

    for owner in github.owners(source, loaded) if source.deployment_records else ():
        session = _github_session(source, owner)
        for one in accesses(session, owner, RECORDS, kind="orgs"):
            if not (one.readable or _is_person(source, owner)):
                yield _unreadable(check, owner, one)
    if source.identities:
        lists = github.identities(source, loaded)
        for owner in lists.owners:
            yield from (warning(check, detail) for detail in lists.hidden(owner))


def _unreadable(check: str, name: str, one: Access) -> Finding:
    detail = f"{name}: {one.evidence} cannot be read ({one.detail}); grant {one.permission}"
    return warning(check, detail)


def _argocd(check: str, source: Source, _loaded: Loaded) -> Iterator[Finding]:
    if source.file:
        yield ok(check, f"reads the file {source.file}")
        return
    if source.api == "kubernetes":
        from evidence.collectors.argocd import listing

        verify = source.ca or source.verify_tls
        look = listing.by_cluster(source.url, resolve(source.secret), verify, Clock())
        yield ok(check, f"{len(look.applications)} applications can be listed")
        return
    session = PoliteSession(
        base_url=source.url,
        headers={"Authorization": f"Bearer {resolve(source.secret)}"},
        attempts=2,
        verify=source.verify_tls,
    )
    answer = session.get("/api/v1/applications", {"fields": "items.metadata.name"})
    yield ok(check, "applications can be listed")
    yield from _skew(check, answer)


def _jira(check: str, source: Source, _loaded: Loaded) -> Iterator[Finding]:
    from evidence.collectors.jira import access

    session = access.session_of(
        source.url, source.email, resolve(source.secret), verify=source.verify_tls, attempts=2
    )
    answer, seen = access.probe(session, source.deployment, tuple(source.projects))
    yield ok(check, "the token is accepted")
    yield from _skew(check, answer)
    for one in seen:
        if not one.exact:
            yield error(
                check, AuthError(one.detail, next_step="Grant the account Browse Projects.")
            )
        elif one.unrestricted:
            yield ok(check, f"project {one.key} can be read, every issue of it")
        else:
            yield warning(
                check,
                f"project {one.key} can be read; a missing issue cannot be told from a hidden one "
                "(permission Set Issue Security, and no security level)",
            )


def _flux(check: str, source: Source, _loaded: Loaded) -> Iterator[Finding]:
    from evidence.collectors.flux import probe

    if source.file:
        yield ok(check, f"reads the file {source.file}")
        return
    for name, listed in probe(source.url, resolve(source.secret), source.ca or source.verify_tls):
        if listed:
            yield ok(check, f"{name} can be listed")
        else:
            grant = "Grant it get and list: docs/how-to/flux.md."
            yield error(check, AuthError(f"{name} may not be listed.", next_step=grant))


def _remaining(answer: Answer) -> str:
    return answer.headers.get("x-ratelimit-remaining", "an unknown number of")


def _skew(check: str, answer: Answer) -> Iterator[Finding]:
    server = date_micros(answer.headers.get("date", ""))
    if not server:
        return
    seconds = abs(Clock().micros() - server) // 1_000_000
    if seconds > SKEW_LIMIT:
        yield warning(check, f"our clock differs from the server's by {seconds} s")


def _objects(check: str, source: Source, loaded: Loaded) -> Iterator[Finding]:
    """A source of a cluster's objects: one look, without storing it."""
    if source.file:
        yield ok(check, f"reads the file {source.file}")
        return
    (collector,) = known_sources.build(loaded, (source.id,))
    for page in collector.fetch(Window(since=0, until=Clock().micros()), ""):
        for gap in page.gaps:
            yield error(check, AuthError(gap.detail))
        if page.complete and not page.gaps:
            yield ok(check, f"{', '.join(collector.kinds)} can be listed")


def _oci(check: str, source: Source, _loaded: Loaded) -> Iterator[Finding]:
    """Whether a registry answers; what of it can be read shows when its images are."""
    if source.file:
        yield ok(check, f"reads the folder {source.file}")
        return
    session = PoliteSession(
        base_url=source.url,
        attempts=2,
        answers=frozenset({200, 401}),
        verify=source.ca or source.verify_tls,
    )
    answer = session.get("/v2/")
    yield ok(check, "answers as a registry; a token is asked for with each image")
    yield from _skew(check, answer)


def _handed_over(check: str, source: Source, loaded: Loaded) -> Iterator[Finding]:
    del source, loaded
    yield ok(check, "nothing to ask: it is told by `evidence ingest`")


PROBES: dict[str, Callable[[str, Source, Loaded], Iterator[Finding]]] = {
    "github": _github,
    "argocd": _argocd,
    "flux": _flux,
    "jira": _jira,
    "github-deployments": _github,
    "argo-rollouts": _objects,
    "flagger": _objects,
    "kubernetes-events": _objects,
    "oci": _oci,
    "ingest": _handed_over,
}
