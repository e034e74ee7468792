"""What a dossier prints beside reviews and checks: comments on lines, and digests of logs."""

from __future__ import annotations

import html

from packet_factory import BOB, chain, change, make_packet, sha

from evidence.model.check import JobLog
from evidence.model.comments import LINE_COMMENT
from evidence.model.pull_request import PullRequestEvent
from evidence.report.dossier import build_dossier
from evidence.report.html import environment, fragment
from evidence.report.summary import summarise


def rendered(**evidence):
    about = chain(change(1), **evidence)
    dossier = build_dossier(about.change, about, summarise(make_packet()), (), in_population=True)
    return html.unescape(" ".join(fragment(environment("Europe/Berlin"), dossier).split()))


def test_a_comment_on_a_line_is_printed_with_its_place_and_what_it_suggests():
    about = change(1)
    said = PullRequestEvent(
        repository="shop",
        number=1,
        event_id="LineComment:7",
        kind=LINE_COMMENT,
        position=-1,
        actor=BOB,
        at=about.created_at + 1,
        after_sha=sha(8),
        previous="shop/gift.py:3",
        current="Rather so:\n```suggestion\nCARDS = ()\n```",
        entry_seq=77,
        observed_at=about.merged_at,
    )
    text = rendered(events=(said,))
    assert "Comments on lines" in text
    assert "shop/gift.py:3" in text
    assert "(suggests other lines): Rather so:" in text
    assert "#77" in text


def test_the_digest_of_a_log_stands_beside_its_check():
    log = JobLog(check_id="c1", digest="sha256:" + "ab" * 32, soft_fail=True, entry=78)
    text = rendered(logs=(log,))
    assert f"log sha256:{'ab' * 32}, ledger entry #78; a step failed" in text


def test_a_log_that_is_gone_is_said_to_be():
    log = JobLog(check_id="c1", digest="", soft_fail=False, entry=79)
    assert "log not kept, ledger entry #79" in rendered(logs=(log,))
