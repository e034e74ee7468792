"""One repository's settings in one reading: asks, and notes what each look saw."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from evidence.canonical import splice_array, splice_object
from evidence.collectors.github import settings_kinds as kinds
from evidence.collectors.github.rest import Rest, RestAnswer
from evidence.collectors.github.settings_state import RepositorySettingsState
from evidence.model.capture import Capture, Exchange, Form, Gap, GapReason, Page
from evidence.model.settings import Subject


@dataclass(slots=True, kw_only=True)
class Shared:
    """Lists of the organisation, read once in a run however many repositories ask for them."""

    answers: dict[str, tuple[RestAnswer, ...]] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class SettingsContext:
    """One repository in one run."""

    source: str
    host: str
    repository: str
    name: str
    rest: Rest
    state: RepositorySettingsState
    shared: Shared
    collector: str = kinds.COLLECTOR
    version: str = kinds.VERSION
    administrator: bool | None = None
    """Whether GitHub says that the credential administers the repository; None: it does not say."""
    organisation: str = ""
    """Owner of the repository, where that is an organisation."""
    default_branch: str = ""
    captures: list[Capture] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    lists: list[tuple[str, str]] = field(default_factory=list)
    """(kind, key) of lists of records that were read whole."""
    looks: list[Mapping[str, Any]] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    """Of answers that say "unchanged" or refuse: the reading itself keeps them."""
    unchanged: int = 0
    done: bool = False
    """Whether all of the repository was read; else the next run goes on."""

    @property
    def root(self) -> str:
        """Path of the repository, by its present name."""
        return f"/repos/{self.name}"

    def key(self, *parts: str) -> str:
        """A capture key: GitHub's own id of the repository, then what it is about."""
        return "/".join((self.state.database_id, *parts))

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> RestAnswer:
        """One answer, conditional on the last one of this path."""
        tag = _tag(path, parameters)
        answer = self.rest.get(path, parameters, etag=self.state.etags.get(tag, ""))
        self._remember(tag, answer)
        return answer

    def whole(
        self, path: str, parameters: Mapping[str, str] | None = None, *, shared: bool = False
    ) -> tuple[RestAnswer, ...]:
        """All pages of a list; conditional where the last reading of it was one page."""
        if shared and path in self.shared.answers:
            return self.shared.answers[path]
        tag = _tag(path, parameters)
        etag = "" if shared else self.state.etags.get(tag, "")
        pages = self.rest.settled(path, parameters, etag=etag)
        if shared:
            self.shared.answers[path] = pages
        elif len(pages) == 1 and not pages[0].could_go_on:
            self._remember(tag, pages[0])
        else:
            self.state.etags.pop(tag, None)
        return pages

    def forget(self, path: str, parameters: Mapping[str, str] | None = None) -> None:
        """The next look at a path is a whole one, whatever GitHub says of its tag."""
        self.state.etags.pop(_tag(path, parameters), None)

    def _remember(self, tag: str, answer: RestAnswer) -> None:
        """The tag of a whole answer; none after a refusal, so that the next look is a whole one."""
        etag = answer.exchange.etag
        if answer.ok and etag and '"' in etag:
            self.state.etags[tag] = etag
        elif answer.status != 304:
            self.state.etags.pop(tag, None)

    def look(
        self,
        subject: Subject,
        key: str,
        answer: RestAnswer,
        outcome: str,
        window: tuple[int, int] = (0, 0),
        listed: Sequence[str] = (),
    ) -> None:
        """Notes what a look at a subject saw, and of a list of events which ones it named."""
        self.looks.append(
            {
                "subject": str(subject),
                "key": key,
                "at": answer.observed_at,
                "outcome": outcome,
                "status": answer.status,
                "since": window[0],
                "until": window[1],
                **({"listed": list(listed)} if listed else {}),
            }
        )
        if outcome != "read":
            self.exchanges.append(answer.exchange)
        self.unchanged += outcome == "unchanged"

    def refused(
        self, subject: Subject, key: str, kind: str, capture_key: str, answer: RestAnswer, what: str
    ) -> None:
        """Notes that something was not visible, and opens the gap that says why."""
        self.look(subject, key, answer, "not_visible")
        hidden = answer.status == 404 and self.administrator is not False
        reason = GapReason.NOT_FOUND_OR_FORBIDDEN if hidden else GapReason.FORBIDDEN
        if answer.status not in (403, 404):
            reason = GapReason.UNAVAILABLE
        said = f": {answer.message}" if answer.message else ""
        detail = f"GitHub did not show {what} of {self.name} (status {answer.status}{said})."
        self.gap(kind, capture_key, reason, detail)

    def gap(
        self,
        kind: str,
        key: str,
        reason: GapReason,
        detail: str,
        window: tuple[int, int] = (0, 0),
    ) -> None:
        """Opens a gap of this repository."""
        self.gaps.append(
            Gap(
                source=self.source,
                kind=kind,
                key=key,
                reason=reason,
                detail=detail,
                window_from=window[0],
                window_to=window[1],
                repository=self.repository,
            )
        )

    def capture(
        self,
        kind: str,
        key: str,
        payload: str,
        answers: tuple[RestAnswer, ...],
        *,
        form: Form = Form.SLICE,
        volatile: tuple[str, ...] = (),
        context: Mapping[str, str] | None = None,
    ) -> None:
        """Keeps one object as it was answered."""
        self.captures.append(
            Capture(
                source=self.source,
                kind=kind,
                key=key,
                series=f"{kind}/1",
                observed_at=answers[0].observed_at,
                form=form,
                payload=payload.encode("utf-8", "surrogatepass"),
                collector=self.collector,
                collector_version=self.version,
                exchanges=tuple(one.exchange for one in answers),
                volatile=volatile,
                context={
                    "repository": self.repository,
                    "host": self.host,
                    "database_id": self.state.database_id,
                    **(context or {}),
                },
            )
        )

    def listed(
        self,
        kind: str,
        key: str,
        answers: tuple[RestAnswer, ...],
        *,
        more: tuple[tuple[str, str], ...] = (),
        volatile: tuple[str, ...] = (),
        context: Mapping[str, str] | None = None,
    ) -> None:
        """Keeps the pages of a list as one object: `{"pages": [...]}` with their exact texts."""
        pages = splice_array(one.text for one in answers if one.ok)
        payload = splice_object([("pages", pages), *more])
        self.capture(kind, key, payload, answers, volatile=volatile, context=context)

    def page(self) -> Page:
        """What was read since the last page, and starts the next one."""
        found = Page(
            captures=tuple(self.readings()),
            gaps=tuple(self.gaps),
            lists=tuple(self.lists),
            unchanged=self.unchanged,
        )
        self.captures, self.gaps, self.lists, self.looks, self.exchanges = [], [], [], [], []
        self.unchanged = 0
        return found

    def readings(self) -> Iterator[Capture]:
        """The captures, and last the one that says what was looked at."""
        yield from self.captures
        if self.looks:
            payload = json.dumps({"looks": self.looks}, sort_keys=True, separators=(",", ":"))
            yield Capture(
                source=self.source,
                kind=kinds.READ,
                key=self.key(),
                series=f"{kinds.READ}/1",
                observed_at=max(int(one["at"]) for one in self.looks),
                form=Form.SLICE,
                payload=payload.encode(),
                collector=self.collector,
                collector_version=self.version,
                exchanges=tuple(self.exchanges),
                context={
                    "repository": self.repository,
                    "host": self.host,
                    "database_id": self.state.database_id,
                },
            )


def _tag(path: str, parameters: Mapping[str, str] | None) -> str:
    return f"{path}?{sorted(parameters.items())}" if parameters else path
