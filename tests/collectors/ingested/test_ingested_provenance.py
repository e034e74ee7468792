"""Provenance as builders and registries hand it over, and what is refused."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence import canonical
from evidence.collectors.ingested import provenance
from evidence.collectors.ingested.given import Given
from evidence.errors import MalformedError
from evidence.model.capture import GapReason

SHA = "1ac93ce21ee526b36fd154b9058d97dfaa424c50"
DIGEST = "ab" * 32
SUBJECT = {"name": "ghcr.io/acme/shop", "digest": {"sha256": DIGEST}}

V1: dict[str, Any] = {
    "_type": "https://in-toto.io/Statement/v1",
    "subject": [SUBJECT],
    "predicateType": "https://slsa.dev/provenance/v1",
    "predicate": {
        "buildDefinition": {
            "externalParameters": {
                "workflow": {
                    "repository": "https://git.example/acme/shop",
                    "ref": "refs/heads/main",
                }
            },
            "resolvedDependencies": [
                {
                    "uri": "git+https://git.example/acme/shop@refs/heads/main",
                    "digest": {"gitCommit": SHA},
                }
            ],
        },
        "runDetails": {
            "builder": {"id": "https://builder.example/release"},
            "metadata": {"invocationId": "https://builder.example/runs/7"},
        },
    },
}
V02: dict[str, Any] = {
    "_type": "https://in-toto.io/Statement/v0.1",
    "subject": [SUBJECT],
    "predicateType": "https://slsa.dev/provenance/v0.2",
    "predicate": {
        "builder": {"id": "https://builder.example/release"},
        "invocation": {
            "configSource": {
                "uri": "git+https://git.example/acme/shop@refs/heads/main",
                "digest": {"sha1": SHA},
                "entryPoint": "build.yaml",
            }
        },
        "metadata": {"buildInvocationID": "https://builder.example/runs/7"},
    },
}


def envelope(statement: object, **more: object) -> dict[str, Any]:
    payload = base64.b64encode(json.dumps(statement).encode()).decode()
    signed = [{"keyid": "k1", "sig": "AAAA"}]
    return {
        "payloadType": "application/vnd.in-toto+json",
        "payload": payload,
        "signatures": signed,
        **more,
    }


def bundle(statement: object) -> dict[str, Any]:
    return {
        "mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json",
        "verificationMaterial": {"certificate": {"rawBytes": "Q0VSVA=="}},
        "dsseEnvelope": envelope(statement),
    }


def handed(value: object) -> Given:
    data = value if isinstance(value, bytes) else json.dumps(value).encode()
    return Given(name="file.json", data=data, source="ingest", observed_at=1)


def facts(value: object) -> list[Any]:
    return [
        fact
        for capture in provenance.captures(handed(value))
        for fact in provenance.parse(capture).facts
    ]


@pytest.mark.parametrize("statement", [V1, V02])
@pytest.mark.parametrize(
    "carrier",
    [
        lambda one: one,
        envelope,
        bundle,
        lambda one: [bundle(one)],
        lambda one: {"attestations": [{"bundle": bundle(one), "repository_id": 1}]},
    ],
)
def test_each_form_says_which_commit_a_digest_was_built_from(statement, carrier):
    (one,) = facts(carrier(statement))

    assert (one.subject_digest, one.commit) == (f"sha256:{DIGEST}", SHA)
    assert one.builder == "https://builder.example/release"
    assert (one.repository_url, one.ref) == ("https://git.example/acme/shop", "refs/heads/main")
    assert one.invocation == "https://builder.example/runs/7"


def test_signatures_and_certificate_are_kept_as_they_are():
    (one,) = facts(bundle(V1))

    assert (one.signatures, one.certificate) == ((("k1", "AAAA"),), "Q0VSVA==")
    assert json.loads(base64.b64decode(one.payload)) == V1


def test_json_lines_of_two_statements_are_two_captures():
    other = {**V1, "subject": [{"name": "x", "digest": {"sha256": "cd" * 32}}]}
    lines = "\n".join(json.dumps(bundle(one)) for one in (V1, other)).encode()

    assert len(provenance.captures(handed(lines))) == 2


def test_the_same_document_twice_is_one_capture():
    assert len(provenance.captures(handed([bundle(V1), bundle(V1)]))) == 1


def test_the_git_subject_of_chainloop_names_the_commit():
    statement = {
        "type": "https://in-toto.io/Statement/v1",
        "subject": [
            {
                "name": "git.head",
                "digest": {"sha1": SHA},
                "annotations": {"remotes": [{"url": "git@git.example:acme/shop.git"}]},
            },
            SUBJECT,
        ],
        "predicate_type": "chainloop.dev/attestation/v0.2",
        "predicate": {"builder": {"id": "chainloop"}},
    }

    (one,) = facts(envelope(statement))

    assert (one.commit, one.repository_url) == (SHA, "git@git.example:acme/shop.git")


def test_two_git_materials_of_different_commits_name_none():
    predicate = json.loads(json.dumps(V1["predicate"]))
    predicate["buildDefinition"]["resolvedDependencies"].append(
        {"uri": "git+https://git.example/acme/lib", "digest": {"gitCommit": "f" * 40}}
    )
    del predicate["buildDefinition"]["externalParameters"]

    (one,) = facts({**V1, "predicate": predicate})

    assert one.commit == ""


def test_of_several_materials_that_of_the_workflows_repository_counts():
    predicate = json.loads(json.dumps(V1["predicate"]))
    predicate["buildDefinition"]["resolvedDependencies"].append(
        {"uri": "git+https://git.example/acme/lib", "digest": {"gitCommit": "f" * 40}}
    )

    (one,) = facts({**V1, "predicate": predicate})

    assert one.commit == SHA


def test_a_user_in_an_address_is_no_ref():
    predicate = json.loads(json.dumps(V1["predicate"]))
    (material,) = predicate["buildDefinition"]["resolvedDependencies"]
    material["uri"] = "git+ssh://git@git.example/acme/shop"

    (one,) = facts({**V1, "predicate": predicate})

    assert one.repository_url == "ssh://git@git.example/acme/shop"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (V1["predicate"], "names no image"),
        ({"messageSignature": {}, "mediaType": "x"}, "carries no statement"),
        ({"hello": 1}, "nothing about the origin"),
        ({**V1, "subject": []}, "nothing about the origin"),
        (envelope(V1, payload="%%%"), "nothing about the origin"),
    ],
)
def test_what_names_no_digest_is_refused_with_its_reason(value, why):
    with pytest.raises(MalformedError, match=why):
        provenance.captures(handed(value))


def test_an_unreadable_capture_is_a_gap():
    (capture,) = provenance.captures(handed(V1))
    broken = type(capture)(
        **{name: getattr(capture, name) for name in capture.__slots__} | {"payload": b"{"}
    )

    (gap,) = provenance.parse(broken).gaps

    assert gap.reason == GapReason.MALFORMED


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner),
    max_leaves=8,
)


@settings(max_examples=60)
@given(st.sampled_from(sorted(V1)), JSON)
def test_any_other_value_in_a_statement_raises_nothing_unexpected(name, value):
    try:
        found = facts(canonical.loads(json.dumps(envelope({**V1, name: value}))))
    except MalformedError:
        return
    assert all(one.subject_digest.startswith("sha256:") for one in found)
