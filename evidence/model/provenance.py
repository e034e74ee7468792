"""Facts about where an artifact came from: what a builder states of one digest."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.model.fact import Fact

LABELS = "oci.labels"
"""Predicate type of what an image says of itself by labels or annotations: nobody signed it.
`commit` is its revision where that is a whole SHA, `ref` as it is written."""
TAG = "oci.tag"
"""A registry gave the digest for the tag; `subject_name` is `<image>:<tag>`."""
MEMBER = "oci.member"
"""The digest is one platform of the index that `ref` is the digest of."""
OBSERVED = frozenset({LABELS, TAG, MEMBER})
"""What is read of an image itself, and no builder states."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provenance(Fact):
    """One statement about one subject. History: immutable (a statement is known by its digest).

    Everything in it is a claim until a signature over `payload` is verified by a trusted key.
    """

    source: str
    """Configured source id, or the id under which it was handed over."""
    statement: str
    """SHA-256 of the payload, hexadecimal."""
    subject_name: str
    subject_digest: str
    """`sha256:<64 hexadecimal digits>`."""
    predicate_type: str
    builder: str
    """Builder id as the statement gives it."""
    repository_url: str
    """Where the sources were, without `git+` and ref."""
    ref: str
    commit: str
    """The one commit that it names for that repository; empty where it names none or several."""
    invocation: str
    """The run that built it."""
    payload_type: str
    payload: str
    """Base64 of the signed bytes."""
    signatures: tuple[tuple[str, str], ...]
    """(key id, base64 of the signature)."""
    certificate: str = ""
    """Base64 DER of the signing certificate, where the bundle carries one."""
