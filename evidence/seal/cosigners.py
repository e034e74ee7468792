"""Signatures beside the key's own, by URI scheme: `sigstore:`, keyless and publicly logged.

    sigstore:                    the identity of the machine that runs this (CI, workload identity)
    sigstore:?ambient=false      the identity of the person who logs in by browser

A keyless signature has no key that an auditor could be handed: it says which identity signed, by a
certificate of minutes, and is written to a public log for everyone to read. So it is asked for, is
never the only signature, and is checked with Sigstore's own tool (VERIFY.md has the command).
Source: https://docs.sigstore.dev/about/bundle/
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from evidence.errors import ConfigError, UnavailableError
from evidence.seal.signers.interface import attributes, missing_extra


def cosign(data: bytes, uri: str) -> bytes:
    """The signature over the data that the URI asks for, as its tool reads it.

    Raises:
        ConfigError: an unknown scheme or option, no identity at hand, or libraries are missing.
        UnavailableError: the service did not answer.
    """
    scheme = uri.partition(":")[0].lower()
    if scheme not in SCHEMES:
        known = ", ".join(f"{name}:" for name in sorted(SCHEMES))
        raise ConfigError(f"the cosigner {uri!r} has an unknown scheme; known: {known}")
    return SCHEMES[scheme](data, uri)


def _sigstore(data: bytes, uri: str) -> bytes:
    ambient = _ambient(uri)
    try:
        from sigstore.models import ClientTrustConfig
        from sigstore.sign import SigningContext
    except ImportError as error:
        raise missing_extra("a keyless signature (sigstore:)", "sigstore") from error
    token = _identity(ambient=ambient)
    try:
        context = SigningContext.from_trust_config(ClientTrustConfig.production())
        with context.signer(token) as signer:
            return str(signer.sign_artifact(data).to_json()).encode() + b"\n"
    except Exception as error:
        # Certificate authority, log and time stamps each have their own errors.
        raise UnavailableError(
            f"Sigstore did not sign: {type(error).__name__}: {str(error)[:300]}",
            next_step="Try again, or leave seal.cosigner empty.",
        ) from error


def _identity(*, ambient: bool) -> Any:
    from sigstore.models import ClientTrustConfig
    from sigstore.oidc import IdentityToken, Issuer, detect_credential

    if not ambient:
        trust = ClientTrustConfig.production()
        return Issuer(trust.signing_config.get_oidc_url()).identity_token()
    credential = detect_credential()
    if not credential:
        raise ConfigError(
            "Sigstore finds no identity of this machine",
            next_step="Run this where the CI gives an OIDC token, or use sigstore:?ambient=false.",
        )
    return IdentityToken(credential)


def _ambient(uri: str) -> bool:
    path, _, query = uri.partition(":")[2].partition("?")
    options = attributes(query, "&", uri)
    ambient = options.pop("ambient", "true")
    if path or options or ambient not in {"true", "false"}:
        raise ConfigError(
            f"the cosigner {uri!r} cannot be read",
            next_step="Write sigstore: or sigstore:?ambient=false",
        )
    return ambient == "true"


SCHEMES: Mapping[str, Callable[[bytes, str], bytes]] = {"sigstore": _sigstore}
