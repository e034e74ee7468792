"""What a difference of texts is: an image moved, a version raised, a lock file written anew."""

from __future__ import annotations

import re
from collections.abc import Iterable

from evidence.chain.promotions import only_images_differ
from evidence.chain.standard import FilePair
from evidence.policy import Policy

_VERSION = re.compile(r"(?<![0-9A-Za-z.])v?(\d{1,9})\.(\d{1,9})(?:\.(\d{1,9}))?(?![0-9A-Za-z.])")
_DIGEST = re.compile(
    r"\b(?:sha(?:1|256|384|512)|h1)[-:=][A-Za-z0-9+/=_-]{16,}|\b[0-9a-f]{32,128}\b"
)
_LOCKS = re.compile(
    r"(?:^|/)(?:package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|poetry\.lock|"
    r"uv\.lock|Pipfile\.lock|pdm\.lock|requirements[\w.-]*\.lock|Cargo\.lock|go\.sum|"
    r"Gemfile\.lock|composer\.lock|packages\.lock\.json|gradle\.lockfile|mix\.lock|flake\.lock)$"
)
_ORDER = ("patch", "minor", "major")

Version = tuple[int, int, int]


def is_lock_file(path: str) -> bool:
    """Whether a path is that of a file which only a package manager writes."""
    return bool(_LOCKS.search(path))


def only_images(pairs: Iterable[FilePair], policy: Policy) -> bool:
    """Whether every file differs in image references and in nothing else."""
    keys = sorted({key for one in policy.applications for key in one.values_keys})
    found = list(pairs)
    return bool(found) and all(
        one.before != one.after and only_images_differ(one.before, one.after, keys) for one in found
    )


def bump_of(pairs: Iterable[FilePair]) -> str:
    """The largest step that version numbers take; empty where anything else differs.

    Lines are compared in pairs: none may be added or taken away, none lowered. In lock files
    digests may differ, too.
    """
    steps: set[str] = set()
    for one in pairs:
        step = _file_step(one)
        if not step:
            return ""
        steps.add(step)
    return max(steps, key=_ORDER.index, default="")


def _file_step(pair: FilePair) -> str:
    if pair.before is None or pair.after is None:
        return ""
    old, new = pair.before.splitlines(), pair.after.splitlines()
    if len(old) != len(new):
        return ""
    lock = is_lock_file(pair.path)
    steps: set[str] = {"patch"} if lock else set()
    for before, after in zip(old, new, strict=True):
        if before != after and not _line_steps(before, after, steps, lock=lock):
            return ""
    return max(steps, key=_ORDER.index, default="")


def _line_steps(before: str, after: str, steps: set[str], *, lock: bool) -> bool:
    """Adds the steps of one line; False where it differs in more than versions."""
    if lock:
        before, after = _DIGEST.sub("#", before), _DIGEST.sub("#", after)
    if _VERSION.sub("#", before) != _VERSION.sub("#", after):
        return False
    for old, new in zip(_versions(before), _versions(after), strict=True):
        if new < old:
            return False
        if new != old:
            steps.add(_step(old, new))
    return True


def _versions(line: str) -> list[Version]:
    return [(int(match[1]), int(match[2]), int(match[3] or 0)) for match in _VERSION.finditer(line)]


def _step(old: Version, new: Version) -> str:
    """By semantic versioning: below 1.0 a minor step may break as a major one does."""
    if old[0] != new[0] or (old[0] == 0 and old[1] != new[1]):
        return "major"
    return "minor" if old[1] != new[1] else "patch"
