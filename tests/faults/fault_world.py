"""The organisation that is read while its servers fail: something of every kind that is asked for.

Three moments: `FIRST`, when half of the story is told; `SECOND`, when much has changed; `THIRD`,
forty minutes later, when what a mark too far ahead would miss has happened.
"""

from __future__ import annotations

import hashlib
import sys
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from shop_world import CONFIGURATION, pull, shop
from shop_world import FIRST as DEPLOYED

FIRST, SECOND, THIRD = "+4d", "+8d", "+8d40m"
_SETTINGS = """
[[ruleset]]
name = "production"
repository = "shop"
checks = ["ci/test@github-actions"]
bypass = [{ actor = "role:admin" }]
[[ruleset]]
name = "production"
repository = "shop"
at = "+6d"
by = "dora"
checks = ["ci/test@github-actions", "scan/trivy"]
[[ruleset]]
name = "history"
repository = "shop"
approvals = -1
[[ruleset]]
name = "tags"
repository = "shop"
at = "+8d10m"
target = "tag"
[[protection]]
repository = "deploy"
approvals = 1
bypass = ["ada"]
[[protection]]
repository = "deploy"
at = "+7d"
approvals = 2
[[grant]]
person = "dora"
repository = "shop"
permission = "admin"
[[grant]]
person = "bert"
repository = "shop"
at = "+8d20m"
permission = "none"
[[team]]
name = "builders"
repository = "shop"
members = ["ada", "bert", "carl"]
[[team]]
name = "owners"
repository = "shop"
members = ["dora"]
permission = "admin"
[[team]]
name = "builders"
repository = "shop"
at = "+8d15m"
members = ["bert", "carl"]
[[team]]
name = "keepers"
repository = "shop"
members = ["carl"]
[[deploy_key]]
title = "ship"
repository = "deploy"
[[deploy_key]]
title = "mirror"
repository = "deploy"
removed_at = "+8d25m"
read_only = true
[[deploy_key]]
title = "backup"
repository = "deploy"
read_only = true
[[environment]]
name = "production"
repository = "shop"
reviewers = ["dora", "team:owners"]
branches = "custom"
patterns = ["main", "release/*", "hotfix/*"]
[[environment]]
name = "staging"
repository = "shop"
[[environment]]
name = "trial"
repository = "shop"
[[installation]]
slug = "ship-app"
app_id = 7001
[[installation]]
slug = "look-app"
app_id = 7002
contents = "read"
[[installation]]
slug = "late-app"
app_id = 7003
"""
_PULLS = """
[[change]]
key = "long"
author = "dora"
title = "SHOP-18: A long one"
requested_by = "carl"
labels = ["large", "slow", "shop"]
at = "+2d"
steps = [
  { do = "push", commits = [
    { files = { "shop/long.py" = "A = 1\\n" } },
    { files = { "shop/long.py" = "A = 2\\n" } },
    { files = { "shop/long.py" = "A = 3\\n" } } ] },
  { do = "checks", names = ["ci/test", "scan/trivy", "ci/build"] },
  { do = "checks", names = ["ci/test"], at = "+3h" },
  { do = "review", by = "bert", state = "COMMENTED", key = "one" },
  { do = "review", by = "ada", state = "COMMENTED", key = "two" },
  { do = "review", by = "bert", key = "three" },
  { do = "label", name = "ready", by = "dora" },
  { do = "merge", by = "carl", method = "merge" },
  { do = "checks", on = "merge", names = ["ci/test", "scan/trivy", "ci/build"] },
  { do = "comment", by = "ada", body = "Well done", at = "+6d2h10m" },
]
[[push]]
key = "hotfix"
at = "+3d"
by = "dora"
files = { "shop/hotfix.py" = "FIXED = True\\n" }
[[push]]
key = "hurry"
at = "+3d2h"
by = "dora"
files = { "shop/hurry.py" = "FAST = True\\n" }
[[check]]
on = "hurry"
at = "+3d3h"
run = { names = ["ci/test", "scan/trivy", "ci/build"] }
[[push]]
key = "later-still"
at = "+8d12m"
by = "ada"
files = { "shop/still.py" = "STILL = True\\n" }
"""
_DEPLOYED = """
[[github_deployment]]
on = "hotfix"
by = "dora"
at = "+3d4h"
statuses = { "+1m" = "IN_PROGRESS", "+9m" = "SUCCESS" }
[[github_deployment]]
on = "hurry"
by = "dora"
at = "+3d5h"
statuses = { "+1m" = "IN_PROGRESS", "+9m" = "SUCCESS" }
[[github_deployment]]
on = "long"
by = "ship-bot"
at = "+3d6h"
statuses = { "+1m" = "FAILURE" }
[[github_deployment]]
on = "later"
by = "ship-bot"
at = "+8d30m"
statuses = { "+1m" = "SUCCESS" }
[[deploy]]
app = "shop-prod"
revision = "deploy/root"
at = "+5d"
[[deploy]]
app = "shop-prod"
revision = "deploy/root"
at = "+8d30m"
by = "ada"
"""
_SECURITY = """
[[code_scan]]
on = "hotfix"
at = "+3d1h"
results = [{ rule = "py/eval", path = "shop/hotfix.py" }]
[[code_scan]]
on = "hurry"
at = "+3d3h"
[[code_scan]]
on = "later"
at = "+7d"
tool = "Trivy"
results = [{ rule = "CVE-2031-10001", severity = "9.8" }]
[[code_scan]]
on = "later-still"
at = "+8d15m"
[[alert]]
kind = "code"
rule = "py/eval"
on = "hotfix"
at = "+3d1h"
closed_at = "+6d"
closed_by = "dora"
reason = "used in tests"
[[alert]]
kind = "secret"
rule = "aws_access_key_id"
on = "hurry"
at = "+3d3h"
[[alert]]
kind = "secret"
rule = "slack_api_token"
on = "later-still"
at = "+8d15m"
""" + "".join(
    f"""
[[alert]]
kind = "dependency"
rule = "CVE-2031-2000{number}"
at = "+{number}d"
closed_at = "+{number + 3}d"
how = "fixed"
"""
    for number in (1, 2, 5, 6)
)
_IDENTITIES = """
[[identity]]
person = "ada"
subject = "ada@corp.example"
verified = ["ada@corp.example"]
[[identity]]
person = "bert"
subject = "bert@corp.example"
[[identity]]
person = "carl"
subject = "carl@corp.example"
[[identity]]
person = "dora"
at = "+6d"
subject = "dora@corp.example"
[[identity]]
person = "bert"
at = "+8d10m"
subject = "bert@corp.example"
verified = ["bert@corp.example"]
"""
_IMAGES = ("one", "two", "three", "none")
_ATTESTATIONS = """
[[attestation]]
digest = "one"
on = "hotfix"
[[attestation]]
digest = "one"
on = "hotfix"
builder = "https://builder.example/again"
[[attestation]]
digest = "one"
on = "hotfix"
builder = "https://builder.example/and-again"
[[attestation]]
digest = "two"
on = "hurry"
[[attestation]]
digest = "three"
on = "later"
at = "+6d"
"""


_RECORDS = """
[[artifact_record]]
digest = "one"
name = "shop"
[[artifact_record]]
digest = "one"
name = "shop"
environment = "staging"
[[artifact_record]]
digest = "two"
name = "other"
[[artifact_record]]
digest = "three"
name = "late"
at = "+6d"
"""


def digests() -> frozenset[str]:
    """What is taken to run: one has attestations later, one never."""
    return frozenset(f"sha256:{hashlib.sha256(one.encode()).hexdigest()}" for one in _IMAGES)


_ISSUE = """
[[issue]]
key = "ticket{number}"
tracker = "jira"
author = "carl"
title = "Ticket {number}"
number = {number}
[[issue.events]]
do = "transition"
by = "dora"
name = "Approved"
at = "+{hours}h"
[[issue.events]]
do = "transition"
by = "dora"
name = "In Progress"
at = "+{more}h"
[[issue.events]]
do = "transition"
by = "carl"
name = "Done"
at = "+{done}h20m"
"""


def _at(text: str, when: str) -> str:
    return text.replace("steps = [", f'at = "{when}"\nsteps = [', 1)


JIRA = 'jira = "cloud"\n' + "".join(
    _ISSUE.format(number=number, hours=number, more=2 * number, done=3 * number)
    for number in (17, 18, 40, 50, 72)
)
WORLD = (
    JIRA
    + DEPLOYED
    + _SETTINGS
    + _at(pull("gift", "SHOP-17: Add gift cards"), "+1d")
    + _at(pull("small", "SHOP-18: Small", author="dora", method="rebase"), "+1d12h")
    + _PULLS
    + _at(pull("later", "SHOP-40: Later", method="squash"), "+5d")
    + _at(pull("last", "SHOP-50: The last one", author="dora"), "+7d20h")
    + _at(pull("late", "SHOP-72: Only just", author="ada"), "+8d2m").replace(
        '{ do = "checks" }', '{ do = "checks", seconds = 60, at = "+1m" }'
    )
    + _DEPLOYED
    + _SECURITY
    + _IDENTITIES
    + _ATTESTATIONS
    + _RECORDS
)
OVERRIDES = {
    **CONFIGURATION,
    "source": [
        {
            "id": "github",
            "settings_hours": 0,
            "security": True,
            "identities": True,
            "attestations": True,
            "deployment_records": True,
            "organisations": ["example-shop"],
            "job_logs": True,
        }
    ],
}


@contextmanager
def served(directory: Path):
    """Serves the world; the configuration reads everything of it in every sync."""
    with shop(directory, WORLD, **OVERRIDES) as rehearsal:
        yield rehearsal
