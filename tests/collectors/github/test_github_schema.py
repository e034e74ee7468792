"""Every query that is sent is valid by the schema that GitHub publishes.

The schema comes from npm (`@octokit/graphql-schema`) into `.make/npm`, outside version control.
Its SDL has duplicate fields and is therefore loaded without validating the schema itself.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from evidence.collectors.github import queries

pytestmark = pytest.mark.npm
ROOT = Path(__file__).resolve().parents[3]
PACKAGE = "@octokit/graphql-schema"
OPERATIONS = (
    "PullRequestSweep",
    "PullRequestOutline",
    "PullRequestsById",
    "PullRequestTail",
    "CheckTail",
    "BranchPopulation",
    "MergedCount",
)


@pytest.fixture(scope="session")
def schema():
    from graphql import build_schema

    cache = ROOT / ".make" / "npm"
    path = cache / "node_modules" / PACKAGE / "schema.graphql"
    if not path.exists():
        if shutil.which("npm") is None:
            pytest.skip("npm is not installed, so GitHub's published schema cannot be had")
        cache.mkdir(parents=True, exist_ok=True)
        command = ["npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", "."]
        done = subprocess.run(
            [*command, f"{PACKAGE}@15"], cwd=cache, capture_output=True, text=True, check=False
        )
        if done.returncode or not path.exists():
            pytest.skip(f"npm could not bring {PACKAGE}: {done.stderr.strip()[-200:]}")
    return build_schema(path.read_text("utf-8"), assume_valid=True, assume_valid_sdl=True)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_query_is_valid_by_the_published_schema(schema, operation):
    from graphql import parse, validate

    assert validate(schema, parse(queries.document(operation))) == []


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_query_uses_no_deprecated_field(schema, operation):
    from graphql import NoDeprecatedCustomRule, parse, validate

    found = validate(schema, parse(queries.document(operation)), [NoDeprecatedCustomRule])
    assert [error.message for error in found] == []


def test_all_operations_of_the_file_are_covered():
    from graphql import OperationDefinitionNode, parse

    text = (ROOT / "evidence/collectors/github/queries.graphql").read_text("utf-8")
    named = [
        d.name.value for d in parse(text).definitions if isinstance(d, OperationDefinitionNode)
    ]
    assert sorted(named) == sorted(OPERATIONS)


def test_a_document_holds_only_the_fragments_it_uses(schema):
    from graphql import NoUnusedFragmentsRule, parse, validate

    for operation in OPERATIONS:
        assert validate(schema, parse(queries.document(operation)), [NoUnusedFragmentsRule]) == []
