"""The state of a replay: who and what exists so far, and what references name."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import replace
from typing import Final

from evidence.demo.edits import apply_edit
from evidence.demo.history import CheckRecord, History, RepositoryRecord
from evidence.demo.history_deployed import ApplicationRecord
from evidence.demo.moments import DAY, MINUTE, SECOND, moment
from evidence.demo.objects import EXECUTABLE, FILE, GITLINK, CommitObject, Identity, Tree
from evidence.demo.series import Event
from evidence.demo.steps import CheckStep, CommitSpec
from evidence.demo.timeline import REFERENCE, first_bot
from evidence.demo.world import Person, Repository, World
from evidence.demo.world_deployed import Application
from evidence.demo.world_images import image_digest
from evidence.errors import ConfigError

WEB_FLOW: Final = "web-flow"
"""Stands for GitHub itself as a committer."""

_HEX: Final = frozenset("0123456789abcdef")
_NAMESPACE: Final = uuid.UUID("6d0a3c1e-5d57-4f0a-9a53-0c8f1f1d2b6a")


class Scene:
    """The state of the replay: records so far, and the names that references may use."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.epoch = moment(world.epoch, 0)
        self.people = {person.key: person for person in world.person}
        self.names: dict[str, tuple[str, str]] = {}
        """Reference -> (repository key, object id)."""
        self._next_id = 9_000_000
        self._images: dict[str, str] = {}
        self.history = History(repositories={}, applications={})
        for index, repository in enumerate(world.repository):
            self.history.repositories[repository.key] = self._repository(index, repository)
        for application in world.application:
            self.history.applications[application.key] = self._application(application)

    # --- who and where

    def person(self, key: str) -> Person:
        if key not in self.people:
            raise ConfigError(f"The world has no person `{key}`.")
        return self.people[key]

    def repository(self, key: str) -> RepositoryRecord:
        """The repository of that key; the first one where no key is given."""
        if not key and self.history.repositories:
            return next(iter(self.history.repositories.values()))
        if key not in self.history.repositories:
            raise ConfigError(f"The world has no repository `{key}`.")
        return self.history.repositories[key]

    def bot(self) -> str:
        return first_bot(self.world)

    def next_id(self) -> int:
        """A new numeric id, as GitHub hands them out: rising, across all kinds."""
        self._next_id += 17
        return self._next_id

    def identity(self, key: str, at: int, *, name: str = "", email: str = "") -> Identity:
        """What a commit says of a person; name and address may be claimed otherwise."""
        if key == WEB_FLOW:
            return Identity(name="GitHub", email="noreply@github.com", at=at)
        person = self.person(key)
        return Identity(
            name=name or person.name or f"{person.key.capitalize()} Example",
            email=email or email_of(person),
            at=at,
        )

    # --- references

    def sha(self, reference: str, where: RepositoryRecord, change: str = "") -> str:
        """The commit that a reference names, now. Raises `ConfigError` if there is none."""
        prefix, _, rest = reference.partition("/")
        if rest and prefix in self.history.repositories:
            return self.sha(rest, self.history.repositories[prefix])
        for name in (f"{change}.{reference}", reference):
            if name in self.names:
                return self.names[name][1]
        kind, _, name = reference.partition(":")
        found = {
            "branch": where.refs.get(f"refs/heads/{name}", ""),
            "tag": where.refs.get(f"refs/tags/{name}", ""),
            "root": next(iter(where.objects.commits)) if reference == "root" else "",
        }.get(kind, "")
        if not found and len(reference) == 40 and set(reference) <= _HEX:
            return reference
        if not found:
            raise ConfigError(f"`{reference}` names no commit at that moment of the story.")
        return where.objects.tags[found][1] if found in where.objects.tags else found

    def home(self, reference: str, key: str) -> RepositoryRecord:
        """The repository of that key, else the one that the reference lies in, else the first."""
        found = self.names.get(reference)
        return self.repository(key or (found[0] if found else ""))

    def target(self, target: str, where: RepositoryRecord) -> str:
        """The reference that a target revision of an application stands for."""
        if target in ("", "HEAD"):
            return f"branch:{where.default_branch}"
        return f"tag:{target}" if f"refs/tags/{target}" in where.refs else f"branch:{target}"

    def name(self, reference: str, where: RepositoryRecord, sha: str) -> None:
        """From now on the reference names this commit."""
        self.names[reference] = (where.world.key, sha)

    def filled(self, text: str, where: RepositoryRecord, change: str = "") -> str:
        """The text with its placeholders replaced."""

        def one(kind: str, reference: str) -> str:
            if kind == "digest":
                return hashlib.sha256(reference.encode()).hexdigest()
            if kind == "image":
                return self.image(reference, where).removeprefix("sha256:")
            sha = self.sha(reference, where, change)
            return sha if kind == "sha" else sha[:7]

        return REFERENCE.sub(lambda m: one(m[1], m[2]), text)

    def image(self, key: str, where: RepositoryRecord) -> str:
        """Digest of an image of the world, made when it is first named or when the story ends."""
        if key not in self._images:
            self._images[key] = image_digest(self, key, where)
        return self._images[key]

    # --- repositories and pushes

    def _repository(self, index: int, one: Repository) -> RepositoryRecord:
        born = moment(one.created_at, self.epoch) if one.created_at else self.epoch - 30 * DAY
        name = one.name or f"{self.world.organisation}/{one.key}"
        made = RepositoryRecord(
            world=one, id=one.id or 5001 + index, name=name, created_at=born, names=[(born, name)]
        )
        made.names += sorted((moment(at, self.epoch), new) for at, new in one.renames.items())
        files = {
            path: (FILE, made.objects.blob(self.filled(text, made)))
            for path, text in one.files.items()
        }
        founder = Identity(name="Founder Example", email="founder@people.example", at=born)
        root = made.objects.commit(
            files=files, parents=(), author=founder, committer=founder, message="Begin\n"
        )
        made.branches.append((born, one.default_branch))
        made.move(born, f"refs/heads/{one.default_branch}", root.sha)
        return made

    def commit(
        self, where: RepositoryRecord, parent: str, spec: CommitSpec, *, by: str, at: int, key: str
    ) -> CommitObject:
        """One commit by a person on top of `parent`; `key` resolves local references."""
        files = self.edited(where, where.objects.commits[parent].files, spec, key)
        trailers = [self._co_author(one) for one in spec.co_authors]
        message = self.filled(spec.message, where, key) or f"Work on {key}"
        if trailers:
            message += "\n\n" + "\n".join(f"Co-authored-by: {one}" for one in trailers)
        author, committer = self._identities(spec, by, at)
        return where.objects.commit(
            files=files,
            parents=(parent,),
            author=author,
            committer=committer,
            message=message.rstrip("\n") + "\n",
            signed=spec.committer == WEB_FLOW,
        )

    def _identities(self, spec: CommitSpec, by: str, at: int) -> tuple[Identity, Identity]:
        """Author and committer as the commit claims them; a claimed address stands in both."""
        authored = moment(spec.authored_at, self.epoch) if spec.authored_at else at
        committed = moment(spec.committed_at, self.epoch) if spec.committed_at else at
        who = spec.author or by
        author = self.identity(who, authored, name=spec.author_name, email=spec.author_email)
        if spec.committer:
            return author, self.identity(spec.committer, committed)
        return author, replace(author, at=committed)

    def _co_author(self, one: str) -> str:
        if "<" in one:
            return one
        who = self.identity(one, 0)
        return f"{who.name} <{who.email}>"

    def edited(self, where: RepositoryRecord, files: Tree, spec: CommitSpec, key: str = "") -> Tree:
        """The tree with a commit's edits applied."""
        new = dict(files)
        for path in spec.delete:
            new.pop(path, None)
        for path, text in spec.files.items():
            mode = new[path][0] if path in new else FILE
            new[path] = (mode, where.objects.blob(self.filled(text, where, key)))
        for edit in spec.set:
            if edit.file not in new:
                raise ConfigError(f"{where.name} has no file `{edit.file}` to set an image in.")
            filled = replace(
                edit,
                tag=self.filled(edit.tag, where, key),
                digest=self.filled(edit.digest, where, key),
            )
            mode, blob = new[edit.file]
            new[edit.file] = (
                mode,
                where.objects.blob(apply_edit(where.objects.text(blob), filled)),
            )
        for path in spec.executable:
            new[path] = (EXECUTABLE, new[path][1])
        for path, reference in spec.submodules.items():
            new[path] = (GITLINK, self.sha(reference, where, key))
        return new

    # --- what a step and a top-level item share

    def checks(self, where: RepositoryRecord, sha: str, step: CheckStep, at: int) -> None:
        """Each named check runs once on the commit."""
        before = where.checks.setdefault(sha, [])
        suite = self.next_id()
        for name in step.names:
            earlier = [one for one in before if (one.name, one.app) == (name, step.app)]
            status = step.kind == "status"
            before.append(
                CheckRecord(
                    id=self.next_id(),
                    sha=sha,
                    name=name,
                    app=step.app,
                    kind=step.kind,
                    started_at=at,
                    completed_at=0 if step.conclusion == "none" else at + step.seconds * SECOND,
                    conclusion=step.conclusion,
                    creator=(step.creator or self.bot()) if status else "",
                    suite=earlier[-1].suite if step.same_suite and earlier else suite,
                    attempt=len(earlier) + 1,
                    log=step.log,
                )
            )

    def event(self, at: int, kind: str, actor: str, **data: object) -> Event:
        """A timeline item with a new id; its actor must exist."""
        if actor:
            self.person(actor)
        return Event(at=at, id=self.next_id(), kind=kind, actor=actor, data=data)

    def _application(self, one: Application) -> ApplicationRecord:
        if not one.sources:
            raise ConfigError(f"Application `{one.key}` needs at least one source.")
        return ApplicationRecord(
            world=one,
            uid=str(uuid.uuid5(_NAMESPACE, f"{self.world.name}/{one.namespace}/{one.key}")),
            created_at=moment(one.created_at, self.epoch) if one.created_at else self.epoch - DAY,
            deleted_at=moment(one.deleted_at, self.epoch) if one.deleted_at else 0,
        )


def toggled(now: tuple[str, ...], name: str, on: bool) -> tuple[str, ...]:
    """The names with one added at the end, or taken out."""
    rest = tuple(one for one in now if one != name)
    return (*rest, name) if on else rest


def email_of(person: Person) -> str:
    """The address that the person's commits carry."""
    return person.email or f"{person.key}@people.example"


def spread(at: int, index: int, count: int) -> int:
    """When the index-th of `count` commits of one push was made: half a minute apart, before it."""
    return at - (count - 1 - index) * MINUTE // 2
