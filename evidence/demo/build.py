"""Replays a world in time order: the Git objects, references and records that its story makes.

`build(world)` is pure: the same world gives the same object ids, numbers and times on any machine.
Pull requests are replayed in `evidence.demo.pulls`.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping
from typing import Final

from evidence.demo.edits import apply_edit, images_in
from evidence.demo.history import (
    ApplicationRecord,
    CheckRecord,
    Event,
    History,
    IssueRecord,
    OperationRecord,
    RepositoryRecord,
)
from evidence.demo.moments import DAY, MINUTE, SECOND, moment
from evidence.demo.objects import EXECUTABLE, FILE, CommitObject, Identity, Tree
from evidence.demo.steps import CheckStep, CommitSpec
from evidence.demo.timeline import REFERENCE, Happening, Timeline, first_bot, push_commits
from evidence.demo.world import (
    Application,
    AppSource,
    Check,
    Deploy,
    Issue,
    IssueEvent,
    Person,
    Push,
    Repository,
    Tag,
    World,
)
from evidence.errors import ConfigError

WEB_FLOW: Final = "web-flow"
_HEX: Final = frozenset("0123456789abcdef")
_NAMESPACE: Final = uuid.UUID("6d0a3c1e-5d57-4f0a-9a53-0c8f1f1d2b6a")


def build(world: World) -> History:
    """Everything that happened in a world. Raises `ConfigError` where the world contradicts itself."""
    from evidence.demo.pulls import PullReplay

    scene = Scene(world)
    pulls = PullReplay(scene)
    last = scene.epoch
    for one in Timeline(world).happenings:
        last = max(last, one.at)
        if not scene.play(one):
            pulls.play(one)
    scene.history.ends_at = moment(world.ends, scene.epoch) if world.ends else last + DAY
    return scene.history


class Scene:
    """The state of the replay: records so far, and the names that references may use."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.epoch = moment(world.epoch, 0)
        self.people = {person.key: person for person in world.person}
        self.names: dict[str, tuple[str, str]] = {}
        """Reference -> (repository key, object id)."""
        self._next_id = 9_000_000
        self.history = History(
            repositories={
                one.key: self._repository(index, one) for index, one in enumerate(world.repository)
            },
            applications={one.key: self._application(one) for one in world.application},
        )

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

    def name(self, reference: str, where: RepositoryRecord, sha: str) -> None:
        """From now on the reference names this commit."""
        self.names[reference] = (where.world.key, sha)

    def filled(self, text: str, where: RepositoryRecord, change: str = "") -> str:
        """The text with its placeholders replaced."""

        def one(kind: str, reference: str) -> str:
            if kind == "digest":
                return hashlib.sha256(reference.encode()).hexdigest()
            sha = self.sha(reference, where, change)
            return sha if kind == "sha" else sha[:7]

        return REFERENCE.sub(lambda m: one(m[1], m[2]), text)

    # --- repositories and pushes

    def _repository(self, index: int, one: Repository) -> RepositoryRecord:
        born = self.epoch - 30 * DAY
        name = one.name or f"{self.world.organisation}/{one.key}"
        made = RepositoryRecord(
            world=one, id=one.id or 5001 + index, name=name, created_at=born, names=[(born, name)]
        )
        made.names += sorted((moment(at, self.epoch), new) for at, new in one.renames.items())
        files = {path: (FILE, made.objects.blob(text)) for path, text in one.files.items()}
        founder = Identity(name="Founder Example", email="founder@people.example", at=born)
        root = made.objects.commit(
            files=files, parents=(), author=founder, committer=founder, message="Begin\n"
        )
        made.move(born, f"refs/heads/{one.default_branch}", root.sha)
        return made

    def commit(
        self, where: RepositoryRecord, parent: str, spec: CommitSpec, by: str, at: int, key: str
    ) -> CommitObject:
        """One commit by a person on top of `parent`; `key` resolves local references."""
        files = self.edited(where, where.objects.commits[parent].files, spec, key)
        trailers = [self._co_author(one) for one in spec.co_authors]
        message = self.filled(spec.message, where, key) or f"Work on {key}"
        if trailers:
            message += "\n\n" + "\n".join(f"Co-authored-by: {one}" for one in trailers)
        authored = moment(spec.authored_at, self.epoch) if spec.authored_at else at
        committed = moment(spec.committed_at, self.epoch) if spec.committed_at else at
        author = spec.author or by
        return where.objects.commit(
            files=files,
            parents=(parent,),
            author=self.identity(author, authored, name=spec.author_name, email=spec.author_email),
            committer=self.identity(spec.committer or author, committed)
            if spec.committer or not spec.author_email
            else self.identity(author, committed, email=spec.author_email),
            message=message.rstrip("\n") + "\n",
            signed=spec.committer == WEB_FLOW,
        )

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
            filled = type(edit)(
                file=edit.file,
                image=edit.image,
                tag=self.filled(edit.tag, where, key),
                digest=self.filled(edit.digest, where, key),
                new_name=edit.new_name,
            )
            mode, blob = new[edit.file]
            new[edit.file] = (
                mode,
                where.objects.blob(apply_edit(where.objects.text(blob), filled)),
            )
        for path in spec.executable:
            new[path] = (EXECUTABLE, new[path][1])
        return new

    # --- happenings outside pull requests

    def play(self, one: Happening) -> bool:
        """Replays what is no step of a pull request; False for a step."""
        item = one.item
        if isinstance(item, Issue):
            self._issue(item, one.at)
        elif isinstance(item, IssueEvent):
            self._issue_event(item, one)
        elif isinstance(item, Push):
            self._push(item, one.at)
        elif isinstance(item, Tag):
            self._tag(item, one.at)
        elif isinstance(item, Check):
            where = self.repository(item.repository)
            self.checks(where, self.sha(item.on, where), item.run, one.at)
        elif isinstance(item, Deploy):
            self._deploy(item, one.at)
        else:
            return False
        return True

    def _push(self, push: Push, at: int) -> None:
        where = self.repository(push.repository)
        ref = f"refs/heads/{push.branch or where.world.default_branch}"
        if push.remove:
            where.move(at, ref, "")
            return
        fallback = where.refs[f"refs/heads/{where.world.default_branch}"]
        tip = self.sha(push.force_to, where) if push.force_to else where.refs.get(ref, fallback)
        for number, spec in enumerate(commits := push_commits(push), 1):
            made = self.commit(
                where, tip, spec, push.by, at - 30 * SECOND * (len(commits) - number), push.key
            )
            tip = made.sha
            self.name(f"{push.key}.c{number}", where, tip)
            if spec.key:
                self.name(f"{push.key}.{spec.key}", where, tip)
        self.name(push.key, where, tip)
        where.move(at, ref, tip)

    def _tag(self, tag: Tag, at: int) -> None:
        where = self.repository(tag.repository)
        if not tag.repository and tag.on.split(".")[0] in self.names:
            where = self.repository(self.names[tag.on.split(".")[0]][0])
        target = self.sha(tag.on, where)
        if tag.message:
            by = self.identity(tag.by or self.bot(), at)
            target = where.objects.tag(tag.name, target, tag.message, by)
        where.move(at, f"refs/tags/{tag.name}", target)

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
                )
            )

    # --- issues

    def _issue(self, issue: Issue, at: int) -> None:
        where = self.repository(issue.repository)
        self.person(issue.author)
        number = where.number(issue.number)
        record = IssueRecord(
            world=issue,
            repository=where.world.key,
            number=number,
            id=self.next_id(),
            at=at,
            titles=[(at, issue.title or issue.key)],
            states=[(at, ("OPEN", ""))],
            labels=[(at, issue.labels)],
            assignees=[(at, ())],
            deleted_at=moment(issue.deleted_at, at) if issue.deleted_at else 0,
        )
        for label in issue.labels:
            record.events.append(self.event(at, "LabeledEvent", issue.author, label=label))
        where.issues[number] = record
        self.history.issues[issue.key] = record

    def _issue_event(self, item: IssueEvent, one: Happening) -> None:
        if not isinstance(one.owner, Issue):
            return
        issue = self.history.issues[one.owner.key]
        kind, data = _ISSUE_EVENTS.get(item.do, ("", ""))
        if not kind:
            raise ConfigError(
                f"issue `{one.owner.key}`: `do` is one of {', '.join(_ISSUE_EVENTS)}."
            )
        previous = issue.titles[-1][1]
        if item.do in ("label", "unlabel"):
            issue.labels.append(
                (one.at, toggled(issue.labels[-1][1], item.name, item.do == "label"))
            )
        elif item.do in ("assign", "unassign"):
            now = toggled(issue.assignees[-1][1], item.name, item.do == "assign")
            issue.assignees.append((one.at, now))
        elif item.do == "edit":
            issue.titles.append((one.at, item.name))
        else:
            state = "CLOSED" if item.do == "close" else "OPEN"
            reason = (item.name or "COMPLETED") if item.do == "close" else "REOPENED"
            issue.states.append((one.at, (state, reason)))
        facts = {data: item.name, "previous": previous}
        issue.events.append(self.event(one.at, kind, item.by or one.owner.author, **facts))

    def event(self, at: int, kind: str, actor: str, **data: object) -> Event:
        """A timeline item with a new id; its actor must exist."""
        if actor:
            self.person(actor)
        return Event(at=at, id=self.next_id(), kind=kind, actor=actor, data=data)

    # --- deployments

    def _application(self, one: Application) -> ApplicationRecord:
        if not one.sources:
            raise ConfigError(f"Application `{one.key}` needs at least one source.")
        return ApplicationRecord(
            world=one,
            uid=str(uuid.uuid5(_NAMESPACE, f"{self.world.name}/{one.namespace}/{one.key}")),
            created_at=moment(one.created_at, self.epoch) if one.created_at else self.epoch - DAY,
            deleted_at=moment(one.deleted_at, self.epoch) if one.deleted_at else 0,
        )

    def _deploy(self, deploy: Deploy, at: int) -> None:
        if deploy.app not in self.history.applications:
            raise ConfigError(f"The world has no application `{deploy.app}`.")
        app = self.history.applications[deploy.app]
        revisions = tuple(self._revisions(app.world, deploy))
        app.next_history_id += deploy.lost_before
        row = deploy.phase == "Succeeded" and not (deploy.dry_run or deploy.selective)
        number = app.next_history_id if row and deploy.history else -1
        app.next_history_id += row
        if deploy.key:
            self.names[deploy.key] = (app.world.sources[0].repository, revisions[0])
        app.operations.append(
            OperationRecord(
                key=deploy.key,
                started_at=at,
                finished_at=0 if deploy.phase == "Running" else at + deploy.seconds * SECOND,
                phase=deploy.phase,
                revisions=revisions,
                by=deploy.by,
                automated=deploy.automated and not deploy.by,
                dry_run=deploy.dry_run,
                selective=deploy.selective,
                self_heal=deploy.self_heal,
                local_manifests=deploy.local_manifests,
                message=deploy.message,
                health=deploy.health,
                images=deploy.images or app.world.images or self._images(app.world, revisions),
                history_id=number,
            )
        )

    def _revisions(self, app: Application, deploy: Deploy) -> Iterable[str]:
        asked = deploy.revisions or (deploy.revision,)
        for index, source in enumerate(app.sources):
            reference = asked[index] if index < len(asked) else ""
            if source.repository not in self.history.repositories:
                yield reference or source.target_revision
                continue
            where = self.repository(source.repository)
            target = source.target_revision or where.world.default_branch
            yield self.sha(reference or f"branch:{target}", where)

    def _images(self, app: Application, revisions: tuple[str, ...]) -> tuple[str, ...]:
        found: set[str] = set()
        for source, revision in zip(app.sources, revisions, strict=True):
            found.update(self._source_images(source, revision))
        return tuple(sorted(found))

    def _source_images(self, source: AppSource, revision: str) -> tuple[str, ...]:
        where = self.history.repositories.get(source.repository)
        commit = where.objects.commits.get(revision) if where else None
        if where is None or commit is None:
            return ()
        texts = {
            path: where.objects.text(blob)
            for path, (_, blob) in commit.files.items()
            if path.endswith((".yaml", ".yml"))
        }
        return images_in(texts, source.path, source.values)


_ISSUE_EVENTS: Final[Mapping[str, tuple[str, str]]] = {
    "label": ("LabeledEvent", "label"),
    "unlabel": ("UnlabeledEvent", "label"),
    "assign": ("AssignedEvent", "assignee"),
    "unassign": ("UnassignedEvent", "assignee"),
    "close": ("ClosedEvent", "reason"),
    "reopen": ("ReopenedEvent", "reason"),
    "edit": ("RenamedTitleEvent", "current"),
}


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
