"""The way into one Jira: a session, who asks, and what the account may see."""

from __future__ import annotations

from evidence import canonical
from evidence.collectors.http import Answer, Clock, PoliteSession
from evidence.collectors.jira.dialect import DIALECTS, authorization, zone_of
from evidence.collectors.jira.pages import Reader
from evidence.collectors.jira.projects import ProjectRead, read_project
from evidence.collectors.jira.reading import at
from evidence.errors import SourceError


def session_of(
    url: str,
    email: str,
    token: str,
    *,
    verify: bool | str = True,
    clock: Clock | None = None,
    attempts: int = 5,
) -> PoliteSession:
    """A session with the credential: basic with an e-mail, else bearer."""
    return PoliteSession(
        base_url=url,
        headers={"Authorization": authorization(email, token), "Accept": "application/json"},
        verify=verify,
        clock=clock or Clock(),
        attempts=attempts,
    )


def introduce(reader: Reader) -> Answer:
    """Asks who asks; from then on the reader knows the time zone of that account.

    Raises:
        AuthError: the credential is refused.
        SourceError: there is no Jira of this deployment.
    """
    answer = reader.ask("/myself")
    if answer.status != 200:
        raise SourceError(
            f"{answer.exchange.url} is not there.",
            next_step="Check the source's `url` and `deployment` (cloud or server).",
        )
    reader.zone = zone_of(at(canonical.loads(answer.body), "timeZone"))
    return answer


def probe(
    session: PoliteSession, deployment: str, projects: tuple[str, ...]
) -> tuple[Answer, list[ProjectRead]]:
    """The answer to who asks, and each project as the account sees it."""
    reader = Reader(session=session, dialect=DIALECTS[deployment])
    answer = introduce(reader)
    return answer, [read_project(reader, key) for key in projects]
