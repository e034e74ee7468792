"""What is read of an image from a registry over the OCI distribution API, and what is refused."""

from __future__ import annotations

import pytest

from evidence.collectors.oci.names import Reference, reference_of
from evidence.collectors.oci.registry import _may_follow
from evidence.collectors.oci.tokens import same_domain
from evidence.errors import AuthError, UnavailableError
from evidence.model.provenance import LABELS, MEMBER, TAG

IMAGE = "registry.example/acme/shop-web"


def of(facts, kind):
    return [one for one in facts if one.predicate_type == kind]


def stated(facts):
    return [one for one in facts if one.predicate_type not in {LABELS, MEMBER, TAG}]


# --- what an image says of itself


def test_the_labels_of_an_image_are_read_from_its_configuration(images, read, told):
    made = images.image(told.labels)
    facts, gaps = read(f"{IMAGE}@{made['digest']}")
    (label,) = of(facts, LABELS)
    assert (label.subject_digest, label.subject_name) == (made["digest"], IMAGE)
    assert (label.commit, label.repository_url) == (told.commit, "https://git.example/acme/shop")
    assert gaps == []


@pytest.mark.parametrize(
    ("revision", "commit"),
    [
        ("main@sha1:" + "4f1c" * 10, "4f1c" * 10),
        ("6.1.8/" + "4f1c" * 10, "4f1c" * 10),
        ("4f1c4f1", ""),
        ("v1.4.0", ""),
    ],
)
def test_a_revision_is_a_commit_only_where_it_is_a_whole_sha(images, read, revision, commit):
    made = images.image({"org.opencontainers.image.revision": revision})
    (label,) = of(read(f"{IMAGE}@{made['digest']}")[0], LABELS)
    assert (label.commit, label.ref) == (commit, revision)


def test_annotations_are_read_beside_labels(images, read, told):
    made = images.image({}, annotations=told.labels)
    found = of(read(f"{IMAGE}@{made['digest']}")[0], LABELS)
    assert {one.commit for one in found} == {"", told.commit}


def test_the_labels_of_each_platform_are_those_of_the_index(images, read, told):
    one, two = (images.image(told.labels, architecture=name) for name in ("amd64", "arm64"))
    index = images.index([one, two])
    facts, _ = read(f"{IMAGE}@{index['digest']}")
    about = {fact.subject_digest for fact in of(facts, LABELS)}
    assert about == {one["digest"], two["digest"], index["digest"]}
    members = {fact.subject_digest: fact.ref for fact in of(facts, MEMBER)}
    assert members == {one["digest"]: index["digest"], two["digest"]: index["digest"]}


def test_a_tag_is_read_with_the_digest_that_it_names_then(registry, images, read, told):
    first, second = (images.image(told.labels, content=name) for name in ("a", "b"))
    images.tag("1.4", first["digest"])
    images.tag("1.4", second["digest"], at=registry.at)
    (tag,) = of(read(f"{IMAGE}:1.4")[0], TAG)
    assert (tag.subject_name, tag.subject_digest) == (f"{IMAGE}:1.4", second["digest"])


def test_content_that_is_known_is_not_read_again_but_its_tag_is(images, collector, server, told):
    made = images.image(told.labels)
    images.tag("1.4", made["digest"])
    known = collector(f"{IMAGE}:1.4", known=frozenset({made["digest"]}))
    (page,) = known.fetch(None, "")
    assert [capture.kind for capture in page.captures] == ["oci.manifest"]
    assert not any("/blobs/" in request.path for request in server.requests)


def test_images_of_others_and_of_other_registries_are_not_asked_for(read, server):
    facts, gaps = read("registry.example/vendor/proxy:1", "ghcr.io/acme/shop-web:1", "shop-web:1")
    assert (facts, gaps, server.calls) == ([], [], 0)


# --- statements


def test_a_statement_is_found_by_the_referrers_api(images, read, told):
    made = images.image(told.labels)
    images.referring(made, told.envelope(made["digest"]))
    (one,) = stated(read(f"{IMAGE}@{made['digest']}")[0])
    assert (one.subject_digest, one.commit) == (made["digest"], told.commit)


def test_a_listing_of_referrers_is_read_page_by_page(registry, images, read, told):
    made = images.image(told.labels)
    for padding in (b"", b" ", b"  "):
        images.referring(made, told.envelope(made["digest"]) + padding)
    images.referring(made, b"{}", kind="application/spdx+json")
    registry.page = 1
    facts, _ = read(f"{IMAGE}@{made['digest']}")
    assert len(stated(facts)) == 3


def test_a_registry_without_the_api_is_asked_by_the_tag_that_stands_for_it(
    registry, images, read, told
):
    registry.knows_referrers = False
    made = images.image(told.labels)
    referrer = images.referring(made, told.envelope(made["digest"]))
    images.tag(made["digest"].replace(":", "-"), images.index([referrer])["digest"])
    (one,) = stated(read(f"{IMAGE}@{made['digest']}")[0])
    assert one.commit == told.commit


def test_a_statement_under_the_tag_of_cosign_is_read(images, read, told):
    made = images.image(told.labels)
    images.cosigned(made["digest"], told.envelope(made["digest"]))
    assert len(stated(read(f"{IMAGE}@{made['digest']}")[0])) == 1


def test_a_statement_beside_the_platforms_of_an_index_is_read(images, read, told):
    made = images.image(told.labels)
    beside = images.attested_inside(made["digest"], told.statement(made["digest"]))
    index = images.index([made, beside])
    facts, gaps = read(f"{IMAGE}@{index['digest']}")
    assert [one.subject_digest for one in stated(facts)] == [made["digest"]]
    assert [one.subject_digest for one in of(facts, MEMBER)] == [made["digest"]] * 2
    assert gaps == []


def test_a_statement_that_says_nothing_is_a_gap(images, read, told):
    made = images.image(told.labels)
    images.referring(made, b'{"payloadType": "text/plain"}')
    facts, gaps = read(f"{IMAGE}@{made['digest']}")
    assert (stated(facts), [gap.reason for gap in gaps]) == ([], ["malformed"])


# --- tokens


def test_a_challenge_is_answered_with_a_token_for_the_repository(
    registry, server, images, read, told
):
    registry.realm, registry.password = f"{server.url}/token", "invented"
    made = images.image(told.labels)
    facts, gaps = read(f"{IMAGE}@{made['digest']}", secret="reader:invented")
    assert (len(of(facts, LABELS)), gaps) == (1, [])
    (asked,) = [one for one in server.requests if one.path == "/token"]
    assert asked.query["scope"] == "repository:acme/shop-web:pull"


def test_anybody_gets_a_token_where_the_registry_is_open(registry, server, images, read, told):
    registry.realm = f"{server.url}/token"
    made = images.image(told.labels)
    assert read(f"{IMAGE}@{made['digest']}")[1] == []


def test_a_refused_credential_ends_the_run(registry, server, images, collector, told):
    registry.realm, registry.password = f"{server.url}/token", "invented"
    made = images.image(told.labels)
    pages = collector(f"{IMAGE}@{made['digest']}", secret="reader:other").fetch(None, "")
    (gap,) = next(pages).gaps
    assert gap.reason == "forbidden"
    with pytest.raises(AuthError):
        next(pages)


def test_the_credential_is_not_sent_to_a_stranger(registry, server, images, collector, told):
    registry.realm = "http://tokens.elsewhere.test/token"
    made = images.image(told.labels)
    pages = collector(f"{IMAGE}@{made['digest']}", secret="reader:invented").fetch(None, "")
    (gap,) = next(pages).gaps
    assert "asks to send its credential to tokens.elsewhere.test" in gap.detail


@pytest.mark.parametrize(
    ("host", "other", "same"),
    [
        ("registry-1.docker.io", "auth.docker.io", True),
        ("registry.gitlab.com", "gitlab.com", True),
        ("registry.example.co.uk", "auth.example.co.uk", True),
        ("registry.example.co.uk", "evil.co.uk", False),
        ("10.0.0.1", "20.0.0.1", False),
        ("ghcr.io", "ghcr.io.test", False),
    ],
)
def test_hosts_of_one_domain_share_a_credential(host, other, same):
    assert same_domain(host, other) is same


# --- what is not believed


@pytest.mark.parametrize("part", ["manifest", "config"])
def test_bytes_that_are_not_what_their_digest_says_are_a_gap(registry, images, read, told, part):
    made = images.image(told.labels)
    blob = next(digest for digest, data in images.blobs.items() if b"Labels" in data)
    registry.spoiled = frozenset({made["digest"] if part == "manifest" else blob})
    facts, gaps = read(f"{IMAGE}@{made['digest']}")
    assert of(facts, LABELS) == []
    assert [gap.reason for gap in gaps] == ["malformed"]


def test_blobs_are_followed_to_a_storage_without_the_credential(
    registry, server, images, read, told
):
    registry.realm = f"{server.url}/token"
    registry.storage = server.url
    made = images.image(told.labels)
    facts, gaps = read(f"{IMAGE}@{made['digest']}", secret="reader:invented")
    assert (len(of(facts, LABELS)), gaps) == (1, [])


@pytest.mark.parametrize(
    ("own", "target", "follows"),
    [
        (("https", "registry.example"), ("https", "storage.example"), True),
        (("https", "registry.example"), ("http", "storage.example"), False),
        (("https", "registry.example"), ("https", "127.0.0.1"), False),
        (("https", "registry.example"), ("https", "169.254.169.254"), False),
        (("https", "registry.example"), ("file", ""), False),
        (("http", "127.0.0.1"), ("http", "127.0.0.1"), True),
    ],
)
def test_a_redirect_leads_to_no_weaker_and_no_nearer_place(own, target, follows):
    assert _may_follow(*own, *target) is follows


def test_an_image_that_is_not_there_is_a_gap_and_the_others_are_read(images, read, told):
    made = images.image(told.labels)
    facts, gaps = read(f"{IMAGE}:gone", f"{IMAGE}@{made['digest']}")
    assert len(of(facts, LABELS)) == 1
    assert [(gap.reason, gap.key) for gap in gaps] == [("not_found_or_forbidden", f"{IMAGE}:gone")]


def test_more_platforms_than_are_read_are_a_gap(images, read, told):
    members = [images.image(told.labels, architecture=f"a{number}") for number in range(17)]
    index = images.index(members)
    _, gaps = read(f"{IMAGE}@{index['digest']}")
    assert [gap.reason for gap in gaps] == ["truncated"]


def test_a_registry_out_of_reach_stops_the_run(server, collector):
    server.fail_next("500")
    with pytest.raises(UnavailableError):
        list(collector(f"{IMAGE}:1.4").fetch(None, ""))


# --- names


@pytest.mark.parametrize(
    ("text", "host", "repository", "tag"),
    [
        ("nginx", "docker.io", "library/nginx", "latest"),
        ("docker.io/acme/web:1", "docker.io", "acme/web", "1"),
        ("registry.example:5000/a/b:1.2", "registry.example:5000", "a/b", "1.2"),
        ("localhost/a:1", "localhost", "a", "1"),
    ],
)
def test_a_reference_names_registry_repository_and_tag(text, host, repository, tag):
    found = reference_of(text)
    assert isinstance(found, Reference)
    assert (found.host, found.repository, found.tag) == (host, repository, tag)


@pytest.mark.parametrize(
    "text", ["", "../../etc:1", "a/b@sha256:12", "a/b@md5:" + "0" * 32, "A/B:1", "a/b:" + "x" * 200]
)
def test_what_no_registry_can_be_asked_for_is_no_reference(text):
    assert reference_of(text) is None
