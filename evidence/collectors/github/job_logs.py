"""The logs of required checks: a stream of its own, for GitHub keeps them for 90 days only.

Each ended job of GitHub Actions that ran a required check is asked for its log once. GitHub answers
with a redirect to a signed address elsewhere, which gets no credential of ours. What is kept is
redacted and capped; the digest is that of the log as GitHub served it. A log that is gone is told
as a gap and not asked for again. Source: docs.github.com "Download job logs for a workflow run".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from evidence import canonical
from evidence.collectors import cursors
from evidence.collectors.github import parse_job_logs as parsing
from evidence.collectors.github.account import GitHubAccount
from evidence.collectors.github.connection import RedirectError
from evidence.collectors.github.credentials import NotInstalledError
from evidence.collectors.github.download import download
from evidence.collectors.github.log_text import kept_text
from evidence.collectors.github.reading import integer
from evidence.collectors.github.rest import Rest
from evidence.collectors.interface import Parsed, Progress, no_progress
from evidence.errors import MalformedError, UnavailableError
from evidence.model.capture import Capture, Form, Gap, GapReason, Page, Window

COLLECTOR = "github_logs"
VERSION = "1"
DAY = 86_400_000_000
KEPT = 90 * DAY
"""Microseconds for which GitHub keeps a log by default."""
_TOGETHER = 10
"""Logs of one page: a page is one transaction."""
_GONE = frozenset({404, 410})


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One attempt of a required check whose log is wanted. Its id is that of the check run."""

    repository: str
    """Configured repository id."""
    name: str
    """`owner/name`."""
    root: str
    """Path of the repository's REST resources."""
    sha: str
    check_id: str
    check: str
    app: str
    conclusion: str
    ended_at: int
    """Microseconds UTC."""


@dataclass(slots=True, kw_only=True)
class GitHubJobLogs(GitHubAccount):
    """The wanted logs of one configured GitHub. Serial.

    Raises AuthError, SourceError, MalformedError, UnavailableError and ConfigError; what one job
    lacks is a gap and does not stop the others.
    """

    jobs: Sequence[Job]
    limit: int = 262_144
    """Bytes that are kept of a log: its beginning and its end."""
    name: str = field(default=COLLECTOR, init=False)
    version: str = field(default=VERSION, init=False)
    kinds: tuple[str, ...] = field(default=(parsing.JOB_LOG,), init=False)

    def fetch(
        self, window: Window, cursor: str, progress: Progress = no_progress
    ) -> Iterator[Page]:
        """A page for every ten logs; a repository that refuses them is asked again a day later."""
        del window  # what is wanted is known by what was stored
        refused, now = _refused(cursor), self.clock.micros()
        credential, conversations = self.sign_in(), dict[str, Rest]()
        captures: list[Capture] = []
        gaps: dict[tuple[str, str], Gap] = {}
        calls = 0
        for done, job in enumerate(self.jobs):
            progress("job logs", done, len(self.jobs))
            if now - refused.get(job.repository, -DAY) < DAY:
                gaps.setdefault((job.repository, "*"), self._forbidden(job))
                continue
            owner = job.name.partition("/")[0].lower()
            rest = conversations.setdefault(owner, self.rest(credential, owner))
            found = self._read(job, rest)
            calls, rest.usage.calls = calls + rest.usage.calls, 0
            if isinstance(found, Capture):
                captures.append(found)
            else:
                gaps.setdefault((job.repository, found.key), found)
                if found.reason == GapReason.FORBIDDEN:
                    refused[job.repository] = now
            if len(captures) >= _TOGETHER:
                yield Page(captures=tuple(captures), cursor=cursors.dumped(refused), calls=calls)
                captures, calls = [], 0
        yield Page(
            captures=tuple(captures),
            gaps=tuple(gaps.values()),
            cursor=cursors.dumped(refused),
            calls=calls,
            complete=True,
        )

    def parse(self, capture: Capture) -> Parsed:
        """Facts and gaps of one capture; pure."""
        return parsing.parse(capture)

    def _read(self, job: Job, rest: Rest) -> Capture | Gap:
        path = f"{job.root}/actions/jobs/{job.check_id}/logs"
        try:
            answer = rest.get(path)
        except RedirectError as moved:
            return self._follow(job, rest, moved.location)
        except NotInstalledError as error:
            return self._forbidden(job, error.message)
        except (MalformedError, UnavailableError) as error:
            return self._gap(job, GapReason.UNAVAILABLE, error.message)
        if answer.status in _GONE:
            return self._capture(job, {"status": answer.status}, answer.observed_at, answer)
        if answer.status in (401, 403):
            return self._forbidden(job)
        said = f"GitHub answered with status {answer.status}."
        return self._gap(job, GapReason.UNAVAILABLE, said)

    def _follow(self, job: Job, rest: Rest, location: str) -> Capture | Gap:
        """Reads what the redirect names; the call counts like one to GitHub."""
        rest.usage.calls += 1
        try:
            found = download(
                location, rest.api_url, timeout=self.timeout, verify=self.verify, clock=self.clock
            )
        except (MalformedError, UnavailableError) as error:
            return self._gap(job, GapReason.UNAVAILABLE, error.message)
        if found.status in _GONE:
            return self._capture(job, {"status": found.status}, found.observed_at, found)
        text, cut = kept_text(found.body, self.limit)
        payload = {
            "status": 200,
            "sha256": canonical.sha256_hex(found.body),
            "bytes": len(found.body),
            "cut": cut,
            "log": text,
        }
        return self._capture(job, payload, found.observed_at, found)

    def _capture(self, job: Job, payload: dict[str, Any], observed_at: int, of: Any) -> Capture:
        told = {
            "job": job.check_id,
            "check": job.check,
            "app": job.app,
            "sha": job.sha,
            "conclusion": job.conclusion,
            "ended_at": job.ended_at,
        }
        return Capture(
            source=self.source,
            kind=parsing.JOB_LOG,
            key=_key(job),
            series="job_log/1",
            observed_at=observed_at,
            form=Form.SLICE,
            payload=json.dumps({**told, **payload}, ensure_ascii=False).encode(),
            collector=COLLECTOR,
            collector_version=VERSION,
            exchanges=(of.exchange,),
            context={"repository": job.repository},
        )

    def _forbidden(self, job: Job, said: str = "") -> Gap:
        detail = said or f"The logs of {job.name} cannot be read: grant Actions: read."
        return Gap(
            source=self.source,
            kind=parsing.JOB_LOG,
            key="*",
            reason=GapReason.FORBIDDEN,
            detail=detail,
            repository=job.repository,
        )

    def _gap(self, job: Job, reason: GapReason, detail: str) -> Gap:
        return Gap(
            source=self.source,
            kind=parsing.JOB_LOG,
            key=_key(job),
            reason=reason,
            detail=f"The log of {job.check} on {job.sha[:12]} could not be read: {detail}",
            repository=job.repository,
        )


def _key(job: Job) -> str:
    return f"{job.repository}:{job.sha}:{job.check_id}"


def _refused(cursor: str) -> dict[str, int]:
    """Repository -> when it refused its logs, microseconds UTC."""
    found = cursors.loaded(cursor)
    return {name: integer(at, 0) for name, at in found.items()}
