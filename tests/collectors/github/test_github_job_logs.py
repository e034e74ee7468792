"""Logs of required checks: read once, redacted and capped, their digest beside the check."""

from __future__ import annotations

import hashlib
import json
import secrets

import pytest

from evidence.collectors.github.download import download
from evidence.collectors.github.job_logs import GitHubJobLogs, Job
from evidence.collectors.github.log_text import kept_text, shows_failed_step
from evidence.collectors.http import Clock
from evidence.demo.load import load_world
from evidence.demo.simulation import Simulation
from evidence.errors import MalformedError, UnavailableError
from evidence.model.capture import GapReason, Window

ALL = Window(since=0, until=2**62)


@pytest.fixture(scope="module")
def simulation(tmp_path_factory):
    with Simulation(load_world(3), tmp_path_factory.mktemp("logs")) as made:
        yield made


def record(simulation):
    """A job of GitHub Actions that ended, where it ran."""
    where = simulation.history.repositories["shop"]
    return where, next(one for checks in where.checks.values() for one in checks)


def job(simulation, number=""):
    where, one = record(simulation)
    return Job(
        root=f"/repos/{where.name}",
        repository="shop",
        name=where.name,
        sha=one.sha,
        check_id=number or str(one.id),
        check=one.name,
        app=one.app,
        conclusion=one.conclusion,
        ended_at=one.completed_at,
    )


def reader(simulation, *jobs, **given):
    moment = simulation.end()
    return GitHubJobLogs(
        source="forge:logs",
        url=moment.github_api_url,
        token=moment.github_token,
        jobs=jobs,
        clock=given.pop("clock", Clock(sleep=lambda _: None)),
        **given,
    )


def read(collector, cursor=""):
    pages = list(collector.fetch(ALL, cursor))
    captures = [capture for page in pages for capture in page.captures]
    parsed = [collector.parse(one) for one in captures]
    facts = [fact for one in parsed for fact in one.facts]
    gaps = [gap for page in pages for gap in page.gaps]
    return pages, captures, facts, gaps + [gap for one in parsed for gap in one.gaps]


def test_a_log_is_kept_with_the_digest_of_what_github_served(simulation):
    pages, captures, facts, gaps = read(reader(simulation, job(simulation)))
    payload = json.loads(captures[0].payload)
    assert (gaps, payload["status"], payload["cut"]) == ([], 200, 0)
    assert facts[0].url == f"sha256:{hashlib.sha256(payload['log'].encode()).hexdigest()}"
    assert (facts[0].kind, facts[0].status, facts[0].conclusion) == ("log", "READ", "")
    assert sum(page.calls for page in pages) == 2  # the redirect, and what it names


def test_no_credential_goes_where_the_redirect_leads(simulation):
    read(reader(simulation, job(simulation)))
    last = simulation.github_server.requests[-1]
    assert (last.path.startswith("/_blob/"), "authorization" in last.headers) == (True, False)


def test_the_signature_of_the_address_is_not_recorded(simulation):
    _, captures, _, _ = read(reader(simulation, job(simulation)))
    assert "sig=REDACTED" in captures[0].exchanges[0].url
    assert "signed" not in captures[0].exchanges[0].url


def test_a_log_that_is_not_kept_any_more_is_a_gap_and_a_fact(simulation):
    _, one = record(simulation)
    simulation.history.ends_at, ends = (
        one.completed_at + 91 * 86_400_000_000,
        (simulation.history.ends_at),
    )
    try:
        _, _, facts, gaps = read(reader(simulation, job(simulation)))
    finally:
        simulation.history.ends_at = ends
    assert [gap.reason for gap in gaps] == [GapReason.RETENTION]
    assert (facts[0].status, facts[0].url) == ("GONE", "")


def test_a_job_that_github_does_not_know_is_a_gap(simulation):
    _, _, facts, gaps = read(reader(simulation, job(simulation, "999999999")))
    assert [gap.reason for gap in gaps] == [GapReason.NOT_FOUND_OR_FORBIDDEN]
    assert facts[0].status == "GONE"


def test_a_repository_that_refuses_its_logs_is_asked_again_a_day_later(simulation):
    simulation.github_server.fail_next("403_permission")
    both = (job(simulation), job(simulation, "17"))
    pages, _, _, gaps = read(reader(simulation, *both))
    assert [(gap.reason, gap.repository) for gap in gaps] == [(GapReason.FORBIDDEN, "shop")]
    assert sum(page.calls for page in pages) == 1
    again, _, _, gaps = read(reader(simulation, *both), pages[-1].cursor)
    assert ([gap.reason for gap in gaps], sum(page.calls for page in again)) == (
        [GapReason.FORBIDDEN],
        0,
    )
    later = Clock(now=lambda: Clock().now() + 90_000, sleep=lambda _: None)
    _, captures, _, gaps = read(reader(simulation, both[0], clock=later), pages[-1].cursor)
    assert (len(captures), gaps) == (1, [])


def test_a_log_that_did_not_come_stays_wanted(simulation):
    simulation.github_server.fail_next("500", times=9)
    _, captures, _, gaps = read(reader(simulation, job(simulation)))
    assert (captures, [gap.reason for gap in gaps]) == ([], [GapReason.UNAVAILABLE])
    simulation.github_server.faults.clear()


def test_a_secret_goes_before_anything_is_cut():
    token = "ghp_" + secrets.token_hex(20)
    line = b"x" * 99 + b"\n"
    log = line * 1_000 + f"token {token}\n".encode() + line * 1_000
    text, left = kept_text(log, 20_000)
    assert token not in text
    assert len(text) < 20_100
    assert left == len(log) - (len(token) - len("[redacted:github-token]")) - sum(
        len(part) for part in text.split(f"[{left} bytes left out]\n")
    )
    assert all(len(part) in (0, 99) or "left out" in part for part in text.split("\n"))


def test_a_short_log_is_kept_whole():
    assert kept_text(b"all\nfine\n", 100) == ("all\nfine\n", 0)
    assert kept_text(b"\xff\xfe", 100) == ("\ufffd\ufffd", 0)


@pytest.mark.parametrize(
    ("log", "failed"),
    [
        ("2026-07-01T08:00:00.0000000Z ##[error]Process completed with exit code 1.\n", True),
        ("##[error]Process completed with exit code 137.\n", True),
        (
            "2026-07-01T08:00:00.0000000Z echo '##[error]Process completed with exit code 1.'\n",
            False,
        ),
        ("##[error]Process completed with exit code 0.\n", False),
        ("all fine\n", False),
    ],
)
def test_a_failed_step_shows_in_the_log(log, failed):
    assert shows_failed_step(log) is failed


def test_an_https_forge_is_not_followed_to_plain_http():
    with pytest.raises(MalformedError, match="no https"):
        download(
            "http://files.test/log",
            "https://api.github.test",
            timeout=(1, 1),
            verify=True,
            clock=Clock(sleep=lambda _: None),
        )


def test_a_file_that_does_not_come_is_unavailable():
    with pytest.raises(UnavailableError, match="did not answer"):
        download(
            "http://127.0.0.1:9/log",
            "http://127.0.0.1:9",
            timeout=(1, 1),
            verify=True,
            clock=Clock(sleep=lambda _: None),
        )


@pytest.mark.parametrize("payload", [b"", b"[]", b"{}", b'{"sha": 7, "job": null, "status": "x"}'])
def test_a_payload_of_another_shape_is_a_gap(simulation, payload):
    from dataclasses import replace

    _, captures, _, _ = read(reader(simulation, job(simulation)))
    parsed = reader(simulation).parse(replace(captures[0], payload=payload))
    assert (parsed.facts, [gap.reason for gap in parsed.gaps]) == ((), [GapReason.MALFORMED])
