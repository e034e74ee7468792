"""Reading as a GitHub App: where it is installed, tokens that end in the middle of a run."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from evidence.collectors.github import GitHubCollector, GitHubRepository
from evidence.collectors.github.deployments import GitHubDeploymentsCollector
from evidence.collectors.http import Clock
from evidence.demo.github_app import APP_ID, App
from evidence.demo.load import load_world
from evidence.demo.simulation import Simulation
from evidence.errors import AuthError, ConfigError
from evidence.model.capture import GapReason, Window

ALL = Window(since=0, until=2**62)


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def pem(key):
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


def public(key):
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(serialization.Encoding.PEM, form).decode()


@pytest.fixture(scope="module")
def simulation(tmp_path_factory):
    with Simulation(load_world(60), tmp_path_factory.mktemp("app")) as made:
        yield made


def reader(simulation, key, **fields):
    moment = simulation.end()
    repositories = tuple(
        GitHubRepository(id=name, name=full, branches=("main",))
        for name, full in moment.repositories.items()
    )
    given = {
        "app_id": APP_ID,
        "private_key": pem(key),
        "repositories": repositories,
        "clock": Clock(sleep=lambda _seconds: None),
        **fields,
    }
    return GitHubCollector(source="forge", url=moment.github_api_url, token="", **given)


def count(pages):
    return sum(len(page.captures) for page in pages)


def by_token(simulation):
    moment = simulation.end()
    repositories = tuple(
        GitHubRepository(id=name, name=full, branches=("main",))
        for name, full in moment.repositories.items()
    )
    collector = GitHubCollector(
        source="forge",
        url=moment.github_api_url,
        token=moment.github_token,
        repositories=repositories,
    )
    return list(collector.fetch(ALL, ""))


def test_an_app_reads_what_a_token_reads_with_one_token_for_one_owner(simulation, key):
    simulation.github.app = App(public(key))
    pages = list(reader(simulation, key).fetch(ALL, ""))
    assert count(pages) == count(by_token(simulation))
    assert simulation.github.app.issued == 1


def test_a_token_that_ends_in_the_middle_of_a_run_is_renewed_and_nothing_is_lost(simulation, key):
    simulation.github.app = App(public(key), uses=2)
    pages = list(reader(simulation, key).fetch(ALL, ""))
    assert count(pages) == count(by_token(simulation))
    assert simulation.github.app.issued > 2
    assert pages[-1].complete


def test_a_token_is_renewed_before_its_end_without_being_refused(simulation, key):
    app = simulation.github.app = App(public(key))
    now = [1_000_000_000.0]

    def passing():
        now[0] += 150
        return now[0]

    pages = list(
        reader(simulation, key, clock=Clock(now=passing, sleep=lambda _: None)).fetch(ALL, "")
    )
    assert sum(page.retries for page in pages) == 0
    assert app.issued > 1


def deployments(simulation, key, *names):
    moment = simulation.end()
    full = [moment.repositories.get(name, name) for name in names]
    return GitHubDeploymentsCollector(
        source="ghd",
        url=moment.github_api_url,
        token="",
        app_id=APP_ID,
        private_key=pem(key),
        repositories=tuple(GitHubRepository(id=one, name=one) for one in full),
        clock=Clock(sleep=lambda _seconds: None),
    )


def test_an_app_reads_deployments_as_well(simulation, key):
    app = simulation.github.app = App(public(key))
    pages = list(deployments(simulation, key, "shop").fetch(ALL, ""))
    assert pages[-1].complete
    assert [gap for page in pages for gap in page.gaps] == []
    assert (app.issued, sum(page.calls for page in pages)) == (1, 2)


def test_an_owner_that_did_not_install_the_app_keeps_no_other_from_being_read(simulation, key):
    simulation.github.app = App(public(key))
    pages = list(deployments(simulation, key, "elsewhere/shop", "shop").fetch(ALL, ""))
    assert [gap.reason for page in pages for gap in page.gaps] == [GapReason.FORBIDDEN]
    assert pages[-1].complete


def test_a_token_refused_at_its_first_use_is_final(simulation, key):
    simulation.github.app = App(public(key), uses=0)
    with pytest.raises(AuthError, match="refused the credential"):
        list(reader(simulation, key).fetch(ALL, ""))


def test_another_key_is_refused(simulation, key):
    simulation.github.app = App(public(key))
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with pytest.raises(AuthError, match="refused the credential"):
        list(reader(simulation, other).fetch(ALL, ""))


def test_a_key_that_is_none_is_a_configuration_error(simulation, key):
    simulation.github.app = App(public(key))
    with pytest.raises(ConfigError, match="private key of GitHub App 71000 cannot be used"):
        list(reader(simulation, key, private_key="no key").fetch(ALL, ""))


def test_an_owner_that_did_not_install_the_app_is_a_gap_for_each_repository(simulation, key):
    simulation.github.app = App(public(key), not_installed=frozenset({"example-shop"}))
    pages = list(reader(simulation, key).fetch(ALL, ""))
    found = [gap for page in pages for gap in page.gaps]
    assert {gap.reason for gap in found} == {GapReason.FORBIDDEN}
    assert sorted(gap.repository for gap in found) == sorted(simulation.end().repositories)
    assert "not installed for example-shop" in found[0].detail


def test_neither_key_nor_tokens_are_in_what_is_captured_or_shown(simulation, key):
    simulation.github.app = App(public(key))
    collector = reader(simulation, key)
    pages = list(collector.fetch(ALL, ""))
    kept = repr(collector) + repr(pages)
    assert "PRIVATE KEY" not in kept
    assert not any(token in kept for token in simulation.github.app._tokens)
