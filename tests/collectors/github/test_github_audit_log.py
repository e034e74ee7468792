"""What organisations' audit logs say of settings, as the simulated organisation shows it."""

from __future__ import annotations

import json
from urllib.parse import parse_qs, urlsplit

import pytest
from github_served import ALL, Run, addressed, served
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.collectors.github import GitHubRepository
from evidence.collectors.github import audit_kinds as kinds
from evidence.collectors.github.audit_log import KEPT, LATE, OVERLAP, GitHubAuditLog
from evidence.collectors.github.paging import DAY, HOUR
from evidence.model.audit import OVERRIDE, AuditEvent
from evidence.model.capture import GapReason
from evidence.model.settings import Observation, Subject

STORY = """
[[person]]
key = "ada"
[[person]]
key = "dora"
[[repository]]
key = "shop"
[[repository]]
key = "other"
[[push]]
key = "fix"
by = "dora"
repository = "shop"
at = "+1d"
files = { "a.py" = "1" }
[[audit]]
action = "protected_branch.destroy"
by = "dora"
repository = "shop"
at = "+1d2h"
[[audit]]
action = "protected_branch.policy_override"
by = "dora"
repository = "shop"
at = "+1d3h"
on = "fix"
codes = ["required_status_checks"]
[[audit]]
action = "team.add_member"
by = "ada"
at = "+1d4h"
[[audit]]
action = "repo.add_member"
by = "ada"
repository = "other"
at = "+1d5h"
[[audit]]
action = "something.new_of_next_year"
by = "ada"
repository = "shop"
at = "+1d6h"
"""


def collector(moment, every=0, keys=("shop",)):
    return GitHubAuditLog(
        source="forge:audit",
        **addressed(moment),
        every=every,
        repositories=tuple(
            GitHubRepository(id=key, name=moment.repositories.get(key, key)) for key in keys
        ),
    )


class Read(Run):
    """What one run of the collector came to."""

    def __init__(self, moment, cursor="", **given):
        super().__init__(collector(moment, **given), cursor)
        self.events = self.of(AuditEvent)
        self.looks = {one.repository: one for one in self.of(Observation)}

    def actions(self):
        return [one.action for one in self.events]


def test_the_collector_keeps_its_promise(promise, simulation):
    moment = simulation.end()
    promise(lambda: collector(moment, every=24 * HOUR))


@settings(max_examples=60)
@given(data=st.data())
def test_parse_takes_any_payload(contract, simulation, data):
    read = Read(simulation.end())
    contract.parse_never_raises(lambda: collector(simulation.end()), data, read.captures)


def test_an_override_names_the_commit_the_rules_and_who_did_it(simulation):
    moment = simulation.at("+2d")
    (found,) = [one for one in Read(moment).events if one.action == OVERRIDE]
    assert found.actor.key == "github.example:user:102"
    assert (found.repository, found.ref) == ("shop", "refs/heads/main")
    assert found.after_sha == simulation.history.names["fix"][1]
    assert found.codes == ("required_status_checks",)
    assert found.at % (24 * HOUR) == (9 + 3) * HOUR


def test_an_entry_of_no_repository_may_concern_any_and_one_of_another_is_no_fact(simulation):
    found = {one.action: one.repository for one in Read(simulation.at("+2d")).events}
    assert found["team.add_member"] == ""
    assert "repo.add_member" not in found


def test_what_is_no_fact_is_kept_as_it_came(simulation):
    read = Read(simulation.at("+2d"))
    (bundle,) = [one for one in read.captures if one.kind == kinds.OTHERS]
    kept = [one["action"] for one in json.loads(bundle.payload)]
    assert kept == ["repo.add_member", "something.new_of_next_year"]


def test_the_look_says_from_when_to_when_the_log_was_read_and_what_it_named(simulation):
    moment = simulation.at("+2d")
    read = Read(moment)
    look = read.looks["shop"]
    now = simulation.github.at
    assert (look.subject, look.key, look.outcome) == (Subject.AUDIT_LOG, "example-shop", "read")
    assert (look.since, look.until) == (now - KEPT, now - LATE)
    assert set(look.listed) == {one.event_id for one in read.events}


def test_a_second_reading_begins_before_the_end_of_the_first_and_keeps_nothing_twice(simulation):
    first = Read(simulation.at("+1d6h30m"))
    second = Read(simulation.at("+1d7h"), first.cursor)
    assert [one.kind for one in first.captures].count(kinds.OTHERS) == 1
    assert kinds.OTHERS not in [one.kind for one in second.captures]
    assert second.looks["shop"].since == first.looks["shop"].until - OVERLAP
    assert second.calls == 1


def test_an_entry_that_appears_late_is_read_by_a_later_run(tmp_path_factory):
    text = STORY.replace('at = "+1d2h"', 'at = "+1d2h"\nshown_at = "+1d2h50m"')
    with served(tmp_path_factory, text) as simulation:
        first = Read(simulation.at("+1d2h30m"))
        second = Read(simulation.at("+1d3h"), first.cursor)
    assert "protected_branch.destroy" not in first.actions()
    assert "protected_branch.destroy" in second.actions()


def test_many_entries_are_read_page_by_page_and_a_cut_reading_goes_on(tmp_path_factory):
    row = '[[audit]]\naction = "team.add_member"\nby = "ada"\nat = "+1d4h{0}m"\n'
    text = STORY + "".join(row.format(minute) for minute in range(1, 231))
    with served(tmp_path_factory, text) as simulation:
        moment = simulation.at("+3d")
        whole = Read(moment)
        pages = collector(moment).fetch(ALL, "")
        cut = [next(pages), next(pages), next(pages)]
        rest = Read(moment, cut[-1].cursor)
    assert len(whole.events) == 233
    seen = {one.key for page in cut for one in page.captures} | {one.key for one in rest.captures}
    assert seen >= {one.key for one in whole.captures if one.kind == kinds.ENTRY}
    assert rest.looks["shop"].since == whole.looks["shop"].since
    assert set(rest.looks["shop"].listed) == set(whole.looks["shop"].listed)
    assert len(rest.pages) < len(whole.pages)


@pytest.mark.parametrize(
    ("access", "reason"),
    [
        ({"without": ("audit_log",)}, GapReason.FORBIDDEN),
        ({"off": ("audit_log",)}, GapReason.NOT_FOUND_OR_FORBIDDEN),
    ],
)
def test_a_log_that_is_not_shown_is_a_gap_that_names_plan_and_permission(
    tmp_path_factory, access, reason
):
    with served(tmp_path_factory, STORY, **access) as simulation:
        read = Read(simulation.at("+2d"))
    assert [(gap.kind, gap.key, gap.reason) for gap in read.gaps] == [
        (kinds.LOG, "example-shop", reason)
    ]
    assert "Enterprise Cloud" in read.gaps[0].detail
    assert "read:audit_log" in read.gaps[0].detail
    assert [one.outcome for one in read.looks.values()] == ["not_visible"]
    assert not read.events


def test_a_log_that_was_refused_is_asked_for_again_when_it_is_due(tmp_path_factory):
    with served(tmp_path_factory, STORY, without=("audit_log",)) as simulation:
        moment = simulation.at("+2d")
        first = Read(moment, every=24 * HOUR)
        second = Read(moment, first.cursor, every=24 * HOUR)
        third = Read(moment, first.cursor)
    assert (second.calls, second.gaps, second.pages[-1].complete) == (0, [], True)
    assert [gap.reason for gap in third.gaps] == [GapReason.FORBIDDEN]


def test_the_gap_ends_once_the_log_is_read(simulation):
    assert (kinds.LOG, "example-shop") in Read(simulation.at("+2d")).lists


def test_what_was_kept_no_more_since_the_last_reading_is_a_gap_that_stays(simulation):
    first = Read(simulation.at("+1d"))
    later = Read(simulation.at("+200d"), first.cursor)
    (gap,) = later.gaps
    assert gap.reason == GapReason.RETENTION
    assert gap.window_from == first.looks["shop"].until
    assert gap.window_to == later.looks["shop"].since == simulation.github.at - KEPT


def test_a_log_that_is_not_due_costs_no_call(simulation):
    first = Read(simulation.at("+2d"), every=24 * HOUR)
    second = Read(simulation.at("+2d"), first.cursor, every=24 * HOUR)
    assert (second.calls, second.captures) == (0, [])


def test_a_repository_that_is_configured_later_has_its_entries_read_from_then_on(simulation):
    first = Read(simulation.at("+2d"))
    second = Read(simulation.at("+3d"), first.cursor, keys=("shop", "other"))
    assert second.looks["other"].since == second.looks["shop"].since
    assert second.looks["other"].since > simulation.github.at - 2 * DAY


def test_a_repository_that_is_not_shown_is_a_gap_and_has_no_look(simulation):
    read = Read(simulation.at("+2d"), keys=("shop", "example-shop/nothing"))
    (gap,) = read.gaps
    assert (gap.reason, gap.repository) == (
        GapReason.NOT_FOUND_OR_FORBIDDEN,
        "example-shop/nothing",
    )
    assert set(read.looks) == {"shop"}


@pytest.mark.parametrize("cursor", ["", "no cursor", "[]", '{"v": 1, "logs": 3}', '{"v": 9}'])
def test_a_cursor_that_is_none_reads_everything(simulation, cursor):
    assert len(Read(simulation.at("+2d"), cursor).events) == 3


def test_it_asks_for_web_events_from_a_day_on_and_the_oldest_first(simulation):
    read = Read(simulation.at("+2d"))
    addresses = {one.url for capture in read.captures for one in capture.exchanges}
    (asked,) = {urlsplit(one).query for one in addresses}
    query = {name: values[0] for name, values in parse_qs(asked).items()}
    assert query.keys() == {"include", "order", "per_page", "phrase"}
    assert (query["include"], query["order"], query["per_page"]) == ("web", "asc", "100")
    assert query["phrase"].startswith("created:>=2026-01-")
