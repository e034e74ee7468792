"""Every query that is sent is valid by the schema that GitHub publishes (from npm)."""

from __future__ import annotations

from pathlib import Path

import pytest

from evidence.collectors.github import queries

pytestmark = pytest.mark.npm
ROOT = Path(__file__).resolve().parents[3]
OPERATIONS = (
    "PullRequestSweep",
    "PullRequestOutline",
    "PullRequestsById",
    "PullRequestTail",
    "CheckTail",
    "CommitChecks",
    "CheckAttempts",
    "SuiteTail",
    "RunTail",
    "CheckLooks",
    "RepositoriesNow",
    "RepositoryNamed",
    "BranchPopulation",
    "MergedCount",
    "OwnerRepositories",
)
ELSEWHERE = ("OrganisationSaml", "OrganisationEmails")
"""Operations of files beside `queries.graphql`."""


@pytest.mark.parametrize("operation", OPERATIONS + ELSEWHERE)
def test_a_query_is_valid_by_the_published_schema(schema, operation):
    from graphql import parse, validate

    assert validate(schema, parse(queries.document(operation))) == []


@pytest.mark.parametrize("operation", OPERATIONS + ELSEWHERE)
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
