"""The Kubernetes API as far as evidence needs it: which versions are served, and whole lists.

Lists are read in chunks (`limit` and `continue`); a `continue` token that has expired (410) makes
the list start again, as the API concepts page asks for. The same objects are read from a file that
`kubectl get ... -o json` wrote. Nothing here writes to a cluster. No source of its own: collectors
of systems that live in Kubernetes (Flux) stand on it.

Source: https://kubernetes.io/docs/reference/using-api/api-concepts/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from evidence import canonical
from evidence.collectors.http import SIZE_LIMIT, Answer, Clock, PoliteSession
from evidence.collectors.lenient import at, items, mapping, text
from evidence.errors import ConfigError, MalformedError, SourceError, UnavailableError
from evidence.model.capture import Exchange

CHUNK = 250
"""Objects asked for at once; the server may send fewer."""
RESTARTS = 3
"""How often a list may start again before it is given up."""
_ANSWERS = frozenset({200, 403, 404, 410})


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """One kind of object, as the API names it."""

    group: str
    """Empty for the core group."""
    plural: str
    kind: str

    @property
    def root(self) -> str:
        """Path of its group, to which the version is added."""
        return f"/apis/{self.group}" if self.group else "/api"


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One object of a list: its exact text, its value and the request that brought it."""

    exact: str
    body: Mapping[str, Any]
    exchange: Exchange
    observed_at: int
    """Microseconds UTC."""

    @property
    def name(self) -> str:
        """`namespace/name`."""
        return display_name(self.body)

    @property
    def uid(self) -> str:
        """The object's uid; its name where it has none."""
        return text(at(self.body, "metadata", "uid")) or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """All objects of one resource. `problem` says why there are none: `""` or `forbidden`."""

    items: tuple[Item, ...]
    exchange: Exchange
    observed_at: int
    """Microseconds UTC, of the last chunk."""
    calls: int = 0
    problem: str = ""


def display_name(body: Mapping[str, Any]) -> str:
    """`namespace/name` of an object."""
    metadata = mapping(body.get("metadata"))
    return f"{text(metadata.get('namespace'))}/{text(metadata.get('name'))}"


_FLUX = (("kustomize.toolkit.fluxcd.io", ""), ("helm.toolkit.fluxcd.io", "helmrelease/"))


def tracked_by(body: Mapping[str, Any]) -> str:
    """The deployer's application that an object belongs to, by the mark that deployers leave.

    Argo CD: the annotation `<application>:...` (or `<namespace>_<application>:...`), else the
    instance label. Flux: labels with name and namespace. Empty where it bears none.
    """
    metadata = mapping(body.get("metadata"))
    labels = mapping(metadata.get("labels"))
    tracked = text(at(metadata, "annotations", "argocd.argoproj.io/tracking-id"))
    named = tracked.partition(":")[0] or text(labels.get("argocd.argoproj.io/instance"))
    if named:
        return named.replace("_", "/")
    for group, prefix in _FLUX:
        name, home = text(labels.get(f"{group}/name")), text(labels.get(f"{group}/namespace"))
        if name:
            return f"{prefix}{home}/{name}"
    return text(labels.get("app.kubernetes.io/instance")).replace("_", "/")


@dataclass(slots=True, kw_only=True)
class KubernetesClient:
    """One API server. Without a token no credential is sent (`kubectl proxy`).

    Raises AuthError (401), SourceError, MalformedError and UnavailableError, as `PoliteSession`.
    """

    url: str
    token: str = field(default="", repr=False)
    verify: bool | str = True
    """False, or the path of a PEM file with the cluster's certificate authority."""
    clock: Clock = field(default_factory=Clock)
    chunk: int = CHUNK
    calls: int = field(default=0, init=False)
    """Requests sent so far, retries included."""
    _session: PoliteSession | None = field(default=None, init=False, repr=False)

    def served(self, resource: Resource) -> str:
        """The version under which the group serves the resource, its preferred one first.

        Empty where the group or the resource is not there: its CRD is not installed.
        """
        group = self._json(resource.root) if resource.group else {"versions": [{"version": "v1"}]}
        preferred = text(at(group, "preferredVersion", "version"))
        rest = [text(at(each, "version")) for each in items(group.get("versions"))]
        for version in dict.fromkeys(each for each in (preferred, *rest) if each):
            found = self._json(f"{resource.root}/{version}")
            if any(at(each, "name") == resource.plural for each in items(found.get("resources"))):
                return version
        return ""

    def list(self, resource: Resource, version: str) -> Listing:
        """Every object of a resource in all namespaces, from one consistent list.

        Raises:
            UnavailableError: its `continue` token expired again and again.
        """
        path = f"{resource.root}/{version}/{resource.plural}"
        before = self.calls
        for _ in range(1 + RESTARTS):
            found = self._whole(path, before)
            if found is not None:
                return found
        raise UnavailableError(f"The list {path} expired {1 + RESTARTS} times before its end.")

    def _whole(self, path: str, before: int) -> Listing | None:
        """One pass over all chunks; None where the list expired on the way."""
        found: list[Item] = []
        token = ""
        seen: set[str] = set()
        while True:
            answer = self._get(
                path, {"limit": str(self.chunk)} | ({"continue": token} if token else {})
            )
            if answer.status == 410:
                return None
            if answer.status == 403:
                return _listing((), answer, self.calls - before, "forbidden")
            if answer.status != 200:
                raise SourceError(f"{answer.exchange.url} answered with status {answer.status}.")
            found.extend(cut(answer))
            token = text(at(canonical.loads(answer.body), "metadata", "continue"))
            if not token:
                return _listing(tuple(found), answer, self.calls - before)
            if token in seen:
                raise MalformedError(f"{answer.exchange.url} gave one `continue` token twice.")
            seen.add(token)

    def _json(self, path: str) -> Mapping[str, Any]:
        """A discovery document; an empty one where there is none."""
        answer = self._get(path, {})
        if answer.status == 403:
            raise SourceError(f"{answer.exchange.url} may not be read: discovery is forbidden.")
        return mapping(canonical.loads(answer.body)) if answer.status == 200 else {}

    def _get(self, path: str, parameters: Mapping[str, str]) -> Answer:
        if self._session is None:
            credential = {"Authorization": f"Bearer {self.token}"} if self.token else {}
            self._session = PoliteSession(
                base_url=self.url,
                headers={"Accept": "application/json", **credential},
                verify=self.verify,
                answers=_ANSWERS,
                clock=self.clock,
            )
        answer = self._session.get(path, parameters)
        self.calls += answer.tries
        return answer


def _listing(found: tuple[Item, ...], answer: Answer, calls: int, problem: str = "") -> Listing:
    return Listing(
        items=found,
        exchange=answer.exchange,
        observed_at=answer.observed_at,
        calls=calls,
        problem=problem,
    )


def cut(answer: Answer) -> Iterator[Item]:
    """Each object of a list, or the one that the answer is.

    Raises:
        MalformedError: neither a list of objects nor one.
    """
    whole = canonical.loads(answer.body)
    exact = answer.body.decode("utf-8-sig")  # `loads` has refused what is not UTF-8
    if isinstance(whole, dict) and "items" in whole:
        # `null` is an empty list, as Go writes it.
        each = [] if whole["items"] is None else canonical.slice_each(exact, ("items",))
    elif isinstance(whole, dict) and "metadata" in whole:
        each = [(canonical.slice_json(exact, ()), whole)]
    else:
        raise MalformedError("This holds no Kubernetes objects (`items`, or one object).")
    for part, value in each:
        if isinstance(value, dict):
            yield Item(
                exact=part, body=value, exchange=answer.exchange, observed_at=answer.observed_at
            )


def read_file(path: Path, resources: Iterable[Resource], clock: Clock) -> dict[Resource, Listing]:
    """The objects of a file that `kubectl get ... -o json` wrote, by resource.

    Observed when the file was last written, as far as that is known. A resource of which it holds
    no object is left out: the file does not say whether it was asked for.

    Raises:
        ConfigError: it cannot be read.
        MalformedError: it holds no objects, or is too large.
    """
    answer = read_answer(path, clock)
    found = list(cut(answer))
    listed: dict[Resource, Listing] = {}
    for resource in resources:
        own = tuple(each for each in found if _is(each, resource))
        if own:
            listed[resource] = _listing(own, answer, 0)
    return listed


def _is(item: Item, resource: Resource) -> bool:
    group = text(item.body.get("apiVersion")).rpartition("/")[0]
    return item.body.get("kind") == resource.kind and group == resource.group


def read_answer(path: Path, clock: Clock) -> Answer:
    """A file as an answer: observed when it was last written, as far as that is known.

    Raises:
        ConfigError: it cannot be read.
        MalformedError: it is too large, or no JSON (kubectl writes YAML where it is told so).
    """
    try:
        with path.open("rb") as opened:
            body = opened.read(SIZE_LIMIT + 1)
        written = int(path.stat().st_mtime * 1_000_000)
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}.") from error
    if len(body) > SIZE_LIMIT:
        raise MalformedError(f"{path.name} is larger than {SIZE_LIMIT} bytes.")
    if not body.lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"{", b"[")):
        raise MalformedError(
            f"{path.name} is no JSON.", next_step="Write it with `kubectl get ... -o json`."
        )
    return Answer(
        body=body,
        status=200,
        headers={},
        exchange=Exchange(method="FILE", url=f"file:{path.name}"),
        observed_at=min(written, clock.micros()),
        tries=0,
    )
