"""As `test_steps`, of an organisation whose deployments follow images from a configuration."""

from __future__ import annotations

import hashlib
import json
import random
import shutil
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from evidence.deciding.decide import decide_and_store
from evidence.in_scope import Application, ImageMap, Repository, Witness
from evidence.model.deployment import RECORD, ApplicationState, DeployedSource, Deployment
from evidence.model.git import GitAnswer, QuestionKind, RefTip
from evidence.model.policy_result import Binding, Finding, PolicyResult, Severity, Subject
from evidence.policy import Policy, RequiredScan
from evidence.store.session import connect, open_store
from evidence.store.upgrade import upgrade

sys.path.insert(0, str(Path(__file__).parent))

from steps_seen import decided_whole, differing, seen, sync

URL = "https://git.example.test/acme/config"
MINUTE = 60_000_000
START = 1_780_000_000_000_000
APPS = ("web", "till", "stock")
POLICY = Policy(
    repositories=(
        Repository(id="code", urls=("https://git.example.test/acme/code",)),
        Repository(id="config", urls=(URL,), role="configuration"),
    ),
    applications=tuple(
        Application(
            id=name,
            deployer="argo",
            selector=f"argocd/{name}",
            repository="config",
            path=f"apps/{name}",
        )
        for name in (*APPS, "root")
    ),
    image_maps=(ImageMap(image="registry.example/{name}", repository="code", build="build"),),
    required_scans=(RequiredScan(tool="trivy", subject="image", complete_from=1),),
)


class Shop:
    """Two repositories and three applications; `till` runs the image of `web` beside its own.

    `web` was made by a fourth application, as the deployer says once it is looked at.
    """

    def __init__(self, store, seed):
        self.store, self.random = store, random.Random(seed)
        self.now, self.count = START, 0
        self.commits, self.facts = [], []
        self.parents, self.trees, self.changed = {}, {}, {}
        self.tips, self.messages = {}, {}
        self.lines = {"code": [], "config": []}
        self.deployed, self.named, self.inline = {}, {}, {}
        self.push("code", {})
        tag = self.tips["code"]
        images = {"web": ["web"], "till": ["till", "web"], "stock": ["stock"]}
        self.tags = {name: dict.fromkeys(own, tag) for name, own in images.items()}
        self.push("config", {self.file(name): self.text(name) for name in APPS})

    def push(self, repository, files, *more):
        sha = hashlib.sha1(f"{self.count}".encode(), usedforsecurity=False).hexdigest()
        self.count += 1
        tip = self.tips.get(repository)
        parents = ((tip,) if tip else ()) + more
        self.commits.append((repository, sha, parents))
        self.parents[sha] = parents
        self.trees[sha] = {**self.trees.get(tip, {}), **files}
        self.changed[sha] = sorted(files)
        self.tips[repository] = sha
        self.lines[repository].append(sha)

    def file(self, name):
        return f"apps/{name}/kustomization.yaml"

    def text(self, name):
        rows = [
            f"- name: registry.example/{image}\n  {'digest' if ':' in tag else 'newTag'}: '{tag}'\n"
            for image, tag in sorted(self.tags[name].items())
        ]
        return "images:\n" + "".join(rows)

    # --- steps

    def code(self):
        self.push("code", {f"src/{self.count}.py": "x"})

    def merge(self):
        base = self.random.choice(self.lines["code"][-4:])
        tip, line = self.tips["code"], list(self.lines["code"])
        self.tips["code"] = base
        self.push("code", {f"side/{self.count}.py": "x"})
        side, self.tips["code"], self.lines["code"] = self.tips["code"], tip, line
        self.push("code", {}, side)

    def bump(self, tag=""):
        name = self.random.choice(APPS)
        image = self.random.choice(sorted(self.tags[name]))
        tag = tag or self.tips["code"][: self.random.choice([40, 40, 12])]
        self.tags[name][image] = tag
        self.push("config", {self.file(name): self.text(name)})

    def bump_back(self):
        self.bump(self.random.choice(self.lines["code"]))

    def release_told(self):
        """Pinned by digest; only the message says what it was built from."""
        name = self.random.choice(APPS)
        image = self.random.choice(sorted(self.tags[name]))
        self.tags[name][image] = f"sha256:{self.count:064x}"
        self.push("config", {self.file(name): self.text(name)})
        commit = self.random.choice(self.lines["code"][-3:])
        told = f"updates image registry.example/{image} tag 'x' to '{commit}'\n"
        self.messages[self.tips["config"]] = f"Update\n\n{told}"
        self.deploy(name=name)

    def release_tagged(self):
        """The image's tag is a Git tag of the code."""
        name = f"v{len(self.named)}"
        self.named[name] = self.random.choice(self.lines["code"])
        self.bump(name)
        self.deploy()

    def move_tag(self):
        if self.named:
            name = self.random.choice(sorted(self.named))
            self.named[name] = self.random.choice(self.lines["code"])

    def bump_to_old_tag(self):
        """A tag that was deployed before, and may have been moved by now."""
        if self.named:
            self.bump(self.random.choice(sorted(self.named)))

    def release_inline(self):
        """The image is set in the definition of the application, and synced at the same commit."""
        name = self.random.choice(APPS)
        image = self.random.choice(sorted(self.tags[name]))
        images = [f"registry.example/{image}:{self.random.choice(self.lines['code'][-3:])}"]
        self.inline[name] = json.dumps({"kustomize": {"images": images}})
        last = self.deployed.get(name)
        self.deploy(name=name, sha=last.sources[0].revision if last else "")

    def bump_badly(self):
        self.bump("nightly")

    def both(self):
        """One commit moves images of two applications."""
        for name in ("web", "till"):
            self.tags[name]["web"] = self.tips["code"]
        self.push("config", {self.file(name): self.text(name) for name in ("web", "till")})

    def parent(self):
        """The object of `web` is changed where its parent is read from; the parent is deployed."""
        lines = f"kind: Application\nmetadata: {{name: web}}\nspec: {{project: p{self.count}}}\n"
        self.push("config", {"apps/root/web.yaml": lines})
        self.deploy(name="root")

    def parent_again(self):
        self.deploy(name="root")

    def digest(self, tag):
        """What the registry has for a tag, or what a reference is pinned to."""
        return tag if ":" in tag else f"sha256:{hashlib.sha256(tag.encode()).hexdigest()}"

    def scan(self):
        bad = Finding(rule="CVE-1", severity=Severity.CRITICAL, kind="vulnerability")
        tags = sorted({tag for own in self.tags.values() for tag in own.values()})
        self.count += 1
        self.facts.append(
            PolicyResult(
                source="ci",
                scan_id=str(self.count),
                tool="trivy",
                subject_kind=Subject.IMAGE,
                subject=self.digest(self.random.choice(tags)),
                binding=Binding.IN_FILE,
                tool_version="1",
                scanned_at=self.now - self.random.choice([1, 400]) * MINUTE,
                findings=self.random.choice([(), (bad,)]),
            )
        )

    def see_digests(self):
        """The deployer lists what runs with its digests."""
        self.look()
        for place, one in enumerate(self.facts):
            if isinstance(one, ApplicationState):
                name = one.application_uid.removeprefix("uid-")
                images = tuple(
                    f"registry.example/{image}:{tag}@{self.digest(tag)}"
                    for image, tag in self.tags.get(name, {}).items()
                    if ":" not in tag
                )
                self.facts[place] = replace(one, images=images)

    def record(self):
        """GitHub was told, now or before, that a digest is deployed at a place."""
        name = self.random.choice(APPS)
        tag = self.random.choice(sorted(self.tags[name].values()))
        written = self.now - self.random.choice([0, 1, 400]) * MINUTE
        self.facts.append(
            Deployment(
                source="github:records",
                application_uid=f"7@{self.digest(tag)[7:]}",
                application=f"production/{name}",
                started_at=written,
                finished_at=written,
                phase="Succeeded",
                sources=(),
                initiator=None,
                automated=None,
                images=(f"@{self.digest(tag)}",),
                origin=RECORD,
                environment="production",
            )
        )

    def add_image(self):
        self.tags["stock"]["extra"] = self.tips["code"]
        self.push("config", {self.file("stock"): self.text("stock")})

    def notes(self):
        self.push("config", {f"notes/{self.count % 3}.md": f"{self.count}"})

    def deploy(self, phase="Succeeded", sha="", name=""):
        name = name or self.random.choice(APPS)
        source = DeployedSource(
            repo_url=URL,
            path=f"apps/{name}",
            target_revision="main",
            revision=sha or self.tips["config"],
            inline=self.inline.get(name, ""),
        )
        found = Deployment(
            source="argo",
            application_uid=f"uid-{name}",
            application=f"argocd/{name}",
            started_at=self.now + self.random.randint(0, 9),
            finished_at=self.now + 10,
            phase=phase,
            sources=(source,),
            initiator=None,
            automated=True,
            origin="history",
        )
        self.deployed[name] = found
        self.facts.append(found)

    def release(self):
        self.bump()
        self.deploy()

    def fail(self):
        self.deploy("Failed")

    def back(self):
        self.deploy(sha=self.random.choice(self.lines["config"]))

    def late(self):
        """An operation of an hour ago is told only now."""
        now, self.now = self.now, self.now - 61 * MINUTE
        self.deploy(sha=self.random.choice(self.lines["config"][-3:]))
        self.now = now

    def look(self):
        for name, one in self.deployed.items():
            sha = self.random.choice([one.sources[0].revision] * 3 + [self.tips["config"]])
            self.state(name, sha, self.random.choice(["Healthy", "Healthy", "Degraded"]))

    def state(self, name, sha, health="Healthy"):
        self.facts.append(
            ApplicationState(
                source="argo",
                application_uid=f"uid-{name}",
                application=f"argocd/{name}",
                destination="",
                project="",
                sync_status="Synced",
                health=health,
                health_since=self.now,
                revisions=(sha,),
                sources=self.deployed[name].sources,
                images=(),
                history_ids=(),
                auto_sync=None,
                owner="Application/root" if name == "web" else "",
            )
        )

    # --- what Git says

    def answers(self, questions):
        return [
            GitAnswer(repository=one.repository, kind=one.kind, args=one.args, value=told)
            for one in questions
            if (told := self.answer(one)) is not None
        ]

    def answer(self, one):
        if one.kind is QuestionKind.ENTRIES:
            sha, directory = one.args
            files = sorted(self.trees.get(sha, {}).items())
            inside = [(path, text) for path, text in files if path.startswith(f"{directory}/")]
            return json.dumps([["100644", self.blob(text), path] for path, text in inside])
        if one.kind is QuestionKind.BLOB:
            texts = {
                self.blob(text): text for tree in self.trees.values() for text in tree.values()
            }
            return json.dumps({"text": texts[one.args[0]]})
        if one.kind is QuestionKind.RESOLVE:
            known = [sha for sha in self.parents if sha.startswith(one.args[0])]
            own = self.named.get(one.args[0]) if one.repository == "code" else None
            tags = {f"refs/tags/{one.args[0]}": own} if own else {}
            return json.dumps({"commits": known, "tags": tags, "made": dict.fromkeys(tags, 1)})
        if one.kind is QuestionKind.MESSAGE:
            return json.dumps({"text": self.messages.get(one.args[0], "Change\n")})
        if one.kind is QuestionKind.CHANGED_PATHS:
            return json.dumps(self.changed[one.args[0]])
        if one.kind is QuestionKind.SUBMODULES:
            return "[]"
        return None

    def blob(self, text):
        return hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()

    def live_on(self):
        """One to three steps, and the sync that brings them."""
        for _ in range(self.random.randint(1, 3)):
            self.now += 7 * MINUTE
            self.random.choice(STEPS)(self)
        self.sync()
        self.now += self.random.choice([1, 90, 600]) * MINUTE

    def sync(self):
        tips = [
            RefTip(repository=name, name="refs/heads/main", sha=sha)
            for name, sha in self.tips.items()
        ]
        tips += [
            RefTip(repository="code", name=f"refs/tags/{name}", sha=sha)
            for name, sha in self.named.items()
        ]
        sync(self.store, [*tips, *self.facts], self.commits, self.now)
        self.facts, self.commits = [], []

    def decide(self, store, **more):
        return decide_and_store(store, POLICY, "v", as_of=self.now, ask=self.answers, **more)


STEPS = [
    *[Shop.release] * 8,
    *[Shop.code, Shop.bump, Shop.deploy, Shop.look] * 3,
    *[Shop.notes, Shop.both, Shop.merge] * 2,
    Shop.add_image,
    Shop.parent,
    Shop.parent_again,
    Shop.release_told,
    *[Shop.release_tagged, Shop.move_tag] * 2,
    Shop.bump_to_old_tag,
    *[Shop.release_inline] * 2,
    *[Shop.scan, Shop.see_digests, Shop.record] * 2,
    Shop.back,
    Shop.bump_back,
    Shop.fail,
    Shop.late,
]


@pytest.fixture(scope="session")
def empty(tmp_path_factory):
    path = tmp_path_factory.mktemp("images") / "empty.sqlite3"
    with closing(connect(f"sqlite:///{path}")) as store:
        upgrade(store)
    return path


@pytest.mark.long
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_images_followed_step_by_step_come_to_what_all_of_them_come_to(seed, empty, tmp_path):
    path, copy = tmp_path / "steps.sqlite3", tmp_path / "whole.sqlite3"
    shutil.copyfile(empty, path)
    with closing(open_store(f"sqlite:///{path}")) as store:
        shop = Shop(store, seed)
        for step in range(14):
            shop.live_on()
            expected = decided_whole(shop.decide, path, copy)
            shop.decide(store)
            assert differing(expected, seen(store)) == [], f"step {step}"


def a_release_of(shop, name, image):
    shop.code()
    shop.tags[name][image] = shop.tips["code"]
    shop.push("config", {shop.file(name): shop.text(name)})
    shop.deploy(name=name)


def a_look_at_web(shop):
    shop.state("web", shop.deployed["web"].sources[0].revision)


@pytest.fixture
def grown(empty, tmp_path):
    """An organisation that could go on from where its last decision stood."""
    shutil.copyfile(empty, tmp_path / "steps.sqlite3")
    with closing(open_store(f"sqlite:///{tmp_path / 'steps.sqlite3'}")) as store:
        shop = Shop(store, 0)
        for _ in range(3):
            shop.parent()
            for name in APPS:
                a_release_of(shop, name, name)
                shop.now += 7 * MINUTE
            shop.sync()
            shop.decide(store)
            shop.now += 600 * MINUTE
        yield shop


def decided(shop, *steps):
    """Why everything was read, or nothing, after some steps and one sync."""
    for step in steps:
        shop.now += 7 * MINUTE
        step(shop)
    shop.sync()
    whole = shop.decide(shop.store).whole
    shop.now += 600 * MINUTE  # what was deployed is not looked at again
    return whole


def test_a_release_is_decided_without_the_rest(grown):
    assert decided(grown, lambda shop: a_release_of(shop, "till", "till")) == ""


def test_a_tag_that_was_moved_has_what_rests_on_it_decided_again_without_the_rest(grown):
    grown.named["v1"] = grown.tips["code"]

    def release(shop):
        shop.tags["till"]["till"] = "v1"
        shop.push("config", {shop.file("till"): shop.text("till")})
        shop.deploy(name="till")

    def flags():
        found = seen(grown.store)["deployment_row"].items()
        return [row["body"].count('"tag_moved"') for (key,), row in found if "uid-till" in key][-1]

    assert decided(grown, release) == ""
    assert flags() == 0
    assert decided(grown, lambda shop: shop.named.update(v1=shop.lines["code"][0])) == ""
    assert flags() == 1


def test_a_record_that_is_no_witness_leaves_the_rest_alone(grown):
    assert decided(grown, Shop.record, lambda shop: a_release_of(shop, "till", "till")) == ""


def test_a_record_told_late_comes_to_what_it_comes_to_at_once(grown, tmp_path, monkeypatch):
    witness = Witness(source="github:records", selector="production/web")
    own = [replace(one, witnesses=(witness,)) for one in POLICY.applications if one.id == "web"]
    others = [one for one in POLICY.applications if one.id != "web"]
    witnessed = replace(POLICY, applications=(*own, *others))
    monkeypatch.setitem(Shop.decide.__globals__, "POLICY", witnessed)
    grown.random.choice = lambda found: found[0]
    decided(grown, Shop.see_digests)

    assert decided(grown, Shop.record) == "others tell of deployments"

    told = seen(grown.store)
    path = tmp_path / "steps.sqlite3"
    assert differing(decided_whole(grown.decide, path, tmp_path / "whole.sqlite3"), told) == []
    assert "recorded_digest" in str(told)


def test_everything_is_read_where_only_a_text_ties_an_image_to_a_commit(grown):
    grown.random.choice = lambda found: found[-1]

    assert decided(grown, Shop.release_told) == "an image that only texts tie to a commit"


def test_everything_is_read_where_an_application_turns_out_to_have_a_parent(grown):
    assert decided(grown, a_look_at_web) == "an application has another parent"


def test_everything_is_read_where_a_parent_was_deployed_before_its_child(grown):
    decided(grown, a_look_at_web)
    child = [Shop.parent, lambda shop: a_release_of(shop, "web", "web")]

    assert decided(grown, *child) == "the parent of an application was deployed, too"
    decided(grown)
    assert decided(grown, child[1]) == ""


def test_everything_is_read_where_a_deployment_of_a_parent_is_told_late(grown):
    decided(grown, a_look_at_web)

    def late(shop):
        now, shop.now = shop.now, shop.now - 1_250 * MINUTE
        shop.deploy(name="root")
        shop.now = now

    decided(grown, lambda shop: a_release_of(shop, "web", "web"))
    decided(grown)
    assert decided(grown, late) == "an older deployment of a parent is told only now"
