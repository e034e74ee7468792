"""As `test_steps_of_images`, where digests tell more than tags: listed, pinned, stated, moved.

Looks at what runs list digests, configurations pin them, registries and builders speak of them; all
of it before or after what it is about was deployed.
"""

from __future__ import annotations

import hashlib
import random
import shutil
import sys
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.model.deployment import ApplicationState
from evidence.model.provenance import LABELS, MEMBER, TAG, Provenance
from evidence.store.session import open_store

sys.path.insert(0, str(Path(__file__).parent))

from steps_seen import decided_whole, differing, seen
from test_steps_of_images import MINUTE, Shop, empty

__all__ = ["empty"]


def digest_of(text):
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


class Digested(Shop):
    """A shop whose images have digests: one of each build, and of some tags another one later."""

    def __init__(self, store, randomness):
        self.moved, self.built, self.pins = set(), {}, set()
        super().__init__(store, 0)
        self.random = randomness

    def digest(self, image, tag):
        return digest_of(f"{image}:{tag}" + (" again" if (image, tag) in self.moved else ""))

    def text(self, name):
        rows = []
        for image, tag in sorted(self.tags[name].items()):
            pin = f"@{self.digest(image, tag)}" if (image, tag) in self.pins else ""
            rows.append(f"- name: registry.example/{image}\n  newTag: '{tag}{pin}'\n")
            self.built.setdefault((image, tag), self.tips["code"])
        return "images:\n" + "".join(rows)

    # --- steps

    def look(self):
        """At what runs of some applications, with a digest of its platform now and then."""
        for name, one in self.deployed.items():
            images = []
            for image, tag in sorted(self.tags[name].items()):
                digest = self.digest(image, tag)
                shown = self.random.choice(["", digest, digest, digest_of(digest)])
                images.append(f"registry.example/{image}:{tag}" + (f"@{shown}" if shown else ""))
            self.facts.append(
                ApplicationState(
                    source="argo",
                    application_uid=f"uid-{name}",
                    application=f"argocd/{name}",
                    destination="",
                    project="",
                    sync_status="Synced",
                    health="Healthy",
                    health_since=self.now,
                    revisions=(one.sources[0].revision,),
                    sources=one.sources,
                    images=tuple(images),
                    history_ids=(),
                    auto_sync=None,
                )
            )

    def look_elsewhere(self):
        """At an application that is not production, and runs the same images."""
        known = len(self.facts)
        self.look()
        self.facts[known:] = [
            replace(one, application_uid="other", application="argocd/other")
            for one in self.facts[known:][:1]
        ]

    def any_build(self):
        return self.random.choice(sorted(self.built))

    def move(self):
        self.moved.add(self.any_build())

    def pin(self):
        """One of the images that are configured now is pinned from the next bump on."""
        name = self.random.choice(sorted(self.tags))
        self.pins.add(self.random.choice(sorted(self.tags[name].items())))
        self.push("config", {self.file(name): self.text(name)})

    def version(self):
        """A tag that names no commit, of which only a builder tells."""
        self.bump(f"v{self.count}")
        self.deploy()

    def state_origin(self):
        image, tag = self.any_build()
        self.state(image, digest_of(f"{image}:{tag}"), self.built[image, tag])

    def label(self):
        image, tag = self.any_build()
        self.state(image, digest_of(f"{image}:{tag}"), self.built[image, tag], LABELS)

    def ask_registry(self):
        image, tag = self.any_build()
        self.state(f"registry.example/{image}:{tag}", self.digest(image, tag), "", TAG)

    def list_platforms(self):
        digest = self.digest(*self.any_build())
        self.state("", digest_of(digest), "", MEMBER, ref=digest)

    def state(self, name, digest, commit, kind="https://slsa.dev/provenance/v1", ref=""):
        self.facts.append(
            Provenance(
                source="builder",
                statement=digest_of(f"{kind} {name} {digest}").removeprefix("sha256:"),
                subject_name=name,
                subject_digest=digest,
                predicate_type=kind,
                builder="builder",
                repository_url="https://git.example.test/acme/code",
                ref=ref or commit,
                commit=commit,
                invocation="",
                payload_type="",
                payload="",
                signatures=(),
            )
        )


EVERY = [
    *[Digested.release, Digested.look] * 6,
    *[Digested.code, Digested.bump, Digested.deploy] * 2,
    *[Digested.state_origin, Digested.pin, Digested.list_platforms, Digested.ask_registry] * 2,
    Digested.label,
    Digested.look_elsewhere,
    Digested.move,
    Digested.both,
    Digested.notes,
    Digested.back,
    Digested.bump_back,
]


def lives(randomness, syncs, empty, tmp_path):
    """Lives by random steps; (why it was decided whole, what differs) after each sync."""
    path, copy = tmp_path / "steps.sqlite3", tmp_path / "whole.sqlite3"
    shutil.copyfile(empty, path)
    for more in ("-wal", "-shm"):
        path.with_name(path.name + more).unlink(missing_ok=True)
    with closing(open_store(f"sqlite:///{path}")) as store:
        shop = Digested(store, randomness)
        steps = EVERY if shop.random.random() < 0.7 else [*EVERY, Digested.version]
        for name in shop.tags:
            shop.now += MINUTE
            shop.deploy(name=name)
        for _ in range(syncs):
            for _ in range(shop.random.randint(1, 3)):
                shop.now += 7 * MINUTE
                shop.random.choice(steps)(shop)
            shop.sync()
            shop.now += shop.random.choice([1, 90, 600]) * MINUTE
            expected = decided_whole(shop.decide, path, copy)
            done = shop.decide(store)
            yield done.whole, differing(expected, seen(store))


def is_alike(randomness, syncs, empty, tmp_path):
    for place, (_, differs) in enumerate(lives(randomness, syncs, empty, tmp_path)):
        assert differs == [], f"sync {place}"


@pytest.fixture
def shop(empty, tmp_path):
    """Two applications that run one image, each decided after it was deployed three times."""
    path = tmp_path / "steps.sqlite3"
    shutil.copyfile(empty, path)
    with closing(open_store(f"sqlite:///{path}")) as store:
        shop = Digested(store, random.Random(0))
        for _ in range(3):
            shop.code()
            shop.both()
            for name in ("web", "till"):
                shop.now += 600 * MINUTE
                shop.deploy(name=name)
                shop.sync()
                shop.decide(store)
        yield shop


def decided(shop, tmp_path):
    """Why the next sync is decided whole, and what differs from deciding everything."""
    shop.now += 600 * MINUTE
    shop.sync()
    path = tmp_path / "steps.sqlite3"
    expected = decided_whole(shop.decide, path, tmp_path / "whole.sqlite3")
    done = shop.decide(shop.store)
    return done.whole, differing(expected, seen(shop.store))


def test_what_is_stated_of_a_digest_later_is_decided_without_the_rest(shop, tmp_path):
    tag = shop.tips["code"]
    shop.state(f"registry.example/web:{tag}", shop.digest("web", tag), "", TAG)
    assert decided(shop, tmp_path) == ("", [])
    shop.state("web", shop.digest("web", tag), tag)
    assert decided(shop, tmp_path) == ("", [])


def test_everything_is_read_where_an_image_that_ran_elsewhere_is_pinned_only_now(shop, tmp_path):
    shop.code()
    shop.both()
    shop.deploy(name="web")
    assert decided(shop, tmp_path) == ("", [])
    shop.pins.add(("web", shop.tips["code"]))
    shop.push("config", {shop.file("till"): shop.text("till")})
    shop.deploy(name="till")
    assert decided(shop, tmp_path) == ("an image that ran before is pinned only now", [])


@pytest.mark.long
@settings(max_examples=3, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_digests_told_late_come_to_what_they_come_to_at_once(empty, tmp_path, randomness):
    is_alike(randomness, 9, empty, tmp_path)


@pytest.mark.slow
@settings(max_examples=150)
@given(st.randoms(use_true_random=True))
def test_digests_told_late_come_to_the_same_in_many_shops(empty, tmp_path, randomness):
    is_alike(randomness, 14, empty, tmp_path)
