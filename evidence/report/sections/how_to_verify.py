"""The exact commands by which anyone checks the packet without us, and what they show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.report.view import View

TITLE = "How to verify this packet"

COMMANDS = (
    (
        "Everything at once, offline, with keys you received by another way",
        "evidence verify PACKET --trust TRUSTED_KEYS",
    ),
    ("Every file is as listed", "sha256sum -c SHA256SUMS"),
    (
        "The list is signed (OpenSSH; take `allowed_signers` from outside the packet)",
        "ssh-keygen -Y verify -f allowed_signers -I evidence -n evidence-packet "
        "-s SHA256SUMS.sig < SHA256SUMS",
    ),
    (
        "The signature inside the PDF (look for: Total document signed)",
        "pdfsig packet.pdf",
    ),
    ("The data embedded in the PDF", "pdfdetach -saveall packet.pdf"),
)


def context(_view: View) -> Mapping[str, Any]:
    """The commands, in the order in which they are run."""
    return {"commands": COMMANDS}
