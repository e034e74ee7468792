"""An invented shop's captures and what they say, small enough to read in a test."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from evidence.model.actor import Actor, ActorType
from evidence.model.capture import Capture, Exchange, Form, Gap, GapReason, Page
from evidence.model.git import RefTip
from evidence.model.pull_request import PullRequest, Review
from evidence.store import writer

sys.path.insert(0, str(Path(__file__).parent))

MIRA = Actor(system="git.test", id="7", type=ActorType.USER, login="mira")


@dataclass(frozen=True)
class Said:
    facts: tuple = ()
    gaps: tuple = ()


class Shop:
    """Builds captures, says what they mean, and writes them as pages."""

    def pull(self, number, title="Sell tea", *, at=1_000, series="q1", reviews=(), gaps=(), **more):
        payload = {
            "number": number,
            "title": title,
            "reviews": list(reviews),
            "gaps": list(gaps),
            **more,
        }
        return Capture(
            source="hub",
            kind="github.pull_request",
            key=f"1:{number}",
            series=series,
            observed_at=at,
            form=Form.SLICE,
            payload=json.dumps(payload).encode(),
            collector="github",
            collector_version="1",
            exchanges=(Exchange(method="POST", url="https://git.test/graphql", status=200),),
            volatile=("/cost",),
            context={"repository": "shop"},
        )

    def refs(self, *tips, at=1_000, source="git"):
        return Capture(
            source=source,
            kind="git.refs",
            key="shop",
            series="r",
            observed_at=at,
            form=Form.EXACT,
            payload="\n".join(tips).encode(),
            collector="git",
            collector_version="1",
        )

    def parse(self, capture):
        if capture.kind == "git.refs":
            lines = [line.split() for line in capture.payload.decode().splitlines()]
            return Said(
                facts=tuple(RefTip(repository="shop", name=name, sha=sha) for name, sha in lines)
            )
        said = json.loads(capture.payload)
        number = said["number"]
        facts = [
            PullRequest(
                repository="shop",
                number=number,
                node_id=f"n{number}",
                url="",
                title=said["title"],
                body="",
                state="OPEN",
                author=MIRA,
                created_at=1,
                updated_at=2,
                merged_at=0,
                closed_at=0,
                merged_by=None,
                base_ref="main",
                base_sha="",
                head_ref="tea",
                head_sha="b" * 40,
                head_repository="shop",
                merge_sha="",
                labels=("tea",),
                changed_files=said.get("changed_files", 1),
            )
        ]
        for review, state in said["reviews"]:
            facts.append(
                Review(
                    repository="shop",
                    number=number,
                    review_id=review,
                    author=MIRA,
                    state=state,
                    submitted_at=3,
                    commit_sha="b" * 40,
                    can_push=True,
                    association="MEMBER",
                    body="",
                )
            )
        found = tuple(
            self.gap(key=capture.key, reason=GapReason(reason)) for reason in said["gaps"]
        )
        return Said(facts=tuple(facts), gaps=found)

    def gap(
        self, key="*", reason=GapReason.FORBIDDEN, kind="github.pull_request", source="hub", **more
    ):
        return Gap(source=source, kind=kind, key=key, reason=reason, detail="Not readable.", **more)

    def write(
        self,
        store,
        *captures,
        run="r1",
        stream="pulls",
        gaps=(),
        cursor="",
        complete=False,
        window=None,
        now=5_000,
        source="hub",
        lists=(),
    ):
        page = Page(
            captures=captures, gaps=tuple(gaps), lists=lists, cursor=cursor, complete=complete
        )
        parsed = [self.parse(each) for each in captures]
        return writer.write_page(
            store, source, stream, page, parsed, run_id=run, window=window, now=now
        )


@pytest.fixture
def shop():
    return Shop()
