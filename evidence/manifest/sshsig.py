"""OpenSSH file signatures (SSHSIG): the bytes signed and the armoured file.

Source: https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.sshsig
Ed25519 and ECDSA P-256 keys with SHA-512 are written and read. A signature is handled in the form
that `PublicKey.verifies` takes: raw for Ed25519, DER for ECDSA; the file holds it as SSH writes it.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import struct

from evidence.errors import MalformedError
from evidence.manifest.publickey import ECDSA_P256, PublicKey, parse_public_key

NAMESPACE = "evidence-packet"
CHECKPOINTS = "evidence-checkpoint"
"""The namespace of a key that signs checkpoints only."""
_MAGIC = b"SSHSIG"
_HASH = b"sha512"
_BEGIN = "-----BEGIN SSH SIGNATURE-----\n"
_END = "-----END SSH SIGNATURE-----\n"
_WIDTH = 70


def signed_bytes(message: bytes, namespace: str = NAMESPACE) -> bytes:
    """What the key signs for the file `message` in a namespace, ours by default."""
    fields = (namespace.encode(), b"", _HASH, hashlib.sha512(message).digest())
    return _MAGIC + b"".join(_string(field) for field in fields)


def armour(key: PublicKey, signature: bytes, namespace: str = NAMESPACE) -> bytes:
    """The `.sig` file, as `ssh-keygen -Y sign` would write it."""
    wrapped = _string(key.algorithm.encode()) + _string(_wire(key.algorithm, signature))
    fields = (key.blob, namespace.encode(), b"", _HASH, wrapped)
    blob = _MAGIC + struct.pack(">I", 1) + b"".join(_string(field) for field in fields)
    text = base64.b64encode(blob).decode()
    lines = [text[start : start + _WIDTH] for start in range(0, len(text), _WIDTH)]
    return (_BEGIN + "".join(line + "\n" for line in lines) + _END).encode()


def _wire(algorithm: str, signature: bytes) -> bytes:
    """RFC 5656 section 3.1.2 for ECDSA: both numbers as SSH writes them."""
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    if algorithm != ECDSA_P256:
        return signature
    r, s = decode_dss_signature(signature)
    return b"".join(_string(n.to_bytes(n.bit_length() // 8 + 1)) for n in (r, s))


def _from_wire(algorithm: str, wire: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    if algorithm != ECDSA_P256:
        return wire
    r, s = (int.from_bytes(part) for part in _strings(wire))
    return encode_dss_signature(r, s)


def parse_armour(data: bytes) -> tuple[PublicKey, bytes]:
    """Key and raw signature of a `.sig` file; refused unless `armour` writes the same bytes."""
    try:
        text = data.decode("ascii")
        body = text.removeprefix(_BEGIN).removesuffix(_END).replace("\n", "")
        blob = base64.b64decode(body, validate=True)
        fields = _strings(blob[len(_MAGIC) + 4 :])
        algorithm, wire = _strings(fields[4])
        public = parse_public_key(f"{algorithm.decode()} {base64.b64encode(fields[0]).decode()}")
        signature = _from_wire(public.algorithm, wire)
    except (UnicodeDecodeError, binascii.Error, ValueError, IndexError, struct.error) as error:
        raise MalformedError("SHA256SUMS.sig is not an OpenSSH signature") from error
    if armour(public, signature) != data:
        raise MalformedError("SHA256SUMS.sig is not in its one accepted form")
    return public, signature


def _string(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def _strings(blob: bytes) -> list[bytes]:
    values: list[bytes] = []
    position = 0
    while position < len(blob):
        (length,) = struct.unpack_from(">I", blob, position)
        values.append(blob[position + 4 : position + 4 + length])
        position += 4 + length
    return values
