"""What commands print for other programs: JSON by a published schema, data on stdout alone."""

from __future__ import annotations

import importlib.util
import json
import secrets
from pathlib import Path

import jsonschema
import pytest
from shop_world import FIRST, pull, shop, write_configuration

import evidence as package

ROOT = Path(package.__file__).resolve().parent.parent
SCHEMAS = ROOT / "docs" / "reference" / "schemas"

_spec = importlib.util.spec_from_file_location("schemas", ROOT / "tools" / "schemas.py")
schemas = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(schemas)


def valid(name: str, text: str):
    """The document, after it was held against the schema of that name."""
    found = json.loads(text)
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    assert [problem.message for problem in validator.iter_errors(found)] == []
    assert found["schema_version"] == 1
    return found


@pytest.mark.parametrize("name", schemas.OUTPUTS)
def test_a_published_schema_is_the_one_of_the_records(name):
    published = (SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8")
    assert published == schemas.output(name), "run `make docs`"


@pytest.mark.parametrize("name", schemas.INPUTS)
def test_the_published_form_of_what_is_handed_over_is_the_one_that_is_checked(name):
    published = (SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8")
    assert published == schemas.INPUTS[name](), "run `make docs`"


@pytest.mark.parametrize("name", sorted(path.name for path in SCHEMAS.glob("*.json")))
def test_a_published_schema_is_a_schema(name):
    schema = json.loads((SCHEMAS / name).read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)


def test_sync_prints_its_receipts_by_the_schema(evidence, tmp_path, monkeypatch):
    hidden = FIRST + pull("gift") + '[access]\nhidden = ["deploy"]\n'
    with shop(tmp_path / "live", hidden) as rehearsal:
        monkeypatch.setenv("EVIDENCE_HOME", str(rehearsal.home))
        configuration = write_configuration(rehearsal, tmp_path / "evidence.toml")
        ran = evidence("sync", "--format", "json", "--config", configuration)
    found = valid("sync", ran.out)
    assert (ran.code, found["complete"]) == (5, False)
    assert {gap["repository"] for gap in found["gaps"]} == {"deploy"}


def test_trace_prints_chains_by_the_schema(evidence, shop):
    for term in ("shop:pr:2", shop.ids["hotfix"], shop.operations["ship-to-cart"]):
        found = valid("trace", evidence("trace", term, "--format", "json").out)
        assert found["changes"][0]["determinations"]


@pytest.mark.usefixtures("brief_pdf")
def test_report_prints_its_result_by_the_schema(evidence, shop, home):
    words = ("report", "--from", "2026-07-01", "--to", "2026-07-31", "--format", "json", "--quiet")
    ran = evidence(*words, "--output", home / "packet")
    found = valid("report", ran.out)
    assert found["directory"] == str(home / "packet")
    assert ran.err == ""


def test_status_prints_freshness_by_the_schema(evidence, shop):
    found = valid("status", evidence("status", "--format", "json").out)
    assert [one["source"] for one in found["sources"]] == [
        "argocd",
        "git:deploy",
        "git:shop",
        "github",
        "github:settings",
    ]


def test_deviations_are_printed_and_recorded_by_the_schema(evidence, shop):
    act = ("deviations", "waive", "CM-03", "shop:pr:2", "--from", "2026-07-01", "--to")
    words = (*act, "2026-08-01", "--class", "waiver", "--cause", "a", "--response", "b")
    hotfix = f"shop:commit:{shop.ids['hotfix']}"
    said = ("--owner", "Carl", "--role", "head", "--format", "json")
    assert evidence(*words, *said).code == 2  # it passed: there is nothing to accept
    asked = valid(
        "deviations-act", evidence(*(hotfix if w == "shop:pr:2" else w for w in words), *said).out
    )
    name = asked["disposition"]
    answer = ("deviations", "respond", "CM-02", hotfix, "--text", "c", *said)
    assert valid("deviations-act", evidence(*answer).out)["act"] == "respond"
    approved = evidence("deviations", "approve", name, "--format", "json")
    assert "approver-unmapped" in valid("deviations-act", approved.out)["remarks"][1]
    found = valid("deviations", evidence("deviations", "list", "--format", "json").out)
    assert [one["id"] for one in found["dispositions"]] == [name]
    shown = valid("deviations", evidence("deviations", "show", name, "--format", "json").out)
    assert [one["determination"]["subject"] for one in shown["deviations"]] == [hotfix]
    revoked = evidence("deviations", "revoke", name, "--why", "d", "--format", "json")
    assert valid("deviations-act", revoked.out)["disposition"] == name
    for table in (evidence("deviations", "list"), evidence("deviations", "show", name)):
        assert (table.code, table.err) == (0, "")
        assert "CM-03" in table.out
        assert "revoked" in table.out


def test_what_is_attached_must_resolve_something_unknown(evidence, shop, home):
    (home / "report.xml").write_text("<testsuite/>")
    ran = evidence("attach", "CM-03", "shop:pr:2", "report.xml", "--statement", "From the archive.")
    assert (ran.code, ran.out) == (2, "")
    assert "is not unknown on shop:pr:2" in ran.err


def test_doctor_prints_its_checks_by_the_schema(evidence, shop):
    found = valid("doctor", evidence("doctor", "--format", "json").out)
    assert {one["check"] for one in found["checks"]} >= {"git", "pango", "keys", "store", "disk"}


def test_config_show_prints_every_setting_and_its_origin_by_the_schema(evidence, shop, monkeypatch):
    monkeypatch.setenv("EVIDENCE_POLICY__APPROVALS_REQUIRED", "2")
    found = valid("config", evidence("config", "show", "--format", "json").out)
    origins = {one["key"]: (one["value"], one["origin"]) for one in found["settings"]}
    assert origins["policy.approvals_required"] == (2, "environment")
    assert origins["organisation.name"] == ("Example Shop (simulated)", "file")
    assert origins["organisation.time_zone"] == ("UTC", "default")


def test_config_show_masks_the_password_of_a_database(evidence, monkeypatch):
    password = secrets.token_hex(8)
    monkeypatch.setenv("EVIDENCE_STORE__URL", f"postgresql://evidence:{password}@db.example/e")
    ran = evidence("config", "show", "--origin")
    assert password not in ran.out + ran.err
    assert "postgresql://evidence:***@db.example/e" in ran.out


def test_config_show_masks_a_secret_that_someone_wrote_into_the_file(evidence, home):
    secret = secrets.token_hex(8)
    (home / "evidence.toml").write_text(
        f'[[source]]\nid = "a"\nkind = "github"\nsecret = "{secret}"\n'
        '[[source]]\nid = "b"\nkind = "github"\nsecret = "env:GITHUB_TOKEN"\n'
        f'[[repository]]\nid = "c"\nclone = "git@git.example:acme/shop.git"\n'
        f'addresses = ["https://bot:{secret}@git.example/acme/shop.git"]\n'
    )
    ran = evidence("config", "show", "--format", "json")
    values = {one["key"]: one["value"] for one in valid("config", ran.out)["settings"]}
    assert secret not in ran.out
    assert values["source.0.secret"] == "***"
    assert values["source.1.secret"] == "env:GITHUB_TOKEN"
    assert values["repository.0.clone"] == "git@git.example:acme/shop.git"
    assert values["repository.0.addresses"] == ["https://bot:***@git.example/acme/shop.git"]


def test_verify_prints_its_verdict_by_the_schema(evidence, packet, shop):
    verified = evidence("verify", packet, "--trust", shop.trust, "--format", "json")
    assert valid("verify", verified.out)["status"] == "verified"
    (packet / "results.json").unlink()
    rejected = evidence("verify", packet, "--format", "json")
    assert valid("verify", rejected.out)["status"] == "rejected"


@pytest.mark.parametrize(
    "words", [("status",), ("trace", "shop:pr:2"), ("config", "show"), ("db", "current")]
)
def test_data_goes_to_stdout_and_nothing_else_does(evidence, shop, words):
    ran = evidence(*words)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out
