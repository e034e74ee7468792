"""Queries to the simulated GitHub: the schema that they are held to, errors in GitHub's shape."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, Final

from graphql import (
    DocumentNode,
    ExecutionResult,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    build_schema,
    parse,
    validate,
)

from evidence.demo.github_pages import TypedError
from evidence.demo.github_price import NODE_LIMIT, Price


@cache
def schema() -> GraphQLSchema:
    """The part of GitHub's schema that is served."""
    text = files("evidence.demo").joinpath("github_schema.graphql").read_text(encoding="utf-8")
    return build_schema(text)


class Plan:
    """A parsed and validated query; the same text is not validated twice."""

    def __init__(self, query: str) -> None:
        self.errors: list[dict[str, Any]] = []
        self.document = DocumentNode(definitions=())
        try:
            self.document = parse(query)
        except GraphQLError as problem:
            self.errors = [{"message": problem.message, "locations": _locations(problem)}]
            return
        self.errors = [_invalid(one) for one in validate(schema(), self.document)]
        self.fragments = {
            one.name.value: one
            for one in self.document.definitions
            if isinstance(one, FragmentDefinitionNode)
        }

    def operation(self, name: str | None) -> OperationDefinitionNode | None:
        """The operation of that name, or the only one."""
        found = [
            one
            for one in self.document.definitions
            if isinstance(one, OperationDefinitionNode)
            and (name is None or (one.name is not None and one.name.value == name))
        ]
        return found[0] if len(found) == 1 else None


_CODES: Final[Mapping[str, str]] = {
    "Cannot query field": "undefinedField",
    "Unknown argument": "argumentNotAccepted",
    "Unknown fragment": "useAndDefineFragment",
    "Variable": "variableNotDefined",
}


def _invalid(problem: GraphQLError) -> dict[str, Any]:
    """A query that the schema refuses, with the extension code that GitHub gives."""
    code = next((c for text, c in _CODES.items() if problem.message.startswith(text)), "invalid")
    return {
        "path": ["query"],
        "extensions": {"code": code},
        "locations": _locations(problem),
        "message": problem.message,
    }


def _locations(problem: GraphQLError) -> list[dict[str, int]]:
    return [{"line": one.line, "column": one.column} for one in problem.locations or ()]


def too_many(cost: Price) -> dict[str, Any]:
    """The error of a query that could show more nodes than GitHub allows."""
    return {
        "type": "MAX_NODE_LIMIT_EXCEEDED",
        "path": ["query"],
        "locations": [{"line": 1, "column": 1}],
        "message": f"This query requests up to {cost.nodes:,} possible nodes which exceeds the "
        f"maximum limit of {NODE_LIMIT:,}.",
    }


def shaped(result: ExecutionResult) -> dict[str, Any]:
    """A result as the body of an answer: data, and errors only where there are some."""
    body: dict[str, Any] = {"data": result.data}
    if result.errors:
        body["errors"] = [_error(one) for one in result.errors]
    return body


def _error(problem: GraphQLError) -> dict[str, Any]:
    cause: BaseException | None = problem
    while cause is not None and not isinstance(cause, TypedError):
        cause = getattr(cause, "original_error", None)
    head = {"type": cause.kind} if isinstance(cause, TypedError) else {}
    path: Sequence[str | int] = problem.path or ()
    return {
        **head,
        "path": list(path),
        "locations": _locations(problem),
        "message": problem.message,
    }
