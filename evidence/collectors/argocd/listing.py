"""One look at all Applications: by Argo CD's own API, the Kubernetes API, or a file of kubectl.

All three give the same objects. The Kubernetes API needs no Argo CD account (`get` and `list` on
`applications.argoproj.io`) and shows what a project role hides.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evidence import canonical
from evidence.collectors.http import Answer, Clock, PoliteSession
from evidence.collectors.kubernetes import KubernetesClient, Resource, read_answer
from evidence.collectors.lenient import mapping
from evidence.errors import AuthError, MalformedError, SourceError
from evidence.model.capture import Exchange

_HOLDERS = ("Application", "ApplicationList", "List")
APPLICATIONS = Resource(group="argoproj.io", plural="applications", kind="Application")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One Application: its exact text, its value, the request that brought it and when."""

    exact: str
    body: dict[str, Any]
    exchange: Exchange
    observed_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """All of them, and the request that ended the list."""

    applications: tuple[Listed, ...]
    exchange: Exchange
    observed_at: int
    calls: int
    series: str
    """Which list it is: another one is no change at the source."""


def by_api(url: str, token: str, verify: bool | str, clock: Clock, source: str) -> Look:
    """The list of Argo CD's API; never with a refresh, which would make the controller act.

    Raises:
        AuthError: there is no token, or it is refused.
        SourceError: this is no Argo CD.
    """
    if not token:
        raise AuthError(f"Source {source} has no Argo CD token.")
    session = PoliteSession(
        base_url=url,
        headers={"Authorization": f"Bearer {token}", "Accept": "application/json"},
        verify=verify,
        clock=clock,
    )
    look = _ask(session)
    if look.applications:
        return look
    again = _ask(session)  # that there are none is believed the second time
    return replace(again, calls=look.calls + again.calls)


def _ask(session: PoliteSession) -> Look:
    answer = session.get("/api/v1/applications")
    if answer.status != 200:
        raise SourceError(f"{answer.exchange.url} is not the API of an Argo CD.")
    return _of_answer(answer, "applications/1")


def by_cluster(url: str, token: str, verify: bool | str, clock: Clock) -> Look:
    """The same objects from the Kubernetes API, in all namespaces.

    Raises:
        AuthError: the credential may not list them.
        SourceError: the cluster has no Applications.
    """
    client = KubernetesClient(url=url, token=token, verify=verify, clock=clock)
    version = client.served(APPLICATIONS)
    if not version:
        raise SourceError(
            f"{url} serves no applications.argoproj.io: Argo CD is not installed there."
        )
    listing = client.list(APPLICATIONS, version)
    if not (listing.items or listing.problem):
        listing = client.list(APPLICATIONS, version)  # that there are none is believed twice
    if listing.problem:
        raise AuthError(f"The credential may not list applications.argoproj.io at {url}.")
    return Look(
        applications=tuple(
            Listed(
                exact=item.exact,
                body=dict(item.body),
                exchange=item.exchange,
                observed_at=item.observed_at,
            )
            for item in listing.items
        ),
        exchange=listing.exchange,
        observed_at=listing.observed_at,
        calls=client.calls,
        series="kubernetes/1",
    )


def by_file(path: str | Path, clock: Clock) -> Look:
    """A file, observed when it was last written, as far as that is known.

    Raises:
        ConfigError: it cannot be read.
        MalformedError: it holds no Applications, or is too large.
    """
    return _of_answer(read_answer(Path(path), clock), "applications/1")


def _of_answer(answer: Answer, series: str) -> Look:
    found = tuple(
        Listed(exact=exact, body=body, exchange=answer.exchange, observed_at=answer.observed_at)
        for exact, body in _cut(answer.body)
    )
    return Look(
        applications=found,
        exchange=answer.exchange,
        observed_at=answer.observed_at,
        calls=answer.tries,
        series=series,
    )


def identity(listed: Listed) -> str:
    """The exact uid, namespace and name of one application."""
    metadata = mapping(listed.body.get("metadata"))
    names = [name for name in ("uid", "namespace", "name") if name in metadata]
    cut = [(name, canonical.slice_json(listed.exact, ("metadata", name))) for name in names]
    return canonical.splice_object(cut)


def _cut(body: bytes) -> Iterator[tuple[str, dict[str, Any]]]:
    """Exact text and value of each Application in a list, or of the one that the text is.

    Raises:
        MalformedError: neither a list of Applications nor one.
    """
    found = canonical.loads(body)
    if isinstance(found, dict) and found.get("kind", "Application") not in _HOLDERS:
        raise MalformedError(f"This is a {str(found['kind'])[:80]}, and no Argo CD Application.")
    whole = body.decode("utf-8-sig")  # `loads` has refused what is not UTF-8
    if isinstance(found, dict) and "items" in found:
        if found["items"] is None:  # an empty list, as Go writes it
            return
        each = canonical.slice_each(whole, ("items",))
    elif isinstance(found, list):
        each = canonical.slice_each(whole, ())
    elif isinstance(found, dict) and "metadata" in found:
        each = [(canonical.slice_json(whole, ()), found)]
    else:
        raise MalformedError("This holds no Argo CD Applications (`items`, or one object).")
    rows = [(exact, value) for exact, value in each if isinstance(value, dict)]
    own = [row for row in rows if row[1].get("kind", "Application") == "Application"]
    own = [row for row in own if "metadata" in row[1]]  # a list of something else has none
    if rows and not own:
        raise MalformedError("This list holds objects, and no Argo CD Application among them.")
    yield from own
