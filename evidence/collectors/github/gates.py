"""Who let a deployment pass at its environment: the workflow run behind it, and its reviews.

Two calls for each deployment of an environment that an application of production names, once it has
begun and once more when it has ended; more where the run was tried again, for each attempt was
started by somebody. What GitHub refuses is owed: one call a sync asks whether it still does.
Source: docs.github.com "Get the review history for a workflow run".
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from evidence import canonical
from evidence.canonical import splice_object
from evidence.collectors.github import parse_gates as parsing
from evidence.collectors.github.parse_deployments import environment_of, outcome
from evidence.collectors.github.reading import at, identifier, integer, items, mapping, text
from evidence.collectors.github.rest import Rest, RestAnswer
from evidence.collectors.http import iso_micros
from evidence.errors import SourceError
from evidence.model.capture import Capture, Form, Gap, GapReason
from evidence.model.deployment import run_number

SERIES = "deployment_run/1"
ATTEMPTS = 20
"""Attempts of one run that are looked through; more leave open who started it."""
_GONE = frozenset({404, 410})
_RUNNING, _ENDED = "running", "ended"
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}/[A-Za-z0-9_.-]{1,100}")


@dataclass(slots=True, kw_only=True)
class GateState:
    """Where one repository got to."""

    asked: dict[str, tuple[int, str]] = field(default_factory=dict)
    """Deployment id -> (its start, `running` or `ended`): how it stood when it was asked about."""
    covered: tuple[str, ...] = ()
    """Environments that have been asked about from the beginning."""
    owed: int = 0
    """Start of the oldest deployment whose run GitHub refused to show; 0: none."""
    owed_run: str = ""

    @classmethod
    def of(cls, row: object) -> GateState:
        """What `asdict` wrote; whatever cannot be read is as if nothing had been asked."""
        asked = {
            key: (integer(pair[0], 0), text(pair[1]))
            for key, pair in mapping(at(row, "asked")).items()
            if isinstance(pair, list) and len(pair) == 2
        }
        covered = tuple(one for one in items(at(row, "covered")) if isinstance(one, str))
        owed = max(0, integer(at(row, "owed"), 0))
        return cls(asked=asked, covered=covered, owed=owed, owed_run=text(at(row, "owed_run")))


@dataclass(slots=True, kw_only=True)
class Gates:
    """One repository in one pass."""

    source: str
    repository: str
    name: str
    """`owner/name`; as GitHub says it, once `named` was told."""
    environments: frozenset[str]
    rest: Rest
    state: GateState
    refused: Gap | None = None

    def floor(self, floor: int, since: int) -> int:
        """How far down deployments are to be listed: to what is owed, or not yet covered."""
        if self.environments - set(self.state.covered):
            return since
        if self.state.owed and self._shown_again():
            return min(floor, self.state.owed)
        return floor

    def named(self, name: str) -> None:
        """What the repository is called now. No other text gets into an address."""
        if _NAME.fullmatch(name):
            self.name = name

    def read(self, deployments: Iterable[Capture], floor: int) -> Iterator[Capture]:
        """What is to be asked about deployments from `floor` on; asks no more once refused."""
        for capture in deployments:
            node = mapping(canonical.loads(capture.payload))
            stage = self._wanted(node)
            early = iso_micros(node.get("createdAt")) < floor
            if early or not stage or (self.refused is not None and self._owe(node)):
                continue
            try:
                found = self._ask(capture, node)
            except SourceError as error:
                self.refused = self._gap(GapReason.UNAVAILABLE, error.message)
                found = None
            if found is None:
                self._owe(node)
                continue
            self.state.asked[identifier(node)] = (iso_micros(node.get("createdAt")), stage)
            yield found

    def done(self, next_floor: int) -> tuple[Gap, ...]:
        """At the end of a pass: forgets what is not listed again, and tells what was refused."""
        self.state.covered = tuple(sorted(self.environments))
        kept = {key: one for key, one in self.state.asked.items() if one[0] >= next_floor}
        self.state.asked = kept
        if self.refused is None:
            self.state.owed, self.state.owed_run = 0, ""
            return ()
        return (self.refused,)

    def _wanted(self, node: Mapping[str, Any]) -> str:
        """At which stage a deployment is to be asked about now; empty: not, or not again."""
        if environment_of(node) not in self.environments or not _run(node):
            return ""
        statuses = [mapping(one) for one in items(at(node, "statuses", "nodes"))]
        phase = outcome(text(node.get("state")), statuses)[0]
        began = any(one.get("state") == "IN_PROGRESS" for one in statuses)
        stage = _ENDED if phase != "Running" else _RUNNING if began else ""
        known = self.state.asked.get(identifier(node), (0, ""))[1]
        return "" if known in (stage, _ENDED) else stage

    def _ask(self, capture: Capture, node: Mapping[str, Any]) -> Capture | None:
        run = self._run(_run(node), iso_micros(node.get("createdAt")))
        if run is None:
            return None
        answers, told = [run], [("deployment", capture.payload.decode("utf-8", "surrogatepass"))]
        if run.ok:
            reviews = self.rest.get(self._path(_run(node), "approvals"))
            if not (reviews.ok or reviews.status in _GONE):
                self._refuse(reviews)
                return None
            answers.append(reviews)
            told += [("run", run.text)] + ([("approvals", reviews.text)] if reviews.ok else [])
        told.append(("status", str(answers[-1].status)))
        return Capture(
            source=self.source,
            kind=parsing.DEPLOYMENT_RUN,
            key=capture.key,
            series=SERIES,
            observed_at=answers[-1].observed_at,
            form=Form.SLICE,
            payload=splice_object(told).encode("utf-8", "surrogatepass"),
            collector=capture.collector,
            collector_version=capture.collector_version,
            exchanges=tuple(one.exchange for one in answers),
            volatile=parsing.VOLATILE,
            context=capture.context,
        )

    def _run(self, number: str, started: int) -> RestAnswer | None:
        """The attempt of a run that made a deployment; what GitHub refuses is None."""
        answer = self.rest.get(self._path(number))
        for _ in range(ATTEMPTS):
            attempt = integer(at(answer.data, "run_attempt"), 1)
            if not answer.ok or attempt <= 1 or _began(answer) <= started:
                break
            answer = self.rest.get(self._path(number, "attempts", str(attempt - 1)))
        if answer.ok or answer.status in _GONE:
            return answer
        self._refuse(answer)
        return None

    def _shown_again(self) -> bool:
        """Whether GitHub shows by now what it refused; else the pass asks for nothing more."""
        try:
            answer = self.rest.get(self._path(self.state.owed_run, "approvals"))
        except SourceError as error:
            self.refused = self._gap(GapReason.UNAVAILABLE, error.message)
            return False
        if answer.ok or answer.status in _GONE:
            return True
        self._refuse(answer)
        return False

    def _refuse(self, answer: RestAnswer) -> None:
        said = f": {answer.message}" if answer.message else ""
        forbidden = answer.status in (401, 403)
        reason = GapReason.FORBIDDEN if forbidden else GapReason.UNAVAILABLE
        asks = "; grant Actions: read." if forbidden else "."
        what = f"GitHub did not show the workflow runs of {self.name} ({answer.status}{said})"
        self.refused = self._gap(reason, f"{what}{asks}")

    def _owe(self, node: Mapping[str, Any]) -> bool:
        start = iso_micros(node.get("createdAt"))
        if not self.state.owed or start < self.state.owed:
            self.state.owed, self.state.owed_run = start, _run(node)
        return True

    def _path(self, number: str, *rest: str) -> str:
        return "/".join((f"/repos/{quote(self.name)}/actions/runs/{number}", *rest))

    def _gap(self, reason: GapReason, detail: str) -> Gap:
        return Gap(
            source=self.source,
            kind=parsing.DEPLOYMENT_RUN,
            key="*",
            reason=reason,
            detail=detail,
            repository=self.repository,
        )


def _run(node: Mapping[str, Any]) -> str:
    """Number of the run behind a deployment, by the address that its statuses give."""
    statuses = [mapping(one) for one in items(at(node, "statuses", "nodes"))]
    final = outcome(text(node.get("state")), statuses)[2]
    return run_number(text(final.get("logUrl")))


def _began(answer: RestAnswer) -> int:
    return iso_micros(at(answer.data, "run_started_at"))
