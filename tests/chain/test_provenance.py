"""What builders state of a digest: who is believed, and what it does to an image's commit."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import replace
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from invented import sha

from evidence.chain.provenance import signed_by
from evidence.in_scope import ImageMap, TrustedBuilder
from evidence.manifest.envelope import pae
from evidence.model.change import Strength
from evidence.model.production import Standing
from evidence.model.provenance import Provenance

PATH = "apps/shop"
DIGEST = "sha256:" + "ab" * 32
OURS = "https://git.example.test/acme/shop"
KEY = ed25519.Ed25519PrivateKey.from_private_bytes(b"k" * 32)
OTHER = ed25519.Ed25519PrivateKey.from_private_bytes(b"o" * 32)


def pem(key: Any) -> str:
    public = key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    return public.decode()


def signature(key: Any, payload: bytes) -> str:
    signed = pae("application/vnd.in-toto+json", payload)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        made = key.sign(signed, ec.ECDSA(hashes.SHA256()))
    elif isinstance(key, rsa.RSAPrivateKey):
        made = key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
    else:
        made = key.sign(signed)
    return base64.b64encode(made).decode()


def stated(commit: str, *keys: Any, **fields: Any) -> Provenance:
    payload = json.dumps({"commit": commit}).encode()
    values: dict[str, Any] = {
        "source": "ingest",
        "statement": hashlib.sha256(payload).hexdigest(),
        "subject_name": "ghcr.io/acme/shop",
        "subject_digest": DIGEST,
        "predicate_type": "https://slsa.dev/provenance/v1",
        "builder": "https://builder.example/release",
        "repository_url": OURS,
        "ref": "refs/heads/main",
        "commit": commit,
        "invocation": "",
        "payload_type": "application/vnd.in-toto+json",
        "payload": base64.b64encode(payload).decode(),
        "signatures": tuple(("", signature(key, payload)) for key in keys),
        "entry_seq": 42,
    }
    return Provenance(**{**values, **fields})


@pytest.fixture
def shop(world: Any) -> Any:
    world.branch("main", world.app.chain("a", "b", "c"))
    world.application = replace(
        world.application,
        repository="config",
        path=PATH,
        images=(ImageMap(image="ghcr.io/acme/shop", repository="app"),),
    )
    world.policy_extra["builders"] = (TrustedBuilder(id="release", key=pem(KEY)),)
    text = "images:\n- {{name: ghcr.io/acme/shop, {}}}\n"
    file = f"{PATH}/kustomization.yaml"
    world.config.write("start", "", {file: text.format(f"newTag: {sha('a')}")})
    world.branch("main", "start", "config")
    world.deploy("start", repository="config", path=PATH)
    world.config.write("bump", "start", {file: text.format(f"newTag: '1.4', digest: '{DIGEST}'")})
    world.branch("main", "bump", "config")
    world.deploy("bump", repository="config", path=PATH)
    return world


def deployed(shop: Any, *provenance: Provenance) -> Any:
    shop.inputs_extra["provenance"] = provenance
    return shop.build().deployments[1]


def test_provenance_under_a_trusted_key_proves_the_commit_of_a_digest(shop):
    row = deployed(shop, stated(sha("c"), KEY))

    (image,), (runs,) = row.images, row.running
    assert (image.new_commit, image.basis, image.strength) == (
        sha("c"),
        "provenance",
        Strength.PROVED,
    )
    assert (runs.provenance, runs.standing, runs.entries) == ("verified", Standing.RESULT, (42,))
    assert row.problems == ()


@pytest.mark.parametrize("keys", [(), (OTHER,)])
def test_provenance_that_no_trusted_key_signed_is_a_claim(shop, keys):
    row = deployed(shop, stated(sha("c"), *keys))

    (image,), (runs,) = row.images, row.running
    assert (image.new_commit, image.strength) == (sha("c"), Strength.INFERRED)
    assert (runs.provenance, image.basis) == ("claimed", "claimed_provenance")
    assert "claimed, not verified" in runs.told


def test_a_key_that_is_trusted_for_other_repositories_proves_nothing_here(shop):
    builder = TrustedBuilder(id="other", key=pem(KEY), repositories=("config",))
    shop.policy_extra["builders"] = (builder,)

    assert deployed(shop, stated(sha("c"), KEY)).running[0].provenance == "claimed"


@pytest.mark.parametrize(
    "fields",
    [
        {"builder": "https://builder.example/laptop"},
        {"repository_url": "https://git.example.test/acme/config"},
    ],
)
def test_verified_provenance_of_another_origin_contradicts(shop, fields):
    builder = TrustedBuilder(id="release", key=pem(KEY), builder="https://builder.example/release")
    shop.policy_extra["builders"] = (builder,)

    row = deployed(shop, stated(sha("c"), KEY, **fields))

    assert row.running[0].provenance == "contradicts"
    assert row.running[0].commit == ""


def test_verified_provenance_goes_before_the_tag_and_the_difference_is_told(shop):
    file = f"{PATH}/kustomization.yaml"
    text = f"images:\n- {{name: ghcr.io/acme/shop, newTag: '{sha('b')}', digest: '{DIGEST}'}}\n"
    shop.config.write("bump", "start", {file: text})

    row = deployed(shop, stated(sha("c"), KEY))

    (image,) = row.images
    assert image.new_commit == sha("c")
    assert [one.basis for one in image.matches] == ["provenance", "tag_contains_sha"]
    assert row.running[0].provenance == "contradicts"


def test_a_claim_that_differs_from_the_tag_leaves_the_image_ambiguous(shop):
    file = f"{PATH}/kustomization.yaml"
    text = f"images:\n- {{name: ghcr.io/acme/shop, newTag: '{sha('b')}', digest: '{DIGEST}'}}\n"
    shop.config.write("bump", "start", {file: text})

    (image,) = deployed(shop, stated(sha("c"))).images

    assert (image.new_commit, image.problem) == ("", "ambiguous")
    assert image.candidates == tuple(sorted((sha("b"), sha("c"))))


def test_provenance_of_another_digest_says_nothing(shop):
    other = stated(sha("c"), KEY, subject_digest="sha256:" + "cd" * 32)

    assert deployed(shop, other).running[0].provenance == ""


def test_a_digest_that_the_deployer_saw_leads_to_provenance_too(shop):
    file = f"{PATH}/kustomization.yaml"
    shop.config.write(
        "bump", "start", {file: "images:\n- {name: ghcr.io/acme/shop, newTag: '1.4'}\n"}
    )
    seen = (f"ghcr.io/acme/shop:1.4@{DIGEST}",)
    shop.deployments[1] = replace(shop.deployments[1], images=seen)

    assert deployed(shop, stated(sha("c"), KEY)).running[0].provenance == "verified"


KEYS = {
    "ed25519": KEY,
    "p256": ec.derive_private_key(7, ec.SECP256R1()),
    "rsa": rsa.generate_private_key(65537, 2048),
}


@pytest.mark.parametrize("name", KEYS)
def test_every_kind_of_key_verifies_its_own_signature_and_no_other(name):
    one = stated(sha("c"), KEYS[name])

    assert signed_by(one, pem(KEYS[name]))
    assert not signed_by(replace(one, payload=base64.b64encode(b"{}").decode()), pem(KEYS[name]))
    assert not signed_by(one, pem(OTHER))


@pytest.mark.parametrize("broken", ["", "no base64!", "AAAA"])
def test_what_is_no_signature_verifies_nothing(broken):
    one = replace(stated(sha("c")), signatures=(("", broken),))

    assert not signed_by(one, pem(KEY))


@pytest.mark.parametrize("key", ["", "no key", "-----BEGIN PUBLIC KEY-----\nAAAA\n"])
def test_what_is_no_key_believes_nothing(key):
    assert not signed_by(stated(sha("c"), KEY), key)
