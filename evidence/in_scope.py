"""What is judged: repositories, what is built from them, and what deploys it where."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Repository:
    """A repository in scope."""

    id: str
    name: str = ""
    """`owner/name` at the forge; empty for plain Git."""
    urls: tuple[str, ...] = ()
    """Clone URLs by which deployers may name it, normalised by `chain` before comparison."""
    forge: str = ""
    """Source id of the pull request source; empty where none is configured."""
    production_branches: tuple[str, ...] = ("main",)
    role: str = "application"
    """`application` or `configuration`."""
    retired: bool = False
    """Taken out of what is read: it counts for what was recorded of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageMap:
    """Which source repository an image is built from."""

    image: str
    """Exact image name, or a pattern with `{name}`."""
    repository: str
    """Repository id, or `owner/{name}` resolved against the repositories' names."""
    path: str = ""
    """Path of the image's sources within a monorepo; empty for the whole repository."""
    build: str = ""
    """Name of the check whose success on a commit says that the image was built from it."""
    build_app: str = ""
    """Slug of the app that the check must come from; empty accepts any source."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedBuilder:
    """Whose statements about the origin of an image are believed, and under which key."""

    id: str
    key: str
    """PEM of a public key (Ed25519, ECDSA or RSA)."""
    builder: str = ""
    """Builder id that a statement under this key must give; empty: any."""
    repositories: tuple[str, ...] = ()
    """Repository ids for whose images the key speaks; empty: all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Another source that tells of an application's deployments."""

    source: str
    selector: str
    """How it names the application: `name`, `namespace/name` or a uid."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployWindow:
    """When something may be deployed: on these days, from a minute of the day to another."""

    days: tuple[int, ...]
    """0 is Monday."""
    begin: int
    end: int
    """Minutes after midnight, `end` excluded; 1440 is the end of the day."""
    zone: str
    """IANA name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """Something that is deployed, and where its configuration stands."""

    id: str
    environment: str = "production"
    production: bool = True
    deployer: str = ""
    """Source id of the deployer."""
    selector: str = ""
    """How the deployer names it: `name`, `namespace/name` or a uid."""
    repository: str = ""
    """Configuration repository id; empty: taken from the deployment's own repository URL."""
    path: str = ""
    images: tuple[ImageMap, ...] = ()
    values_files: tuple[str, ...] = ()
    """Helm values files (relative to the repository root) beside what stands under `path`."""
    values_keys: tuple[str, ...] = ("image",)
    """Dotted paths in Helm values whose mapping holds `repository`, `tag` and `digest`."""
    baseline: str = ""
    """Commit from which the first observed deployment's range starts; empty: baseline row."""
    witnesses: tuple[Witness, ...] = ()
    windows: tuple[DeployWindow, ...] = ()
    """When it may be deployed; empty: at any time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """Something that is left out on purpose: nothing of it is collected or judged."""

    kind: str
    """`repository`, `application` or `system`."""
    name: str
    owner: str
    reason: str
    date: str
    """Since when, as declared: `2026-07-01`."""
