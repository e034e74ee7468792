"""The simulated Jira: refuses what the real one refuses."""

from __future__ import annotations

import pytest
import requests

STORY = """
[[issue]]
key = "wanted"
tracker = "jira"
author = "carl"
number = 12
events = [
  { do = "label", name = "one" },
  { do = "label", name = "two" },
  { do = "move", name = "OPS" },
]
[[issue]]
key = "hidden"
tracker = "jira"
author = "carl"
hidden = true
"""
JQL = 'updated >= "1970-01-02 00:00" ORDER BY updated ASC, id ASC'


@pytest.fixture
def cloud(simulate):
    moment = simulate(STORY).end()

    def get(path, **parameters):
        pair = (moment.jira_email, moment.jira_token)
        return requests.get(moment.jira_url + path, parameters, auth=pair, timeout=10)

    return get


def test_without_the_token_nothing_is_told(simulate):
    moment = simulate(STORY).end()
    assert requests.get(moment.jira_url + "/rest/api/3/myself", timeout=10).status_code == 401


def test_the_old_search_of_cloud_is_gone(cloud):
    assert cloud("/rest/api/3/search", jql=JQL).status_code == 410


def test_a_search_gives_ids_only_unless_fields_are_named(cloud):
    (row,) = cloud("/rest/api/3/search/jql", jql=JQL).json()["issues"]
    assert list(row) == ["id"]


def test_a_long_changelog_comes_along_in_part_only(cloud):
    asked = {"jql": JQL, "fields": "summary", "expand": "changelog"}
    (row,) = cloud("/rest/api/3/search/jql", **asked).json()["issues"]
    assert (row["changelog"]["total"], len(row["changelog"]["histories"])) == (3, 2)


def test_absent_and_hidden_issues_are_answered_alike(cloud):
    absent, hidden = cloud("/rest/api/3/issue/SHOP-99"), cloud("/rest/api/3/issue/SHOP-13")
    assert (absent.status_code, absent.json()) == (404, hidden.json())


def test_a_moved_issue_is_found_by_its_former_key(cloud):
    assert cloud("/rest/api/3/issue/SHOP-12", fields="summary").json()["key"] == "OPS-1"


def test_a_query_that_names_a_hidden_project_is_refused(cloud):
    asked = f'project in ("NONE") AND {JQL}'
    assert cloud("/rest/api/3/search/jql", jql=asked).status_code == 400


def test_times_have_a_zone_without_a_colon(cloud):
    found = cloud("/rest/api/3/issue/SHOP-12", fields="created").json()["fields"]["created"]
    assert found == "2026-07-05T17:00:00.000+0800"
