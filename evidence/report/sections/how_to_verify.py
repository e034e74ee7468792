"""The exact commands by which anyone checks the packet without us, and what they show."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from evidence.manifest.sshsig import NAMESPACE
from evidence.report.view import View

TITLE = "How to verify this packet"

_SSH = (
    f"ssh-keygen -Y verify -f TRUSTED_KEYS -I evidence -n {NAMESPACE} "
    "-s SHA256SUMS.sig < SHA256SUMS"
)

COMMANDS = (
    (
        "Everything at once, offline (exit code 0: nothing differs; 6: it says what does)",
        "evidence verify . --trust TRUSTED_KEYS",
    ),
    (
        "Every file is as listed (no output is the good result)",
        "sha256sum --check --strict --quiet SHA256SUMS",
    ),
    ("The list is signed", _SSH),
    ("The PDF's own signature (demand the line: Total document signed)", "pdfsig packet.pdf"),
    ("The data embedded in the PDF", "pdfdetach -list packet.pdf"),
)


def context(_view: View) -> Mapping[str, Any]:
    """The commands, in the order in which they are run."""
    return {"commands": COMMANDS}
