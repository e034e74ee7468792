"""`VERIFY.md`: how an auditor checks the packet with tools that are on the machine already.

Every ```sh block runs as written, in the packet's folder, under `sh -eu`.
"""

from __future__ import annotations

from dataclasses import dataclass

from evidence.manifest import Predicate, Unsigned
from evidence.manifest.sshsig import NAMESPACE
from evidence.seal.keys import PRINCIPAL, KeySet

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
ODD=$( (cut -c 67- SHA256SUMS; printf '%s\\n' SHA256SUMS SHA256SUMS.sig packet.dsse.json; \\
  find . -type f | cut -c 3-) | LC_ALL=C sort | uniq -u)
printf '%s' "$ODD"; test -z "$ODD"
```

**3. The list is signed.** Good: `Good "{namespace}" signature for {principal} with ED25519 key
{fingerprint}`.

```sh
ssh-keygen -Y verify -f "$TRUST" -I {principal} -n {namespace} \\
  -s SHA256SUMS.sig < SHA256SUMS
```

**4. The statement (entity, period, counts, digests) is signed and names this list.** Good:
`Signature Verified Successfully`. OpenSSL 3.0 or later.

```sh
sed 's/.*"payload":"\\([^"]*\\)".*/\\1/' packet.dsse.json | base64 -d > "$WORK/statement.json"
sed 's/.*"sig":"\\([^"]*\\)".*/\\1/' packet.dsse.json | base64 -d > "$WORK/statement.sig"
{{ printf 'DSSEv1 28 application/vnd.in-toto+json %d ' "$(wc -c < "$WORK/statement.json")"
  cat "$WORK/statement.json"; }} > "$WORK/statement.pae"
openssl pkeyutl -verify -pubin -inkey "$WORK/keys.pem" -rawin \\
  -in "$WORK/statement.pae" -sigfile "$WORK/statement.sig"
LIST=$(sha256sum < SHA256SUMS | cut -c 1-64)
grep -qF '{{"digest":{{"sha256":"'"$LIST"'"}},"name":"SHA256SUMS"}}' "$WORK/statement.json"
```
"""

_PDF = """
**5. The PDF carries its own signature over the whole file.** Good: `CMS Verification successful`
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
class Instructions:
    """What `VERIFY.md` is written from."""

    predicate: Predicate
    keys: KeySet
    unsigned: Unsigned | None
    """The PDF before its signature, or None where the packet holds no PDF."""

    def render(self) -> str:
        """The Markdown text. Names from outside stand only in the head, on one line each."""
        text = _HEAD.format(
            entity=_line(self.predicate.entity),
            period_from=_line(self.predicate.period_from),
            period_to=_line(self.predicate.period_to),
            zone=_line(self.predicate.zone),
            fingerprint=self.keys.fingerprint,
            pdf_certificate=self._pdf_certificate(),
            simulated=_SIMULATED if self.predicate.simulated else "",
            namespace=NAMESPACE,
            principal=PRINCIPAL,
        )
        if self.unsigned is not None:
            text += _PDF.format(size=self.unsigned.size, digest=self.unsigned.sha256)
        return text + (_TAIL if self.predicate.checkpoint else "")

    def _pdf_certificate(self) -> str:
        if self.unsigned is None:
            return "This packet holds no PDF."
        return f"PDF certificate, SHA-256: `{self.keys.pdf.fingerprint}`"


_SIMULATED = "\nSIMULATED: this packet shows an invented organisation, no real evidence.\n"


def _line(text: str) -> str:
    """Text from outside as one harmless line: a fence or heading in it would become commands."""
    printable = "".join(char if char.isprintable() else " " for char in text)
    return printable.replace("`", "'").strip()[:200]
