"""Who sent a delivery."""

from __future__ import annotations

import base64
import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from evidence.receiver import signatures
from evidence.receiver.signatures import UNSIGNED, WRONG

# docs.github.com, "Validating webhook deliveries": the vector to test an implementation with.
SECRET = "It's a Secret to Everybody"
BODY = b"Hello, World!"
HEX = b"757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"


def signed(value, name="x-hub-signature-256"):
    return {name: [value]}


def test_githubs_own_vector_is_accepted():
    found = signatures.github(signed(b"sha256=" + HEX), BODY, [SECRET])

    assert (found.method, found.secret, found.refused) == ("hmac-sha256", 1, "")


def test_while_secrets_rotate_both_are_accepted_and_told_apart():
    header = signed(b"sha256=" + HEX)

    assert signatures.github(header, BODY, ["new", SECRET]).secret == 2
    assert signatures.github(header, BODY, [SECRET, "old"]).secret == 1
    assert signatures.github(header, BODY, ["new", "newer"]).refused == WRONG


def test_a_missing_signature_is_unsigned():
    assert signatures.github({}, BODY, [SECRET]).refused == UNSIGNED


def test_the_old_sha1_header_does_not_count():
    made = hmac.new(SECRET.encode(), BODY, hashlib.sha1).hexdigest().encode()

    assert signatures.github(signed(b"sha1=" + made, "x-hub-signature"), BODY, [SECRET]).refused
    assert signatures.github(signed(b"sha1=" + made), BODY, [SECRET]).refused == UNSIGNED


def test_two_signatures_are_none():
    header = {"x-hub-signature-256": [b"sha256=" + HEX, b"sha256=" + HEX]}

    assert signatures.github(header, BODY, [SECRET]).refused == UNSIGNED


def test_an_empty_secret_explains_nothing():
    made = hmac.new(b"", BODY, hashlib.sha256).hexdigest().encode()

    assert signatures.github(signed(b"sha256=" + made), BODY, [""]).refused == WRONG


def test_flux_names_the_hash_that_it_signs_with():
    for name in ("sha224", "sha256", "sha384", "sha512"):
        made = hmac.new(SECRET.encode(), BODY, name).hexdigest()
        found = signatures.flux(signed(f"{name}={made}".encode(), "x-signature"), BODY, [SECRET])
        assert found.method == f"hmac-{name}"


def test_flux_may_not_name_a_weak_hash():
    for name in ("md5", "sha1", "blake2b", "nonsense", ""):
        header = signed(f"{name}={'0' * 64}".encode(), "x-signature")
        assert signatures.flux(header, BODY, [SECRET]).refused == UNSIGNED


def test_a_bearer_token_is_accepted_and_another_is_not():
    right = signed(b"Bearer tok-en-1", "authorization")
    wrong = signed(b"Bearer tok-en-2", "authorization")

    assert signatures.token(right, b"", ["tok-en-1"]).method == "bearer"
    assert signatures.token(wrong, b"", ["tok-en-1"]).refused == WRONG
    assert signatures.token(signed(b"Bearer ", "authorization"), b"", [""]).refused == UNSIGNED


def test_the_password_of_an_address_is_a_token():
    header = signed(b"Basic " + base64.b64encode(b"flagger:tok-en:1"), "authorization")

    assert signatures.token(header, b"", ["tok-en:1"]).method == "basic"
    assert signatures.token(signed(b"Basic !!!", "authorization"), b"", ["x"]).refused == UNSIGNED


@given(st.binary(max_size=200), st.binary(max_size=200), st.integers(0, 10_000), st.booleans())
def test_no_other_body_and_no_other_signature_is_accepted(body, noise, at, of_body):
    made = b"sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest().encode()
    what = body if of_body else made
    at %= len(what) + 1
    changed = what[:at] + noise + what[at + 1 :]
    if changed == what:
        return

    header, sent = (made, changed) if of_body else (changed, body)

    assert signatures.github(signed(header), sent, [SECRET]).refused


@given(st.binary(max_size=300))
def test_any_header_is_judged_without_an_error(value):
    for scheme, name in (
        (signatures.github, "x-hub-signature-256"),
        (signatures.flux, "x-signature"),
        (signatures.token, "authorization"),
    ):
        assert scheme(signed(value, name), BODY, [SECRET]).refused in (UNSIGNED, WRONG)
