"""Attestations of wanted digests, as the simulated GitHub holds them."""

from __future__ import annotations

from github_served import Run, addressed, digest, served
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.collectors.github.attestations import GitHubAttestations
from evidence.collectors.github.of_digests import PATIENCE
from evidence.collectors.github.paging import DAY
from evidence.collectors.http import Clock
from evidence.model.capture import GapReason
from evidence.model.provenance import Provenance

STORY = """
[[person]]
key = "ada"
[[repository]]
key = "shop"
[[push]]
key = "one"
by = "ada"
at = "+1d"
files = { "a.txt" = "a\\n" }
[[attestation]]
digest = "web-1"
on = "one"
[[attestation]]
digest = "late"
on = "one"
at = "+2d"
[[attestation]]
digest = "elsewhere"
on = "one"
bundle = false
"""


def collector(moment, *texts, now=1_000.0, owners=("example-shop",)):
    return GitHubAttestations(
        source="forge:attestations",
        **addressed(moment, clock=Clock(now=lambda: now, sleep=lambda _seconds: None)),
        owners=owners,
        wanted=lambda: frozenset(map(digest, texts)),
    )


class Read(Run):
    """What one run of the collector came to."""

    def __init__(self, moment, *texts, cursor="", **given):
        super().__init__(collector(moment, *texts, **given), cursor)


def test_the_collector_keeps_its_promise(promise, simulation):
    moment = simulation.at("+3d")
    promise(lambda: collector(moment, "web-1", "late"))


@settings(max_examples=60)
@given(data=st.data())
def test_parse_takes_any_payload(contract, simulation, data):
    moment = simulation.at("+3d")
    captures = Read(moment, "web-1", "late", "elsewhere").captures
    contract.parse_never_raises(lambda: collector(moment), data, captures)


def test_what_is_held_of_a_wanted_digest_says_which_commit_it_was_built_from(simulation):
    (one,) = Read(simulation.at("+3d"), "web-1").facts

    assert isinstance(one, Provenance)
    assert one.subject_digest == digest("web-1")
    assert one.commit == simulation.history.names["one"][1]
    assert one.builder == "https://builder.example/release"


def test_a_digest_is_asked_for_once_where_it_was_found(simulation):
    first = Read(simulation.at("+3d"), "web-1")
    again = Read(simulation.at("+3d"), "web-1", cursor=first.cursor, now=1_000.0 + 3 * 86_400)
    assert (first.calls, again.calls, again.captures) == (1, 0, [])


def test_one_that_is_not_there_yet_is_asked_for_once_a_day_for_a_week(simulation):
    read = Read(simulation.at("+1d"), "late")
    calls = [read.calls]
    for hours in (1, 25, 26, 49 + 24 * 7):
        now = 1_000.0 + hours * 3_600
        read = Read(simulation.at("+1d"), "late", cursor=read.cursor, now=now)
        calls.append(read.calls)
    assert calls == [3, 0, 3, 0, 0]  # and each run, whether its owner is a person
    assert PATIENCE == 7 * DAY


def test_one_that_comes_later_is_found(simulation):
    first = Read(simulation.at("+1d"), "late")
    later = Read(simulation.at("+3d"), "late", cursor=first.cursor, now=1_000.0 + 2 * 86_400)
    assert [one.subject_digest for one in later.facts] == [digest("late")]


def test_an_attestation_that_comes_without_its_statement_is_a_gap(simulation):
    read = Read(simulation.at("+3d"), "elsewhere")
    assert (read.facts, [gap.reason for gap in read.gaps]) == ([], [GapReason.TRUNCATED])


def test_what_may_not_be_read_is_one_gap_and_asked_for_again(tmp_path_factory):
    with served(tmp_path_factory, STORY, without=("attestations",)) as simulation:
        first = Read(simulation.at("+3d"), "web-1", "late")
        again = Read(simulation.at("+3d"), "web-1", "late", cursor=first.cursor)
    assert [(gap.reason, gap.key) for gap in first.gaps] == [(GapReason.FORBIDDEN, "*")]
    assert (first.calls, again.calls) == (1, 1)


def test_those_of_a_persons_repositories_are_read_below_the_person(tmp_path_factory):
    with served(tmp_path_factory, "personal = true\n" + STORY) as simulation:
        read = Read(simulation.at("+3d"), "late", "web-1")
    assert {one.subject_digest for one in read.facts} == {digest("late"), digest("web-1")}
    assert (read.calls, read.gaps) == (4, [])


def test_many_attestations_of_one_digest_are_read_whole(tmp_path_factory):
    row = '[[attestation]]\ndigest = "many"\non = "one"\nbuilder = "https://builder.example/{}"\n'
    with served(tmp_path_factory, STORY + "".join(map(row.format, range(130)))) as simulation:
        read = Read(simulation.at("+3d"), "many")
    assert len({one.builder for one in read.facts}) == 130
    assert read.calls == 2


def test_without_anything_wanted_nothing_is_asked(simulation):
    assert Read(simulation.at("+3d")).calls == 0
