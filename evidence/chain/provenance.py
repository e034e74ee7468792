"""Statements about the origin of images: which are believed, and what they say of a digest.

Labels are what an image says of itself: a base image hands its own on, so a revision counts only
beside a source that is the mapped repository.

A statement is `verified` where a key that the policy trusts for the image's repository signed its
bytes; anything else is `claimed`, whoever seems to have signed it. A certificate in a bundle is not
followed to a root: without one, its name is a claim too. Signatures: DSSE,
https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
"""

from __future__ import annotations

import base64
import binascii
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from evidence.chain.urls import find_repository, repository_index
from evidence.in_scope import TrustedBuilder
from evidence.manifest.envelope import pae
from evidence.model.provenance import LABELS, MEMBER, OBSERVED, Provenance
from evidence.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One provenance of a digest, judged for the repository that the image is mapped to."""

    provenance: Provenance
    by: str = ""
    """Id of the trusted builder whose key signed it; empty: claimed."""
    against: str = ""
    """What it says that cannot be true of the image, in words; empty where it agrees."""

    @property
    def told(self) -> str:
        """For the reader: who says what."""
        one = self.provenance
        who = f"verified by the key of {self.by}" if self.by else "claimed, not verified"
        return f"built by {one.builder or 'a builder without a name'} from {one.commit}, {who}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """What an image says of its own origin, for the repository that it is mapped to."""

    provenance: Provenance
    named: bool
    """Whether it names that repository; False: it names none, and a base image may have said it."""

    @property
    def revision(self) -> str:
        """A whole SHA where it gives one, else the text that it gives: a short SHA or a tag."""
        one = self.provenance
        return one.commit or one.ref.rpartition("/")[2]


class Statements:
    """The statements of one run by the digest that they are about."""

    def __init__(
        self,
        policy: Policy,
        provenance: Iterable[Provenance],
        more: Mapping[str, Iterable[Provenance]],
    ) -> None:
        """`more`: digest -> statements that are not among `provenance`, read when asked for."""
        self._policy, self._more = policy, more
        self._read: set[str] = set()
        self._index = repository_index(policy.repositories)
        self._by_digest: dict[str, list[Provenance]] = defaultdict(list)
        self._labels: dict[str, list[Provenance]] = defaultdict(list)
        self._indexes: dict[str, str] = {}
        self._add(provenance)

    def of(self, digest: str, repository: str) -> list[Statement]:
        """What is stated of a digest, or of the index that lists it, for an image of a repository.

        Verified ones come first.
        """
        if not digest:
            return []
        self._read_of(digest)
        about = (digest, self._indexes.get(digest, ""))
        self._read_of(about[1])
        stated = [one for each in about for one in self._by_digest.get(each, ())]
        judged = [self._judge(one, repository) for one in stated]
        return sorted(judged, key=lambda one: (not one.by, one.provenance.statement))

    def labels(self, digest: str, repository: str) -> list[Label]:
        """What the image of a digest says of itself; nothing where it names another repository."""
        found: list[Label] = []
        self._read_of(digest)
        for one in self._labels.get(digest, ()) if digest else ():
            home, _ = find_repository(one.repository_url, self._index, self._policy.repositories)
            if one.ref and (home == repository or not one.repository_url):
                found.append(Label(provenance=one, named=bool(one.repository_url)))
        return sorted(found, key=lambda one: (not one.named, one.provenance.statement))

    def _read_of(self, digest: str) -> None:
        if digest not in self._read:
            self._read.add(digest)
            self._add(self._more.get(digest, ()))

    def _add(self, provenance: Iterable[Provenance]) -> None:
        for one in provenance:
            if one.predicate_type == LABELS:
                self._labels[one.subject_digest].append(one)
            elif one.predicate_type == MEMBER:
                self._indexes[one.subject_digest] = one.ref
            elif one.predicate_type not in OBSERVED:
                self._by_digest[one.subject_digest].append(one)

    def _judge(self, one: Provenance, repository: str) -> Statement:
        trusted = [
            builder
            for builder in self._policy.builders
            if not builder.repositories or repository in builder.repositories
        ]
        by = next((builder for builder in trusted if signed_by(one, builder.key)), None)
        return Statement(
            provenance=one, by=by.id if by else "", against=self._against(one, by, repository)
        )

    def _against(self, one: Provenance, by: TrustedBuilder | None, repository: str) -> str:
        if by and by.builder and by.builder != one.builder:
            return f"it was built by {one.builder or 'nobody named'}, not by {by.builder}"
        if one.repository_url:
            found, _basis = find_repository(
                one.repository_url, self._index, self._policy.repositories
            )
            if found and found != repository:
                return f"it was built from {one.repository_url}"
        return ""


def signed_by(one: Provenance, pem: str) -> bool:
    """Whether one of its signatures was made by a key; False for anything unreadable."""
    return any(
        _verified(pem, one.payload_type, one.payload, signature) for _, signature in one.signatures
    )


@lru_cache(maxsize=65_536)
def _verified(pem: str, payload_type: str, payload: str, signature: str) -> bool:
    try:
        signed = pae(payload_type, base64.b64decode(payload, validate=True))
        plain = signature.strip().replace("-", "+").replace("_", "/").rstrip("=")
        given = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (ValueError, binascii.Error):
        return False
    return _check(_public_key(pem), given, signed)


@lru_cache(maxsize=256)
def _public_key(pem: str) -> Any:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        return load_pem_public_key(pem.encode())
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return None


def _check(key: Any, signature: bytes, signed: bytes) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa

    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(signature, signed)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, signed, ec.ECDSA(_hash_of(key.curve.key_size, hashes)))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _hash_of(bits: int, hashes: Any) -> Any:
    """The hash that goes with a curve: P-256 SHA-256, P-384 SHA-384, P-521 SHA-512."""
    if bits <= 256:
        return hashes.SHA256()
    return hashes.SHA384() if bits <= 384 else hashes.SHA512()
