"""Doctor: one line for each thing that a sync needs, and what to do about what is wrong."""

from __future__ import annotations

import shutil
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from shop_world import FIRST, pull, shop

from evidence.config.load import Loaded
from evidence.config.settings import Settings
from evidence.doctor import Finding, examine, worst_exit_code
from evidence.seal import keys
from evidence.sync import sync

SMALL = FIRST + pull("gift")


@pytest.fixture
def live(tmp_path):
    """A running shop with keys, whose world stands at the present."""
    with shop(tmp_path, SMALL) as rehearsal:
        keys.init(rehearsal.keys, name="Example Shop")
        yield rehearsal


def present(rehearsal) -> Loaded:
    """The configuration, while the servers' clocks agree with ours."""
    import time

    return rehearsal.loaded(rehearsal.simulation.at(time.time_ns() // 1000))


def states(loaded: Loaded) -> dict[str, set[str]]:
    """Check -> its states."""
    found: dict[str, set[str]] = {}
    for one in examine(loaded):
        found.setdefault(one.check, set()).add(one.state)
    return found


def detail(loaded: Loaded, check: str, state: str) -> str:
    """What a check says in this state."""
    return " ".join(
        one.detail for one in examine(loaded) if (one.check, one.state) == (check, state)
    )


def test_nothing_is_wrong_with_a_healthy_setup(live):
    sync(present(live))
    found = examine(present(live))
    assert [one for one in found if one.state != "ok"] == []
    assert worst_exit_code(found) == 0


def test_a_refused_token_is_an_error_of_authentication(live):
    loaded = present(live)
    (live.home / "github.token").write_text("wrong")
    assert states(loaded)["source github"] == {"error"}
    assert worst_exit_code(examine(loaded)) == 4


def test_a_repository_that_the_token_may_not_read_is_named(tmp_path):
    with shop(tmp_path, SMALL + '[access]\nhidden = ["deploy"]\n') as rehearsal:
        loaded = present(rehearsal)
        said = detail(loaded, "source github", "error")
        assert "example-shop/deploy" in said
        assert "Grant the token this repository." in said
        assert "example-shop/shop can be read" in detail(loaded, "source github", "ok")
        assert worst_exit_code(examine(loaded)) == 4


def test_evidence_that_the_credential_cannot_read_is_named_for_each_repository(tmp_path):
    with shop(tmp_path, SMALL + '[access]\nwithout = ["administration"]\n') as rehearsal:
        said = detail(present(rehearsal), "source github", "warning")
        assert "example-shop/shop: rule suites cannot be read" in said
        assert "grant Administration" in said
        assert "example-shop/deploy: rule suites cannot be read" in said
        assert "check runs" not in said


SCANNED = """
[[code_scan]]
on = "gift"
[access]
"""


@pytest.mark.parametrize(
    ("access", "named"),
    [
        ('without = ["security_events"]', ["code scanning"]),
        ('without = ["dependabot", "secret_scanning"]', ["secret scanning", "Dependabot alerts"]),
        ('off = ["code_scanning", "secret_scanning", "dependabot"]', []),
    ],
)
def test_scans_that_may_not_be_read_are_named_and_those_switched_off_are_not(
    tmp_path, access, named
):
    with shop(tmp_path, SMALL + SCANNED + access + "\n") as rehearsal:
        found = examine(present(rehearsal))
    warned = [one.detail for one in found if one.state == "warning"]
    told = [one for one in warned if "scanning" in one or "Dependabot" in one]
    assert len(told) == 2 * len(named)
    assert all(any(name in one for one in told) for name in named)


@pytest.mark.parametrize(("lacking", "warned"), [('"attestations"', 2), ("", 0)])
def test_attestations_that_may_not_be_read_are_named(tmp_path, lacking, warned):
    story = '[[attestation]]\ndigest = "web"\non = "gift"\n'
    with shop(tmp_path, SMALL + story + f"[access]\nwithout = [{lacking}]\n") as rehearsal:
        found = examine(present(rehearsal))
    told = [one for one in found if one.state == "warning" and "attestations cannot" in one.detail]
    assert len(told) == warned


RECORDED = '[[artifact_record]]\ndigest = "web"\nname = "shop"\n'


@pytest.mark.parametrize(
    ("head", "lacking", "warned"),
    [("", '"artifact_metadata"', 1), ("", "", 0), ("personal = true\n", '"artifact_metadata"', 0)],
)
def test_deployment_records_that_may_not_be_read_are_named_once_for_an_organisation(
    tmp_path, head, lacking, warned
):
    story = head + SMALL + RECORDED + f"[access]\nwithout = [{lacking}]\n"
    with shop(tmp_path, story) as rehearsal:
        found = examine(present(rehearsal))
    told = [one.detail for one in found if "deployment records" in one.detail]
    assert [one.partition(":")[0] for one in told] == ["example-shop"] * warned
    assert all("grant Artifact metadata" in one for one in told)


@pytest.mark.parametrize(
    ("access", "named"),
    [
        ("", []),
        (
            'forbidden = ["Organization.samlIdentityProvider"]',
            ["the SAML identities"],
        ),
        (
            'forbidden = ["Organization.samlIdentityProvider", "Organization.membersWithRole"]',
            ["the SAML identities", "the confirmed addresses"],
        ),
    ],
)
def test_identities_that_may_not_be_read_are_named(tmp_path, access, named):
    story = '[[identity]]\nperson = "ada"\nsubject = "ada@corp.example"\n'
    with shop(tmp_path, SMALL + story + f"[access]\n{access}\n") as rehearsal:
        found = examine(present(rehearsal))
    told = [one.detail for one in found if one.state == "warning" and "does not show" in one.detail]
    assert len(told) == len(named)
    assert all(name in one for name, one in zip(named, told, strict=True))


@pytest.mark.long
def test_a_server_that_cannot_be_reached_stops_no_other_check(live):
    loaded = present(live)
    live.simulation.server("argocd").close()
    assert states(loaded)["source argocd"] == {"error"}
    assert states(loaded)["source github"] == {"ok"}
    assert worst_exit_code(examine(loaded)) == 1
    live.simulation.argocd_server._server.server_close()


def test_clocks_that_differ_are_a_warning(live):
    loaded = live.loaded(live.simulation.end())
    assert "our clock differs from the server's by" in detail(loaded, "source github", "warning")


def test_a_store_of_another_schema_is_an_error(live):
    loaded = present(live)
    assert "the first sync sets it up" in detail(loaded, "store", "ok")
    (live.home / "evidence.sqlite3").write_bytes(b"This is no database. " * 100)
    assert states(loaded)["store"] == {"error"}


def test_missing_keys_are_a_warning_and_unsafe_ones_an_error(live):
    (live.keys / "signing.key").chmod(0o644)
    assert "signing.key" in detail(present(live), "keys", "error")
    shutil.rmtree(live.keys)
    assert "`evidence keys init` makes them" in detail(present(live), "keys", "warning")


def test_keys_in_the_data_directory_are_an_error(live):
    inside = live.home / "keys"
    shutil.copytree(live.keys, inside)
    live.keys = inside
    assert "lie in the data directory" in detail(present(live), "keys", "error")


def test_little_space_is_a_warning(live, monkeypatch):
    nearly_full = SimpleNamespace(total=10, used=9, free=1)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: nearly_full)
    assert states(present(live))["disk"] == {"warning"}


def test_an_old_git_is_a_warning(live, monkeypatch):
    from evidence.collectors import git

    monkeypatch.setattr(git, "version_problem", lambda: "git 2.30 is too old")
    assert detail(present(live), "git", "warning") == "git 2.30 is too old"


def test_a_secret_that_is_not_set_is_an_error_with_its_name(live):
    loaded = present(live)
    values = loaded.settings.model_dump()
    values["source"][0]["secret"] = "env:NOT_SET_ANYWHERE"
    bare = replace(loaded, settings=Settings.model_validate(values))
    assert "NOT_SET_ANYWHERE" in detail(bare, "source github", "error")
    assert worst_exit_code(examine(bare)) == 2


def test_a_configuration_without_applications_is_a_warning(live):
    loaded = present(live)
    values = loaded.settings.model_dump() | {"application": []}
    bare = replace(loaded, settings=Settings.model_validate(values))
    assert "no [[application]]" in detail(bare, "configuration", "warning")


def test_a_refused_credential_goes_before_other_errors():
    def error(code: int) -> Finding:
        return Finding(check="x", state="error", detail="", exit_code=code)

    assert worst_exit_code([error(1), error(4), error(2)]) == 4
    assert worst_exit_code([error(2), error(1)]) == 2
    assert worst_exit_code([Finding(check="x", state="warning", detail="")]) == 0


REQUEST = '[[issue]]\nkey = "wanted"\ntracker = "jira"\nauthor = "carl"\nnumber = 12\n'


def test_jira_is_probed_project_by_project(tmp_path):
    with shop(tmp_path, SMALL + REQUEST) as rehearsal:
        rehearsal.overrides = {"source": [{"id": "jira", "projects": ["SHOP", "OPS"]}]}
        loaded = present(rehearsal)
        assert "project SHOP can be read, every issue of it" in detail(loaded, "source jira", "ok")
        assert "Project OPS is absent" in detail(loaded, "source jira", "error")


def test_a_jira_that_does_not_tell_of_security_levels_is_a_warning(tmp_path):
    untold = SMALL + REQUEST + "[access]\njira_security = false\n"
    with shop(tmp_path, untold) as rehearsal:
        rehearsal.overrides = {"source": [{"id": "jira", "projects": ["SHOP"]}]}
        said = detail(present(rehearsal), "source jira", "warning")
        assert "a missing issue cannot be told from a hidden one" in said


@pytest.mark.parametrize(("access", "state"), [('without = ["audit_log"]', "warning"), ("", "ok")])
def test_whether_the_audit_log_can_be_read_is_told_for_each_organisation(tmp_path, access, state):
    story = '[[audit]]\naction = "team.add_member"\nat = "+1d"\n'
    with shop(tmp_path, SMALL + story + f"[access]\n{access}\n") as rehearsal:
        found = examine(present(rehearsal))
    (told,) = [one for one in found if "the audit log of" in one.detail]
    assert told.state == state
    assert "Enterprise Cloud" in told.detail or state == "ok"
