"""Rulesets that an administrator hands over: kept as they are, refused where they say nothing."""

from __future__ import annotations

import json

import pytest

from evidence.collectors.github import parse_settings, supplied
from evidence.errors import MalformedError
from evidence.model.capture import Form
from evidence.model.settings import Ruleset

REPOSITORIES = {
    "acme/shop": ("shop", "github.example"),
    "acme/deploy": ("deploy", "github.example"),
    "other/tools": ("tools", "github.example"),
}
RULESET = {
    "id": 42,
    "name": "main",
    "target": "branch",
    "source_type": "Repository",
    "source": "Acme/Shop",
    "enforcement": "active",
    "conditions": {"ref_name": {"include": ["~DEFAULT_BRANCH"], "exclude": []}},
    "rules": [{"type": "pull_request", "parameters": {"required_approving_review_count": 2}}],
    "bypass_actors": [{"actor_id": 5, "actor_type": "RepositoryRole", "bypass_mode": "always"}],
    "updated_at": "2026-07-08T10:00:00Z",
}


def taken(value, text=""):
    return supplied.captures(
        value,
        (text or json.dumps(value)).encode(),
        form=Form.EXACT,
        place="rules.json, document",
        file="rules.json",
        source="ingest",
        observed_at=7,
        repositories=REPOSITORIES,
    )


def facts(value):
    return [fact for one in taken(value) for fact in parse_settings.parse(one).facts]


def test_a_supplied_ruleset_shows_who_may_bypass_it():
    (found,) = facts(RULESET)

    assert isinstance(found, Ruleset)
    assert (found.repository, found.ruleset_id, found.origin) == ("shop", "42", "administrator")
    assert [(one.kind, one.name, one.mode) for one in found.bypass_actors] == [
        ("role", "admin", "always")
    ]


def test_its_bytes_are_kept_as_they_were_handed_over():
    text = json.dumps(RULESET, indent=7)

    assert [one.payload for one in taken(RULESET, text)] == [text.encode()]
    assert taken(RULESET, text)[0].form is Form.EXACT


def test_an_empty_list_says_that_nobody_may_bypass_it():
    (found,) = facts({**RULESET, "bypass_actors": []})

    assert found.bypass_actors == ()


def test_one_of_an_organisation_counts_for_each_of_its_repositories():
    whole = {**RULESET, "source_type": "Organization", "source": "acme"}

    assert [one.repository for one in facts(whole)] == ["shop", "deploy"]


@pytest.mark.parametrize("gone", ["id", "enforcement", "updated_at"])
def test_what_is_no_ruleset_is_refused(gone):
    with pytest.raises(MalformedError, match="no ruleset"):
        taken({name: value for name, value in RULESET.items() if name != gone})


def test_a_ruleset_without_its_bypass_list_is_refused():
    with pytest.raises(MalformedError, match="lacks `bypass_actors`"):
        taken({name: value for name, value in RULESET.items() if name != "bypass_actors"})


def test_a_ruleset_of_a_repository_out_of_scope_is_refused():
    with pytest.raises(MalformedError, match="no \\[\\[repository\\]\\] names"):
        taken({**RULESET, "source": "acme/unknown"})
