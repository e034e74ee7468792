"""Who stands behind accounts, as the simulated organisation shows it."""

from __future__ import annotations

import pytest
from github_served import Run, addressed, served
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.collectors.github import identity_kinds as kinds
from evidence.collectors.github.identities import GitHubIdentities
from evidence.collectors.github.paging import HOUR
from evidence.model.capture import GapReason
from evidence.model.identity import AccountIdentity
from evidence.model.settings import Observation

STORY = """
[[person]]
key = "ada"
[[person]]
key = "bert"
[[person]]
key = "carl"
[[repository]]
key = "shop"
[[identity]]
person = "ada"
subject = "Ada@Corp.example"
emails = ["ada.other@corp.example"]
verified = ["Ada@corp.example"]
[[identity]]
person = "bert"
[[identity]]
person = "carl"
subject = "c-77"
[[identity]]
person = "carl"
at = "+2d"
removed = true
"""


def collector(moment, every=0, owners=("example-shop",)):
    return GitHubIdentities(
        source="forge:identities",
        **addressed(moment),
        every=every,
        owners=owners,
    )


class Read(Run):
    """What one run of the collector came to."""

    def __init__(self, moment, cursor="", **given):
        super().__init__(collector(moment, **given), cursor)

    def of(self, kind):
        found = (one for one in self.facts if isinstance(one, AccountIdentity))
        return {one.login: one for one in found if one.kind == kind}

    def looks(self):
        return {one.key: one for one in self.facts if isinstance(one, Observation)}


def test_the_collector_keeps_its_promise(promise, simulation):
    moment = simulation.end()
    promise(lambda: collector(moment, every=24 * HOUR))


@settings(max_examples=60)
@given(data=st.data())
def test_parse_takes_any_payload(contract, simulation, data):
    read = Read(simulation.end())
    contract.parse_never_raises(lambda: collector(simulation.end()), data, read.captures)


def test_an_identity_is_bound_to_the_account_by_its_number(simulation):
    ada = Read(simulation.at("+1d")).of("saml")["ada"]

    assert ada.account == "github.example:user:101"
    assert ada.subject == "ada@corp.example"
    assert ada.emails == ("ada.other@corp.example", "ada@corp.example")


def test_confirmed_addresses_are_read_of_every_member_those_without_any_too(simulation):
    found = Read(simulation.at("+1d")).of("verified")
    assert {login: one.emails for login, one in found.items()} == {
        "ada": ("ada@corp.example",),
        "bert": (),
        "carl": (),
    }


def test_a_look_names_the_accounts_so_that_one_who_left_shows(simulation):
    before, after = (Read(simulation.at(at)).looks() for at in ("+1d", "+3d"))
    assert before["4001/saml"].listed == ("101", "103")
    assert after["4001/saml"].listed == ("101",)
    assert after["4001/verified"].listed == ("101", "102")


def test_each_account_is_a_capture_of_its_own(simulation):
    captures = [one for one in Read(simulation.at("+1d")).captures if one.kind == kinds.SAML]
    assert [one.key for one in captures] == ["4001/101", "4001/103"]
    assert b"c-77" not in captures[0].payload


def test_many_accounts_are_read_whole(tmp_path_factory):
    row = '[[person]]\nkey = "p{0}"\n[[identity]]\nperson = "p{0}"\nverified = ["p{0}@corp.example"]\n'
    with served(tmp_path_factory, STORY + "".join(map(row.format, range(230)))) as simulation:
        read = Read(simulation.at("+1d"))
    assert len(read.of("verified")) == 233
    assert read.calls == 4


def test_an_organisation_without_saml_is_an_answer_and_no_gap(tmp_path_factory):
    text = STORY.replace('subject = "Ada@Corp.example"\n', "").replace('subject = "c-77"\n', "")
    with served(tmp_path_factory, text) as simulation:
        read = Read(simulation.at("+1d"))
    assert read.gaps == []
    assert read.looks()["4001/saml"].outcome == "absent"


@pytest.mark.parametrize(
    ("field", "key"),
    [("samlIdentityProvider", "example-shop/saml"), ("membersWithRole", "example-shop/verified")],
)
def test_what_only_owners_see_is_a_gap_for_others(tmp_path_factory, field, key):
    with served(tmp_path_factory, STORY, forbidden=(f"Organization.{field}",)) as simulation:
        read = Read(simulation.at("+1d"))
    assert [(gap.reason, gap.key) for gap in read.gaps] == [(GapReason.FORBIDDEN, key)]
    assert "not_visible" in {one.outcome for one in read.looks().values()}


def test_an_owner_that_is_not_there_is_a_gap(simulation):
    read = Read(simulation.at("+1d"), owners=("nobody",))
    assert {gap.reason for gap in read.gaps} == {GapReason.FORBIDDEN}
    assert not read.of("saml")


def test_owners_that_are_not_due_cost_no_call(simulation):
    first = Read(simulation.at("+1d"), every=24 * HOUR)
    second = Read(simulation.at("+1d"), first.cursor, every=24 * HOUR)
    assert (first.calls, second.calls, second.captures) == (2, 0, [])


def test_a_cursor_that_is_none_reads_everything(simulation):
    assert Read(simulation.at("+1d"), "no cursor").calls == 2
