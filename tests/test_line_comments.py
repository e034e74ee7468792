"""Comments on lines from end to end: read where pull requests changed, shown with the approval."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shop_world import FIRST, pull, shop

from evidence.collectors.github import GitHubRepository
from evidence.collectors.github import line_comments as reading
from evidence.collectors.github.line_comments import Changed, GitHubLineComments
from evidence.config.yardstick import build_policy
from evidence.controls.timeline import timeline_of
from evidence.deciding.case import Case
from evidence.model.capture import GapReason, Window
from evidence.model.comments import LINE_COMMENT, suggests
from evidence.report.timeline import timeline
from evidence.store.session import open_store
from evidence.sync import sync

ALL = Window(since=0, until=2**62)
TALK = """
[[change]]
key = "gift"
author = "ada"
title = "Gift cards"
steps = [
  { do = "push", files = { "shop/gift.py" = "CARDS = []\\n" } },
  { do = "review", by = "bert", state = "COMMENTED", key = "first" },
  { do = "comment", by = "bert", path = "shop/gift.py", line = 1, review = "first", body = "Rather a tuple:\\n```suggestion\\nCARDS = ()\\n```" },
  { do = "comment", by = "ada", path = "shop/gift.py", line = 1, body = "Later.", edited_at = "+2h" },
  { do = "comment", by = "ada", body = "In the conversation" },
  { do = "checks" },
  { do = "review", by = "bert" },
  { do = "merge", by = "carl" },
]
"""


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    directory = tmp_path_factory.mktemp("comments")
    with shop(directory, FIRST + TALK + pull("later")) as rehearsal:
        loaded = rehearsal.loaded(rehearsal.simulation.end())
        yield rehearsal, loaded, sync(loaded), sync(loaded)


def receipt(outcome):
    return next(one for one in outcome.receipts if one.source == "github:comments")


def evidence_of(loaded, key):
    with closing(open_store(loaded.store_url)) as store:
        case = Case(store=store, policy=build_policy(loaded.settings), at=None, as_of=0)
        changes = [one for one in case.population.changes if one.change_id == key]
        (chain,) = case.chains(changes)
        return chain.evidence


def reader(rehearsal, at, **given):
    moment = rehearsal.simulation.end()
    shown = GitHubRepository(id="shop", name=moment.repositories["shop"])
    return GitHubLineComments(
        source="github:comments",
        url=moment.github_api_url,
        token=moment.github_token,
        changed=(Changed(repository=shown, at=at),),
        **given,
    )


def test_they_are_read_once_for_each_repository_that_changed(ran):
    _, _, first, second = ran
    assert (receipt(first).versions_new, receipt(first).calls) == (2, 1)
    assert (receipt(second).objects_read, receipt(second).calls) == (0, 0)


def test_each_tells_who_said_what_of_which_line_and_review(ran):
    _, loaded, _, _ = ran
    evidence = evidence_of(loaded, "shop:pr:1")
    said, answered = sorted(
        (one for one in evidence.events if one.kind == LINE_COMMENT), key=lambda one: one.at
    )
    assert (said.actor.login, said.previous, suggests(said)) == ("bert", "shop/gift.py:1", True)
    assert said.subject in {one.review_id for one in evidence.reviews}
    assert said.after_sha == evidence.change.head_sha
    assert (answered.subject, suggests(answered)) == ("", False)


def test_they_stand_among_the_moments_and_are_no_items_of_the_forges_timeline(ran):
    _, loaded, _, _ = ran
    evidence = evidence_of(loaded, "shop:pr:1")
    assert [row.reference for row in timeline(evidence, ()) if row.what == "Line comment"] == [
        "shop/gift.py:1",
        "shop/gift.py:1",
    ]
    assert LINE_COMMENT not in {one.kind for one in timeline_of(evidence).events}
    assert timeline_of(evidence).whole


def test_a_long_list_is_read_on_by_time(ran, monkeypatch):
    rehearsal, _, _, _ = ran
    monkeypatch.setattr(reading, "_PAGE", 1)
    pages = list(reader(rehearsal, 1).fetch(ALL, ""))
    keys = {capture.key for page in pages for capture in page.captures}
    assert (len(keys), pages[-1].complete) == (2, True)
    assert not any(page.gaps for page in pages)


def test_a_refusal_is_a_gap_and_is_read_again_from_the_same_moment(ran):
    rehearsal, _, _, _ = ran
    rehearsal.simulation.github_server.fail_next("403_permission")
    pages = list(reader(rehearsal, 5).fetch(ALL, '{"shop": 4}'))
    assert [gap.reason for page in pages for gap in page.gaps] == [GapReason.FORBIDDEN]
    assert json.loads(pages[-1].cursor) == {"shop": 4}


@pytest.mark.parametrize("payload", [b"", b"[]", b'{"id": 1}', b'{"pull_request_url": "/pulls/1"}'])
def test_what_is_no_comment_is_a_gap(ran, payload):
    rehearsal, _, _, _ = ran
    collector = reader(rehearsal, 1)
    capture = next(iter(collector.fetch(ALL, ""))).captures[0]
    parsed = collector.parse(replace(capture, payload=payload))
    assert (parsed.facts, [gap.reason for gap in parsed.gaps]) == ((), [GapReason.MALFORMED])
