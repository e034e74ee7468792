"""`VERIFY.md`: how an auditor checks the packet with tools that are on the machine already.

Every ```sh block runs as written, in the packet's folder, under `sh -eu`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from evidence.manifest import Predicate, Unsigned, paths
from evidence.manifest.publickey import ED25519
from evidence.manifest.sshsig import NAMESPACE
from evidence.seal.keys import PRINCIPAL, KeySet
from evidence.seal.pades import NO_STAMP, Stamping

_HEAD = """\
# How to verify this packet

Entity: {entity}
Period: {period_from} to {period_to} (end excluded), zone {zone}
Signing key: `{fingerprint}`
{pdf_certificate}
{simulated}
## What a valid result shows, and what it cannot

A valid result shows that every file here is byte for byte what the holder of the signing key
sealed, that none was added or taken away, and (where captures are included) that each capture was
in the ledger when the printed checkpoint was signed.

It does not show that the sources told the truth, that nothing was left out when evidence was
collected (the gaps and receipts in the report speak to that), or when something happened beyond
what the sources' servers and the checkpoints say. It is not an opinion on any control.

## Before you start: the keys

The file `keys/allowed_signers` in this packet is a convenience and proves nothing: whoever changes
a packet can change the keys in it. Get the file of public keys from the entity over another channel
(there, `evidence keys export-public` prints it) and point `TRUST` at it. At least, compare the
fingerprint printed here with one that you were given by telephone or in person.

```sh
TRUST=${{TRUST:-keys/allowed_signers}}
WORK=$(mktemp -d)
sed -n 's/^# //p' "$TRUST" > "$WORK/keys.pem"
sed -n '\\|^# key {fingerprint}|,\\|END PUBLIC KEY|s/^# //p' "$TRUST" > "$WORK/signing.pem"
grep -v '^#' "$TRUST" | cut -d ' ' -f 3- | ssh-keygen -l -f -
```

## With the `evidence` program

    evidence verify . --trust "$TRUST"

needs no database and no network, and does all of what follows and more: it also checks each
capture's inclusion in the ledger and refuses a PDF that was added to after signing. Exit code 0:
verified. 6: something differs; it says what.

## With stock tools

**1. Every file is as listed.** No output and exit code 0 is the good result.

```sh
sha256sum --check --strict --quiet SHA256SUMS
```

**2. No file is missing or extra.** The list printed must be empty.

```sh
ODD=$( (cut -c 67- SHA256SUMS; printf '%s\\n' {unlisted}; \\
  find . -type f | cut -c 3-) | LC_ALL=C sort | uniq -u)
printf '%s' "$ODD"; test -z "$ODD"
```

**3. The list is signed.** Good: `Good "{namespace}" signature for {principal} with {kind} key
{fingerprint}`. OpenSSH 8.7 or later. A key that was replaced since counts for packets sealed before
that; the time printed first is the one at which it says it was sealed.

```sh
SEALED=$(sed -n 's/.*"sealed_at":"\\([^"]*\\)".*/\\1/p' manifest.json)
echo "Sealed: $SEALED, by the sealer's clock"
TZ=UTC ssh-keygen -Y verify -f "$TRUST" -I {principal} -n {namespace} \\
  -O verify-time="$(echo "$SEALED" | tr -dc 0-9)" -s SHA256SUMS.sig < SHA256SUMS
```

**4. The statement (entity, period, counts, digests) is signed and names this list.** Good:
`Signature Verified Successfully`. OpenSSL 3.0 or later.

```sh
sed 's/.*"payload":"\\([^"]*\\)".*/\\1/' packet.dsse.json | base64 -d > "$WORK/statement.json"
sed 's/.*"sig":"\\([^"]*\\)".*/\\1/' packet.dsse.json | base64 -d > "$WORK/statement.sig"
{{ printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$(wc -c < "$WORK/statement.json")"
  cat "$WORK/statement.json"; }} > "$WORK/statement.pae"
openssl pkeyutl -verify -pubin -inkey "$WORK/signing.pem" -rawin{digest} \\
  -in "$WORK/statement.pae" -sigfile "$WORK/statement.sig"
LIST=$(sha256sum < SHA256SUMS | cut -c 1-64)
grep -qF '{{"digest":{{"sha256":"'"$LIST"'"}},"name":"SHA256SUMS"}}' "$WORK/statement.json"
```
"""

_STAMP = """
**The list bears a time stamp (RFC 3161).** It shows that SHA256SUMS, and with it every file in it,
existed at the time printed, which must be close to the one after `Sealed:`. Point `TSA` at the
certificate of the authority, from the authority itself or from the entity over another channel.
Good: `Verification: OK`. Without `TSA` the stamp is printed and not checked.

```sh
LIST=$(sha256sum < SHA256SUMS.tsr | cut -c 1-64)
grep -qF '{{"digest":{{"sha256":"'"$LIST"'"}},"name":"SHA256SUMS.tsr"}}' "$WORK/statement.json"
openssl ts -reply -in SHA256SUMS.tsr -text
test -z "${{TSA:-}}" || openssl ts -verify -data SHA256SUMS -in SHA256SUMS.tsr -CAfile "$TSA"
```
"""

_BUNDLE = """
**The list carries a keyless signature.** Name the identity and issuer that the entity gave you:

    sigstore verify identity --bundle SHA256SUMS.sigstore.json --cert-identity IDENTITY \\
      --cert-oidc-issuer ISSUER SHA256SUMS
"""

_PDF = """
**The PDF carries its own signature over the whole file.** Good: `CMS Verification successful`
and no stop at a `test` before it. The `test` lines matter: some readers call a PDF valid although
pages were laid over it after signing.

```sh
set -- $(grep -a -o '/ByteRange *\\[[0-9 ]*\\]' packet.pdf | tail -n 1 | tr -dc '0-9 ')
test "$#" -eq 4
test "$1" -eq 0
test "$(($3 + $4))" -eq "$(wc -c < packet.pdf)"
{{ head -c "$2" packet.pdf; tail -c "+$(($3 + 1))" packet.pdf; }} > "$WORK/signed.bin"
tail -c "+$(($2 + 2))" packet.pdf | head -c "$(($3 - $2 - 2))" | tr a-f A-F \\
  | basenc --base16 -d > "$WORK/signature.der"
openssl cms -verify -binary -inform DER -in "$WORK/signature.der" -content "$WORK/signed.bin" \\
  -CAfile "$WORK/keys.pem" -out /dev/null
```

With poppler's `pdfsig` demand the line `Total document signed`: without it the PDF was added to
after signing, even where `pdfsig` says `Signature is Valid`.

```sh
! command -v pdfsig > /dev/null || pdfsig -nocert packet.pdf
```
"""

_PDF_LONG_TERM = """
**The PDF carries its own signature, then a time stamp over the whole file (PAdES B-LTA).** Good:
`CMS Verification successful`, with `TSA` set also `Verification: OK`, and no stop at a `test`
before it. The `test` lines matter: some readers call a PDF valid although pages were laid over it
after signing. What stands between signature and stamp is validation data: that it is nothing
else, only `evidence verify` checks here. `pdfsig` cannot print `Total document signed` for it.

```sh
RANGES=$(grep -a -o '/ByteRange *\\[[0-9 ]*\\]' packet.pdf | tail -n 2 | tr -dc '0-9 \\n')
test "$(printf '%s\\n' "$RANGES" | wc -l)" -eq 2
cut_out() {{
  head -c "$2" packet.pdf > "$WORK/signed.bin"
  tail -c "+$(($3 + 1))" packet.pdf | head -c "$4" >> "$WORK/signed.bin"
  tail -c "+$(($2 + 2))" packet.pdf | head -c "$(($3 - $2 - 2))" | tr a-f A-F \\
    | basenc --base16 -d > "$WORK/signature.der"
}}
set -- $(printf '%s\\n' "$RANGES" | head -n 1)
test "$1" -eq 0
test "$(($3 + $4))" -gt {size}
cut_out "$@"
openssl cms -verify -binary -inform DER -in "$WORK/signature.der" -content "$WORK/signed.bin" \\
  -CAfile "$WORK/keys.pem" -out /dev/null
set -- $(printf '%s\\n' "$RANGES" | tail -n 1)
test "$1" -eq 0
test "$(($3 + $4))" -eq "$(wc -c < packet.pdf)"
cut_out "$@"
test -z "${{TSA:-}}" || openssl ts -verify -data "$WORK/signed.bin" -token_in \\
  -in "$WORK/signature.der" -CAfile "$TSA"
```
"""

_UNSIGNED = """
The PDF as it was rendered, before its signature, is the first {size} bytes:

```sh
test "$(head -c {size} packet.pdf | sha256sum | cut -c 1-64)" = {digest}
```
"""

_TAIL = """
## The ledger's checkpoint

`checkpoint.note` is the signed head of the ledger at export: origin, number of entries, root hash.
Keep it. With the note of an earlier packet the entity can be asked to show that the ledger has only
grown since; a history that was rewritten cannot be made to fit two notes.

```sh
cat checkpoint.note
```
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Extras:
    """What a packet carries beyond the key's own signatures."""

    stamping: Stamping = NO_STAMP
    cosigner: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Instructions:
    """What `VERIFY.md` is written from."""

    predicate: Predicate
    keys: KeySet
    unsigned: Unsigned | None
    """The PDF before its signature, or None where the packet holds no PDF."""
    extras: Extras

    def render(self) -> str:
        """The Markdown text. Names from outside stand only in the head, on one line each."""
        ed25519 = self.keys.public_key.algorithm == ED25519
        text = _HEAD.format(
            entity=_line(self.predicate.entity),
            period_from=_line(self.predicate.period_from),
            period_to=_line(self.predicate.period_to),
            zone=_line(self.predicate.zone),
            fingerprint=self.keys.fingerprint,
            kind="ED25519" if ed25519 else "ECDSA",
            digest="" if ed25519 else " -digest sha256",
            unlisted=" ".join(self._unlisted()),
            pdf_certificate=self._pdf_certificate(),
            simulated=_SIMULATED if self.predicate.simulated else "",
            namespace=NAMESPACE,
            principal=PRINCIPAL,
        )
        return text + "".join(self._more())

    def _unlisted(self) -> Iterator[str]:
        """The files that SHA256SUMS cannot list."""
        yield from (paths.SUMS, paths.SSH_SIGNATURE, paths.ENVELOPE)
        if self.extras.stamping.tsa:
            yield paths.STAMP
        if self.extras.cosigner:
            yield paths.BUNDLE

    def _more(self) -> Iterator[str]:
        if self.extras.stamping.tsa:
            yield _STAMP.format()
        if self.extras.cosigner:
            yield _BUNDLE
        if self.unsigned is not None:
            size, digest = self.unsigned.size, self.unsigned.sha256
            yield _PDF_LONG_TERM.format(size=size) if self.extras.stamping.lta else _PDF.format()
            yield _UNSIGNED.format(size=size, digest=digest)
        if self.predicate.checkpoint:
            yield _TAIL

    def _pdf_certificate(self) -> str:
        if self.unsigned is None:
            return "This packet holds no PDF."
        return f"PDF certificate, SHA-256: `{self.keys.pdf.fingerprint}`"


_SIMULATED = "\nSIMULATED: this packet shows an invented organisation, no real evidence.\n"


def _line(text: str) -> str:
    """Text from outside as one harmless line: a fence or heading in it would become commands."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return printable.replace("`", "'").strip()[:200]
