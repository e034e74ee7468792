"""The configuration: precedence, unknown keys, references, secrets."""

from __future__ import annotations

import pytest

from evidence.config.load import load
from evidence.config.paths import store_url
from evidence.config.secrets import resolve
from evidence.config.yardstick import build_policy, zone
from evidence.errors import ConfigError


@pytest.fixture(autouse=True)
def _alone(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EVIDENCE_HOME", str(tmp_path / "home"))


def written(tmp_path, text):
    path = tmp_path / "evidence.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_every_setting_has_its_default():
    loaded = load()

    assert loaded.path is None
    assert loaded.settings.organisation.time_zone == "UTC"
    assert set(loaded.origins.values()) == {"default"}


def test_the_environment_overrides_the_file_and_the_origin_says_so(tmp_path, monkeypatch):
    written(tmp_path, '[organisation]\nname = "From file"\ntime_zone = "Europe/Paris"\n')
    monkeypatch.setenv("EVIDENCE_ORGANISATION__NAME", "From environment")

    loaded = load()

    assert loaded.settings.organisation.name == "From environment"
    assert loaded.settings.organisation.time_zone == "Europe/Paris"
    assert loaded.origins["organisation.name"] == "environment"
    assert loaded.origins["organisation.time_zone"] == "file"
    assert loaded.origins["store.url"] == "default"


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ('[organization]\nname = "x"\n', "did you mean `organisation`?"),
        ("[policy]\naprovals_required = 1\n", "did you mean `approvals_required`?"),
        ('[[source]]\nid = "a"\nkind = "github"\nsecrets = "env:X"\n', "did you mean `secret`?"),
        ('[[repository]]\nid = "a"\nurl = "/srv/a.git"\n', "did you mean `clone`?"),
        ('[[repository]]\nid = "a"\nzzzzz = 1\n', "unknown key; known keys: id, name, clone"),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(tmp_path, text, hint):
    written(tmp_path, text)

    with pytest.raises(ConfigError) as caught:
        load()

    assert hint in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "not toml at all =",
        "[policy]\napprovals_required = -1\n",
        '[policy]\nprofile = "lenient"\n',
        '[[source]]\nid = "Upper Case"\nkind = "github"\n',
        '[[source]]\nid = "a"\nkind = "github"\n[[source]]\nid = "a"\nkind = "argocd"\n',
        '[[repository]]\nid = "shop"\nsource = "nowhere"\n',
        '[[application]]\nid = "p"\nsource = "nowhere"\nselector = "p"\n',
    ],
)
def test_a_configuration_that_cannot_be_meant_is_refused(tmp_path, text):
    written(tmp_path, text)

    with pytest.raises(ConfigError) as caught:
        load()

    assert caught.value.exit_code == 2


@pytest.mark.parametrize("read", [True, False])
def test_records_are_a_witness_where_they_are_read(tmp_path, read):
    written(
        tmp_path,
        f'[[source]]\nid = "gh"\nkind = "github"\ndeployment_records = {str(read).lower()}\n'
        '[[source]]\nid = "argo"\nkind = "argocd"\n'
        '[[application]]\nid = "p"\nsource = "argo"\nselector = "p"\n'
        'witness = [{ source = "gh:records", selector = "production/p" }]\n',
    )

    if read:
        assert load().settings.application[0].witness[0].source == "gh:records"
    else:
        with pytest.raises(ConfigError, match="gh:records"):
            load()


def test_a_misspelt_environment_variable_is_refused(monkeypatch):
    monkeypatch.setenv("EVIDENCE_ORGANIZATION__NAME", "x")

    with pytest.raises(ConfigError, match="EVIDENCE_ORGANISATION"):
        load()


def test_a_named_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"no configuration file"):
        load(tmp_path / "other.toml")


def test_a_secret_is_a_reference_and_never_the_secret_itself(tmp_path, monkeypatch):
    kept = tmp_path / "token"
    kept.write_text("from file\n", encoding="utf-8")
    monkeypatch.setenv("A_TOKEN", "from environment")

    assert resolve("env:A_TOKEN") == "from environment"
    assert resolve(f"file:{kept}") == "from file"
    assert resolve("") == ""
    for refused in ("literal-text", "env:NOT_SET_ANYWHERE", "file:/not/there"):
        with pytest.raises(ConfigError):
            resolve(refused)


def test_the_store_lies_in_the_data_directory_unless_configured(tmp_path, monkeypatch):
    assert store_url() == f"sqlite:///{tmp_path / 'home' / 'evidence.sqlite3'}"

    written(tmp_path, '[store]\nurl = "sqlite:///elsewhere.db"\n')
    assert store_url() == "sqlite:///elsewhere.db"

    monkeypatch.setenv("EVIDENCE_STORE__URL", "env:DATABASE_URL")
    monkeypatch.setenv("DATABASE_URL", "postgresql://db/evidence")
    assert store_url() == "postgresql://db/evidence"


def test_the_data_directory_is_closed_to_others(tmp_path):
    store_url()

    assert (tmp_path / "home").stat().st_mode & 0o777 == 0o700


def test_the_policy_carries_profile_persons_and_applications(tmp_path):
    written(
        tmp_path,
        """
[policy]
profile = "P-exact"
clock_tolerance_seconds = 5
scope_start = "2026-01-01T00:00:00Z"
[[policy.required_checks]]
name = "ci/test"
[[source]]
id = "github"
kind = "github"
[[repository]]
id = "shop"
name = "acme/shop"
source = "github"
[[application]]
id = "prod"
source = "github"
selector = "prod"
[[application.image]]
image = "registry.example/shop"
repository = "shop"
[[person]]
name = "P"
accounts = ["github.com:user:1"]
emails = ["P@Example.test"]
""",
    )

    policy = build_policy(load().settings)

    assert policy.approval_currency == "exact"
    assert policy.clock_tolerance == 5_000_000
    assert policy.scope_start == 1_767_225_600_000_000
    assert policy.required_checks[0].name == "ci/test"
    assert policy.repositories[0].urls == ("https://github.com/acme/shop.git",)
    assert policy.applications[0].images[0].repository == "shop"
    assert policy.persons[0].emails == ("p@example.test",)


@pytest.mark.parametrize("value", ["2026-01-01", "yesterday"])
def test_a_time_without_offset_is_refused(tmp_path, value):
    written(tmp_path, f'[policy]\nscope_start = "{value}"\n')

    with pytest.raises(ConfigError):
        build_policy(load().settings)


def test_an_unknown_time_zone_is_refused(tmp_path):
    written(tmp_path, '[organisation]\ntime_zone = "Mars/Olympus"\n')

    with pytest.raises(ConfigError, match="IANA"):
        zone(load().settings)


def test_a_profile_sets_parameters_instead_of_their_defaults(tmp_path):
    written(tmp_path, '[policy]\nprofile = "P-strict"\n')

    policy = build_policy(load().settings)

    assert (policy.approval_currency, policy.require_mapped_approvers) == ("exact", True)
    assert policy.suggester_contributes


def test_a_stated_parameter_goes_before_the_profile(tmp_path):
    written(tmp_path, '[policy]\nprofile = "P-strict"\nrequire_mapped_approvers = false\n')

    assert not build_policy(load().settings).require_mapped_approvers


EXCLUSION = """
[[exclusion]]
kind = "{kind}"
name = "{name}"
owner = "Head of Product"
reason = "Read elsewhere"
date = "{date}"
"""


def test_what_is_left_out_is_part_of_the_yardstick(tmp_path):
    written(tmp_path, EXCLUSION.format(kind="system", name="flags.example", date="2026-07-01"))

    (one,) = build_policy(load().settings).exclusions

    assert ("system", "flags.example", "Head of Product", "Read elsewhere", "2026-07-01") == (
        one.kind,
        one.name,
        one.owner,
        one.reason,
        one.date,
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (EXCLUSION.format(kind="system", name="x", date="last year"), "no date such as 2026-07-01"),
        (EXCLUSION.format(kind="system", name="x", date="1912-01-01"), "outside the years"),
        (EXCLUSION.format(kind="server", name="x", date="2026-07-01"), "exclusion.0.kind"),
        (EXCLUSION.format(kind="system", name="", date="2026-07-01"), "exclusion.0.name"),
        (EXCLUSION.format(kind="system", name="x", date="2026-07-01") * 2, "told twice"),
        (
            '[[repository]]\nid = "shop"\nname = "Acme/shop"\n'
            + EXCLUSION.format(kind="repository", name="acme/Shop", date="2026-07-01"),
            "in scope, too",
        ),
        ('[[exclusion]]\nname = "x"\n', "exclusion.0.owner"),
    ],
)
def test_an_exclusion_says_what_by_whom_why_and_since_when(tmp_path, text, message):
    written(tmp_path, text)

    with pytest.raises(ConfigError, match=message):
        load()
