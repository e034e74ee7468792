"""What a GraphQL query costs at GitHub: points and nodes, counted before it runs.

Source: GitHub Docs, "Rate limits and query limits for the GraphQL API". Each connection counts one
request for every node of the connection around it; points are requests / 100, rounded, at least 1.
Nodes are what the connections could return at most.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)
from graphql.language.ast import BooleanValueNode, IntValueNode, ListValueNode

NODE_LIMIT: Final = 500_000


@dataclass(slots=True)
class Price:
    """Requests and nodes of a query; `points` is what is taken from the hourly budget."""

    requests: int = 0
    nodes: int = 0

    @property
    def points(self) -> int:
        """What a query costs."""
        return max(1, (self.requests + 50) // 100)


def price(
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDefinitionNode],
    variables: Mapping[str, Any],
) -> Price:
    """The price of an operation with these (already coerced) variables."""
    total = Price()
    _Pricer(fragments, variables, total).add(operation.selection_set, 1)
    return total


class _Pricer:
    def __init__(
        self,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: Mapping[str, Any],
        total: Price,
    ) -> None:
        self._fragments = fragments
        self._variables = variables
        self._total = total

    def add(self, selection: SelectionSetNode | None, parents: int) -> None:
        """Counts the connections of a selection that is made for each of `parents` nodes."""
        for node in selection.selections if selection else ():
            if not self._included(node):
                continue
            if isinstance(node, FragmentSpreadNode):
                self.add(self._fragments[node.name.value].selection_set, parents)
            elif isinstance(node, InlineFragmentNode):
                self.add(node.selection_set, parents)
            elif isinstance(node, FieldNode):
                self._field(node, parents)

    def _field(self, node: FieldNode, parents: int) -> None:
        arguments = {one.name.value: self._value(one.value) for one in node.arguments or ()}
        size = arguments.get("first") or arguments.get("last")
        if isinstance(size, int):
            self._total.requests += parents
            self._total.nodes += parents * size
            parents *= size
        elif node.name.value == "nodes" and isinstance(ids := arguments.get("ids"), list | tuple):
            self._total.nodes += len(ids)
            parents *= len(ids)
        self.add(node.selection_set, parents)

    def _included(self, node: Any) -> bool:
        for directive in node.directives or ():
            name = directive.name.value
            if name in ("include", "skip"):
                given = self._value(directive.arguments[0].value)
                if bool(given) == (name == "skip"):
                    return False
        return True

    def _value(self, value: ValueNode) -> Any:
        if isinstance(value, VariableNode):
            return self._variables.get(value.name.value)
        if isinstance(value, IntValueNode):
            return int(value.value)
        if isinstance(value, BooleanValueNode):
            return value.value
        if isinstance(value, ListValueNode):
            return list(value.values)
        return None
