"""Reading Jira: increments, moved and missing issues, refusals."""

from __future__ import annotations

import json

import pytest
import stamina

from evidence.collectors.jira.dialect import query, zone_of
from evidence.errors import AuthError, SourceError
from evidence.model.capture import GapReason, Window
from evidence.model.ticket import Ticket, TicketEvent

ALL = Window(since=0, until=2**62)


def pages(collector, cursor=""):
    return list(collector.fetch(ALL, cursor))


def issues(found):
    """Numbers of the issues that were captured, in the order read."""
    return [
        json.loads(one.payload)["key"]
        for page in found
        for one in page.captures
        if one.kind == "jira.issue"
    ]


def gaps(found):
    return [(gap.kind, gap.key, gap.reason) for page in found for gap in page.gaps]


def tickets(collector, found):
    return [fact for page in found for one in page.captures for fact in collector.parse(one).facts]


@pytest.fixture(params=["cloud", "server"])
def jira(request, simulate):
    """Serves issues by the deployment that the test runs for."""
    return lambda text: simulate(f'jira = "{request.param}"\n{text}')


def test_a_later_run_reads_only_what_changed(jira, story, collector):
    late = '{ do = "transition", by = "dora", name = "Done", at = "+2d" }'
    simulation = jira("".join(story.issue(n, late if n == 3 else "") for n in range(1, 9)))
    first = pages(collector(simulation.at("+1d")))
    second = pages(collector(simulation.at("+3d")), first[-1].cursor)
    assert len(issues(first)) == 8
    assert issues(second) == ["SHOP-3"]


def test_a_change_of_the_minute_in_which_the_last_run_began_is_not_missed(jira, story, collector):
    early = '{ do = "label", by = "dora", name = "seen", at = "+10m50s" }'
    simulation = jira(story.issue(1, early))
    first = pages(collector(simulation.at("+11m30s")))
    second = pages(collector(simulation.at("+12m30s")), first[-1].cursor)
    reader = collector(simulation.end())
    assert [
        fact.current
        for fact in tickets(reader, second)
        if isinstance(fact, TicketEvent) and fact.kind == "labeled"
    ] == ["seen"]


def test_a_whole_changelog_is_read_however_long(jira, story, collector):
    moment = jira(story.issue(1, story.long)).end()
    found = tickets(collector(moment), pages(collector(moment)))
    kinds = [fact.kind for fact in found if isinstance(fact, TicketEvent)]
    assert [kind for kind in kinds if kind != "status_id"] == [
        "transition",
        "transition",
        "transition",
        "labeled",
        "labeled",
        "assigned",
    ]


def test_a_moved_issue_keeps_its_id(jira, story, collector):
    simulation = jira(story.issue(1, '{ do = "move", name = "OPS", at = "+2d" }'))
    before = pages(collector(simulation.at("+1d")))
    after = pages(collector(simulation.at("+3d")), before[-1].cursor)
    reader = collector(simulation.end())
    rows = [fact for fact in tickets(reader, before + after) if isinstance(fact, Ticket)]
    assert [row.key for row in rows] == ["SHOP-1", "OPS-1"]
    assert len({row.ticket_id for row in rows}) == 1


def test_only_projects_in_scope_are_read(jira, story, collector):
    other = story.issue(2, more='project = "OPS"')
    moment = jira(story.issue(1) + other).end()
    assert issues(pages(collector(moment, projects=("OPS",)))) == ["OPS-2"]


def test_a_project_that_comes_into_scope_is_read_from_its_beginning(jira, story, collector):
    other = story.issue(2, more='project = "OPS"')
    simulation = jira(story.issue(1) + other)
    first = pages(collector(simulation.at("+20d"), projects=("SHOP",)))
    second = pages(collector(simulation.at("+40d"), projects=("SHOP", "OPS")), first[-1].cursor)
    assert (issues(first), issues(second)) == (["SHOP-1"], ["SHOP-1", "OPS-2"])


def test_a_project_that_may_not_be_browsed_is_a_gap_and_the_others_are_read(jira, story, collector):
    other = story.issue(2, more='project = "OPS"')
    hidden = '[access]\njira_projects = ["SHOP"]\n'
    moment = jira(story.issue(1) + other + hidden).end()
    found = pages(collector(moment, projects=("SHOP", "OPS")))
    assert issues(found) == ["SHOP-1"]
    assert gaps(found) == [("jira.project", "OPS", GapReason.NOT_FOUND_OR_FORBIDDEN)]


def test_a_changelog_that_may_not_be_read_is_a_gap_and_asked_for_again(simulate, story, collector):
    closed = '[access]\njira_changelogs = ["i1"]\n'
    simulation = simulate(story.issue(1, story.long) + story.issue(2) + closed)
    first = pages(collector(simulation.at("+20d")))
    again = pages(collector(simulation.at("+40d")), first[-1].cursor)
    number = str(simulation.history.tickets["i1"].id)
    assert issues(first) == ["SHOP-2"]
    assert gaps(first) == gaps(again) == [("jira.issue", number, GapReason.FORBIDDEN)]


def test_an_issue_deleted_before_it_could_be_read_is_told_from_a_forbidden_one(
    simulate, story, collector
):
    closed = '[access]\njira_changelogs = ["i1"]\n'
    gone = 'deleted_at = "+30d"'
    simulation = simulate(story.issue(1, story.long, gone) + story.issue(2) + closed)
    first = pages(collector(simulation.at("+20d")))
    then = pages(collector(simulation.at("+40d")), first[-1].cursor)
    last = pages(collector(simulation.at("+50d")), then[-1].cursor)
    number = str(simulation.history.tickets["i1"].id)
    assert gaps(then) == [("jira.issue", number, GapReason.NOT_FOUND_OR_FORBIDDEN)]
    assert gaps(last) == []


def test_all_issues_of_a_project_are_visible_only_without_security_levels(jira, story, collector):
    def seen(text):
        moment = jira(text).end()
        found = pages(collector(moment, projects=("SHOP",)))
        return [total.scope for page in found for total in page.totals]

    one = story.issue(1)
    assert seen(one) == ["SHOP"]
    assert seen(one + story.issue(2, more="hidden = true")) == []
    assert seen(one + "[access]\njira_security = false\n") == []


def test_a_search_whose_rows_shift_while_it_is_read_misses_nothing(simulate, story, collector):
    """An issue of the first page changes before the second is read: all others move up by one."""
    change = '{ do = "label", by = "dora", name = "late", at = "+9d" }'
    many = "".join(story.issue(n, change if n == 5 else "") for n in range(1, 151))
    simulation = simulate(f'jira = "server"\n{many}')
    reader = collector(simulation.at("+8d"))
    found = []
    for page in reader.fetch(ALL, ""):
        found.append(page)
        simulation.at("+10d")
    assert set(issues(found)) == {f"SHOP-{n}" for n in range(1, 151)}


@pytest.mark.parametrize("kind", ["reset", "429_retry_after", "502", "503"])
def test_a_passing_failure_changes_nothing(jira, story, collector, kind):
    simulation = jira("".join(story.issue(n) for n in range(1, 131)))
    moment = simulation.end()
    simulation.server("jira").fail_next(kind, seconds=1, times=2)
    with stamina.set_testing(True, attempts=5, cap=True):
        found = pages(collector(moment))
    assert len(set(issues(found))) == 130


@pytest.mark.parametrize(("kind", "error"), [("401", AuthError), ("404", SourceError)])
def test_a_jira_that_refuses_or_is_none_is_said_so(jira, story, collector, kind, error):
    simulation = jira(story.issue(1))
    simulation.server("jira").fail_next(kind)
    with pytest.raises(error):
        pages(collector(simulation.end()))


def test_the_token_of_cloud_is_sent_with_the_e_mail_and_never_recorded(jira, story, collector):
    moment = jira(story.issue(1)).end()
    reader = collector(moment)
    found = pages(reader)
    assert moment.jira_token not in repr(reader)
    assert not any(moment.jira_token in repr(page) for page in found)


JULY = 1_783_328_400_000_000  # 2026-07-06T09:00:00Z


def test_times_of_a_query_are_in_the_zone_of_the_account_that_asks():
    assert query((), JULY, zone_of("Asia/Shanghai")) == (
        'updated >= "2026-07-06 17:00" ORDER BY updated ASC, id ASC'
    )


def test_where_the_zone_is_unknown_a_day_more_is_read():
    assert zone_of("Mars/Olympus") is None
    assert '"2026-07-05 09:00"' in query((), JULY, None)


def test_an_hour_that_exists_twice_is_read_from_before_it():
    folded = 1_792_888_200_000_000  # 2026-10-25T00:30:00Z: 02:30 for the first time in Berlin
    assert '"2026-10-25 00:30"' in query((), folded, zone_of("Europe/Berlin"))


def test_the_first_read_begins_before_any_jira():
    assert query(("SHOP", "OPS"), 0, None) == (
        'project in ("SHOP", "OPS") AND updated >= "1970-01-02 00:00" ORDER BY updated ASC, id ASC'
    )
