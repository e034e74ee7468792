"""Who sent a delivery: HMAC over the raw bytes, or a token in a header. Pure, in constant time.

GitHub signs with SHA-256 (`X-Hub-Signature-256`; the SHA-1 header beside it is not looked at). Flux
names the hash that it signs with (`X-Signature: sha256=...`). Argo CD and Argo Rollouts
notifications sign nothing and may send headers: `Authorization: Bearer`. Flagger can only be given
an address: the user information in it arrives as `Authorization: Basic`, its password is the token.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

UNSIGNED = "unsigned"
"""No usable signature or token came: answered 401."""
WRONG = "wrong-signature"
"""One came, and none of the secrets explains it: answered 403."""
FLUX_HASHES = ("sha224", "sha256", "sha384", "sha512")
_LONGEST_HEADER = 4_096


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a delivery was found to be the sender's, or why it was not."""

    method: str = ""
    """`hmac-sha256`, `bearer`, `basic`; empty where it is refused."""
    secret: int = 0
    """Which secret explained it, from 1."""
    refused: str = ""
    """`UNSIGNED`, `WRONG`, or empty."""


Headers = Mapping[str, Sequence[bytes]]
"""Lower-case name -> every value that came under it."""
Scheme = Callable[[Headers, bytes, Sequence[str]], Verdict]


def github(headers: Headers, body: bytes, secrets: Sequence[str]) -> Verdict:
    """docs.github.com, "Validating webhook deliveries"."""
    return _hmac(_only(headers, "x-hub-signature-256"), body, secrets, ("sha256",))


def flux(headers: Headers, body: bytes, secrets: Sequence[str]) -> Verdict:
    """fluxcd.io, notification Provider of type `generic-hmac`."""
    return _hmac(_only(headers, "x-signature"), body, secrets, FLUX_HASHES)


def token(headers: Headers, _body: bytes, secrets: Sequence[str]) -> Verdict:
    """RFC 6750 section 2.1, or RFC 7617 with the token as the password."""
    scheme, _, rest = _only(headers, "authorization").strip().partition(b" ")
    method, given = scheme.lower().decode("latin-1"), rest.strip()
    if method == "basic":
        given = _password(given)
    if method not in ("bearer", "basic") or not given:
        return Verdict(refused=UNSIGNED)
    place = _matching(given, [_bytes(one) for one in secrets])
    return Verdict(method=method, secret=place) if place else Verdict(refused=WRONG)


def signature_is_there(scheme: Scheme, headers: Headers) -> bool:
    """Whether it is worth to read the body: False where it is refused whatever it is."""
    return scheme(headers, b"", ()).refused != UNSIGNED


def _hmac(header: bytes, body: bytes, secrets: Sequence[str], hashes: Sequence[str]) -> Verdict:
    name, _, given = header.partition(b"=")
    method = name.decode("latin-1")
    if method not in hashes or len(given) != 2 * hashlib.new(method).digest_size:
        return Verdict(refused=UNSIGNED)
    made = [hmac.new(_bytes(one), body, method).hexdigest().encode() for one in secrets if one]
    place = _matching(given, made)
    return Verdict(method=f"hmac-{method}", secret=place) if place else Verdict(refused=WRONG)


def _bytes(secret: str) -> bytes:
    """As the operating system gave it, also where that is no UTF-8."""
    return secret.encode("utf-8", "surrogateescape")


def _matching(given: bytes, known: Sequence[bytes]) -> int:
    """The place, from 1, of what is given; 0 for none. All are compared, whichever matches."""
    places = [place for place, one in enumerate(known, 1) if hmac.compare_digest(given, one)]
    return places[0] if places else 0


def _only(headers: Headers, name: str) -> bytes:
    """The one value of a header; nothing where it came twice: a reader could take the other."""
    values = headers.get(name, ())
    return bytes(values[0]) if len(values) == 1 and len(values[0]) <= _LONGEST_HEADER else b""


def _password(given: bytes) -> bytes:
    try:
        return base64.b64decode(given, validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return b""
