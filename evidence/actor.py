"""Who runs the program: the account that the operating system knows, not what a variable claims."""

from __future__ import annotations

import os
import pwd


def actor() -> str:
    """The account's name; `uid N` where it has none, as in many containers."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return f"uid {os.getuid()}"
