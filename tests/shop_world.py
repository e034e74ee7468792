"""A small invented shop for tests of whole runs: two months of changes and their configuration."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from evidence.demo.organisation import base_world
from evidence.demo.reading import extended, read_world
from evidence.demo.run import Rehearsal, rehearse, settings_text
from evidence.seal import keys

HOSTILE = '</td><img src="http://127.0.0.1:9/x.png"><script>fetch("http://127.0.0.1:9/")</script>'
"""A title that would fetch something wherever it is taken for markup."""

WEB = "registry.example/shop-web"
_BUMP = """
[[bump]]
key = "{key}"
set = [{{ file = "apps/shop-prod/kustomization.yaml", image = "registry.example/shop-web", tag = "${{sha:{to}}}" }}]
[[deploy]]
key = "ship-{key}"
app = "shop-prod"
revision = "{key}"
"""


def bump(key: str, to: str) -> str:
    """TOML of a bump of the shop's image to a commit, and of its automated deployment."""
    return _BUMP.format(key=key, to=to)


def pull(key: str, title: str = "", *, author: str = "ada", method: str = "squash") -> str:
    """TOML of a clean change: requested, pushed, checked, approved by Bert, merged."""
    return f"""
[[change]]
key = "{key}"
author = "{author}"
title = '''{title or key.capitalize()}'''
requested_by = "carl"
steps = [
  {{ do = "push", files = {{ "shop/{key}.py" = "VALUE = 1\\n" }} }},
  {{ do = "checks" }},
  {{ do = "review", by = "bert" }},
  {{ do = "merge", by = "carl", method = "{method}" }},
]
"""


FIRST = """
[[repository]]
key = "deploy"
kind = "config"
[repository.files]
"README.md" = "What runs where.\\n"
"apps/shop-prod/kustomization.yaml" = '''
resources:
- deployment.yaml
images:
- name: registry.example/shop-web
  newTag: ${sha:shop/root}
'''
"apps/shop-prod/deployment.yaml" = '''
apiVersion: apps/v1
kind: Deployment
metadata:
  name: shop
spec:
  template:
    spec:
      containers:
      - name: web
        image: registry.example/shop-web:set-by-kustomize
'''
[[deploy]]
key = "first"
app = "shop-prod"
revision = "deploy/root"
at = "+1h"
"""
DIRECT = """
[[push]]
key = "hotfix"
at = "+3d"
by = "dora"
files = { "shop/hotfix.py" = "FIXED = True\\n" }
message = "Fix the till on the spot"
"""
STORY = (
    FIRST
    + pull("gift", "SHOP-17: Add gift cards")
    + pull("cart", HOSTILE, author="dora", method="merge")
    + bump("to-cart", "cart")
    + DIRECT
    + bump("to-hotfix", "hotfix")
    + pull("later", "Merged and never deployed", method="rebase")
)
"""Six changes of the shop and its configuration that were deployed, and one that was not."""

PEOPLE = {"ada": 101, "bert": 102, "carl": 103, "dora": 104}
CONFIGURATION = {
    "source": [{"id": "github", "settings_hours": 24}],
    "map": [{"image": WEB, "repository": "shop"}],
    "person": [
        {
            "name": f"{name.capitalize()} Example",
            "accounts": [f"github.example:user:{number}"],
            "emails": [f"{name}@people.example"],
        }
        for name, number in PEOPLE.items()
    ],
    "automation": [
        {
            "id": "ship-bot",
            "accounts": ["github.example:bot:105"],
            "emails": ["ship-bot@bots.example"],
            "paths": ["apps/**"],
        }
    ],
    "policy": {"required_checks": [{"name": "ci/test", "app": "github-actions"}]},
}


def world(delta: str = STORY):
    """The bare organisation with a story laid over it."""
    return extended(base_world(), read_world(delta))


def shop(directory: Path, delta: str = STORY, **overrides):
    """Serves the shop; `overrides` are sections of the configuration."""
    return rehearse(world(delta), directory, CONFIGURATION | overrides)


def write_configuration(rehearsal: Rehearsal, path: Path) -> Path:
    """The configuration as a person would have written it, as a file."""
    loaded = rehearsal.loaded(rehearsal.simulation.at(rehearsal.simulation.github.at))
    path.write_text(settings_text(loaded.settings), encoding="utf-8")
    return path


@dataclass(frozen=True, slots=True, kw_only=True)
class Synced:
    """A data directory after its syncs; what it was read from is gone."""

    home: Path
    configuration: Path
    keys: Path
    trust: Path
    ids: dict[str, str]
    """Key of a change, push or bump -> the sha that it put on its branch."""
    numbers: dict[str, int]
    """Key of a change -> number of its pull request."""
    operations: dict[str, str]
    """Key of a deployment -> its id."""


def synced(directory: Path, delta: str = STORY, *polls: str, **overrides) -> Synced:
    """Syncs the shop at the polls (default: once, when its story is over), keys made before."""
    with shop(directory, delta, **overrides) as rehearsal:
        held = keys.init(rehearsal.keys, name="Example Shop")
        trust = directory / "trust.txt"
        trust.write_text(keys.trust_file(held), encoding="utf-8")
        history = rehearsal.simulation.history
        for when in (*polls, history.ends_at):
            rehearsal.sync_at(when).raise_if_incomplete()
        return Synced(
            home=rehearsal.home,
            configuration=write_configuration(rehearsal, directory / "evidence.toml"),
            keys=rehearsal.keys,
            trust=trust,
            ids={key: sha for key, (_, sha) in history.names.items()},
            numbers={key: one.number for key, one in history.pulls.items()},
            operations={
                one.key: f"argocd:{app.uid}:{one.started_at}"
                for app in history.applications.values()
                for one in app.operations
            },
        )
