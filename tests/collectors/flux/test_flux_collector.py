"""Reading Flux's objects from a cluster or a file: the contract, and what is refused."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.collectors.flux import probe
from evidence.errors import (
    AuthError,
    ConfigError,
    MalformedError,
    SourceError,
    UnavailableError,
)
from evidence.model.capture import Form, GapReason, Window

ALL = Window(since=0, until=2**62)


def captured(pages, kind="flux.kustomization"):
    return [capture for page in pages for capture in page.captures if capture.kind == kind]


def gaps(pages):
    return [gap for page in pages for gap in page.gaps]


def test_the_collector_keeps_its_promise(promise, make):
    promise(make)


@given(data=st.data())
def test_parse_never_raises_on_odd_payloads(data, sample, make, contract):
    contract.parse_never_raises(make, data, sample)


@pytest.fixture
def sample(make, contract):
    return contract.captures(contract.run(make))


def mutated_list(data, contract, value):
    for _ in range(data.draw(st.integers(1, 3))):
        path = data.draw(st.sampled_from(contract.places(value)))
        value = contract.put(value, path, data.draw(contract.JSON))
    return value


@given(data=st.data())
def test_odd_objects_of_a_file_are_captured_or_refused(data, make, build, contract, tmp_path):
    objects = [build.git_repository(), build.kustomization(), build.helm_release()]
    path = tmp_path / "objects.json"
    path.write_text(json.dumps(mutated_list(data, contract, {"kind": "List", "items": objects})))
    try:
        pages = list(make(file=path).fetch(ALL, ""))
    except MalformedError:
        return
    assert pages[-1].complete


@pytest.mark.parametrize("cursor", ["7", "{", '{"uid-Kustomization-shop": 7}',
                                    '{"uid-Kustomization-shop": {"starts": {"x": "y"}, "seen": "z"}}'])  # fmt: skip
def test_an_odd_cursor_is_like_none(make, cursor):
    assert [page.captures for page in make().fetch(ALL, cursor)]


def test_each_object_is_an_exact_slice_under_its_uid(cluster, make):
    found = captured(make().fetch(ALL, ""))
    assert [(each.key, each.form) for each in found] == [("uid-Kustomization-shop", Form.SLICE)]
    sent = json.loads(found[0].payload)
    assert found[0].payload.decode() == json.dumps(sent)
    del sent["metadata"]["resourceVersion"]
    assert sent == cluster.lists["kustomizations"][0]


def test_the_served_version_is_found_out(cluster, make):
    cluster.groups["helm.toolkit.fluxcd.io"] = (["helmreleases"], "v2beta2")
    list(make().fetch(ALL, ""))
    assert "/apis/helm.toolkit.fluxcd.io/v2beta2/helmreleases?limit=250" in cluster.asked


def test_what_is_not_installed_is_left_out(cluster, make):
    del cluster.groups["helm.toolkit.fluxcd.io"]
    pages = list(make().fetch(ALL, ""))
    assert (captured(pages, "flux.helm_release"), gaps(pages)) == ([], [])


def test_a_cluster_without_flux_is_told(cluster, make):
    cluster.groups.clear()
    with pytest.raises(SourceError, match="serves no Flux"):
        list(make().fetch(ALL, ""))


def test_a_list_in_chunks_is_read_to_its_end(cluster, make, build):
    cluster.lists["kustomizations"] = [build.kustomization(f"app-{n}") for n in range(250)]
    pages = list(make().fetch(ALL, ""))
    assert len({each.key for each in captured(pages)}) == 250
    assert sum(page.calls for page in pages) == len(cluster.asked)


def test_a_list_that_expired_starts_again(cluster, make, build):
    cluster.lists["kustomizations"] = [build.kustomization(f"app-{n}") for n in range(150)]
    cluster.expire = 2
    assert len(captured(make().fetch(ALL, ""))) == 150


def test_a_list_that_always_expires_is_given_up(cluster, make, build):
    cluster.lists["kustomizations"] = [build.kustomization(f"app-{n}") for n in range(150)]
    cluster.expire = 99
    with pytest.raises(UnavailableError, match="expired 4 times"):
        list(make().fetch(ALL, ""))


def test_an_empty_list_is_an_answer(cluster, make):
    cluster.lists["kustomizations"] = None
    assert gaps(make().fetch(ALL, "")) == []


def test_what_may_not_be_listed_is_a_gap_and_the_rest_is_read(cluster, make):
    cluster.forbidden = {"gitrepositories"}
    pages = list(make().fetch(ALL, ""))
    assert [(gap.kind, gap.key, gap.reason) for gap in gaps(pages)] == [
        ("flux.git_repository", "*", GapReason.FORBIDDEN)
    ]
    assert captured(pages)[0].context["source_url"] == ""


def test_nothing_that_may_be_listed_is_an_authentication_error(cluster, make):
    cluster.forbidden = {"kustomizations", "helmreleases"}
    with pytest.raises(AuthError, match="neither Kustomizations"):
        list(make().fetch(ALL, ""))


def test_a_refused_token_is_an_authentication_error(make):
    with pytest.raises(AuthError, match="401"):
        list(make(token="wrong").fetch(ALL, ""))


def test_a_missing_address_is_told(make):
    with pytest.raises(ConfigError, match="neither a url nor a file"):
        list(make(url="").fetch(ALL, ""))


@pytest.mark.parametrize("expected", ["flux-system/shop", "helmrelease/flux-system/shop",
                                      "shop", "uid-HelmRelease-shop"])  # fmt: skip
def test_an_expected_application_is_found_by_any_of_its_names(make, expected):
    assert gaps(make(expected=(expected,)).fetch(ALL, "")) == []


def test_an_expected_application_that_is_not_listed_is_a_gap(make):
    found = gaps(make(expected=("flux-system/gone",)).fetch(ALL, ""))
    assert [(gap.key, gap.reason) for gap in found] == [("*", GapReason.NOT_FOUND_OR_FORBIDDEN)]


def test_an_object_that_vanishes_is_seen_in_the_next_list(cluster, make, build):
    cluster.lists["kustomizations"].append(build.kustomization("till"))

    def listed():
        found = captured(make().fetch(ALL, ""), "flux.object_list")
        (own,) = [each for each in found if each.key == "kustomizations"]
        return [row["name"] for row in json.loads(own.payload)]

    assert listed() == ["shop", "till"]
    cluster.lists["kustomizations"].pop()
    assert listed() == ["shop"]


def test_the_probe_tells_what_may_be_listed(cluster):
    cluster.forbidden = {"helmreleases"}
    assert list(probe(cluster.url, "a" * 9, verify=True)) == [
        ("gitrepositories.source.toolkit.fluxcd.io", True),
        ("ocirepositories.source.toolkit.fluxcd.io", True),
        ("kustomizations.kustomize.toolkit.fluxcd.io", True),
        ("helmreleases.helm.toolkit.fluxcd.io", False),
    ]


def test_no_secret_is_in_a_capture_or_the_representation(make):
    collector = make()
    assert "a" * 9 not in repr(collector) + repr(list(collector.fetch(ALL, "")))


# --- from look to look ---------------------------------------------------------------------


@pytest.fixture
def starts(cluster, make, build):
    """Looks at one Kustomization after another of its states; (revision, start) of each look."""

    def looker(*states):
        cursor, found = "", []
        for state in states:
            cluster.lists["kustomizations"] = [build.kustomization(**state)]
            collector = make()
            pages = list(collector.fetch(ALL, cursor))
            cursor = pages[-1].cursor
            facts = collector.parse(captured(pages)[0]).facts[:-1]
            found.append([(int(one.sources[0].revision, 16), one.started_at) for one in facts])
        return found, pages

    return looker


def test_the_same_revision_seen_twice_is_one_deployment(starts, build):
    first = {"history": [build.row(2, 12, 13), build.row(1, 10)]}
    later = {"history": [build.row(2, 12, 55), build.row(1, 10)]}
    found, _pages = starts(first, later)
    assert found[0] == found[1]


def test_history_may_be_lost_when_every_row_that_is_kept_is_new(starts, build):
    old = {"history": [build.row(2, 12)]}
    new = {"lastAppliedRevision": build.revision(9),
           "history": [build.row(n, 20 + n) for n in (9, 8, 7, 6, 5)]}  # fmt: skip
    _found, pages = starts(old, new)
    assert [gap.reason for gap in gaps(pages)] == [GapReason.HISTORY_LOST]
    assert 0 < gaps(pages)[0].window_from <= gaps(pages)[0].window_to
    _found, pages = starts(old, {**new, "history": [*new["history"][:4], build.row(2, 12)]})
    assert gaps(pages) == []


# --- files ---------------------------------------------------------------------------------


@pytest.fixture
def from_file(make, tmp_path):
    def reader(content):
        path = tmp_path / "objects.json"
        path.write_bytes(content if isinstance(content, bytes) else json.dumps(content).encode())
        return list(make(url="", token="", file=str(path)).fetch(ALL, ""))

    return reader


def test_a_kubectl_list_gives_the_same_facts_as_the_cluster(from_file, cluster, make):
    items = [each for one in cluster.lists.values() for each in one]
    items += [{"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "x"}}, 7, None]
    for kind in ("flux.kustomization", "flux.helm_release"):
        read = captured(from_file({"kind": "List", "items": items}), kind)
        served = captured(make().fetch(ALL, ""), kind)
        assert [make().parse(each).facts for each in read] == [
            make().parse(each).facts for each in served
        ]


@pytest.mark.parametrize("content", [b"", b"{", b"7", b"{}", b"apiVersion: v1", b"\xff\xfe",
                                     b'{"items": []}', b'{"items": null}'])  # fmt: skip
def test_a_file_without_objects_of_flux_is_malformed(from_file, content):
    with pytest.raises(MalformedError):
        from_file(content)


def test_a_file_that_is_not_there_is_a_configuration_error(make, tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        list(make(file=tmp_path / "none.json").fetch(ALL, ""))
