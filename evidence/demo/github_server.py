"""The simulated GitHub: GraphQL executed over our part of the published schema, and REST.

GraphQL answers at `/graphql` and `/api/graphql`, REST at `/` and `/api/v3/`. Limits are the real
ones: pages of at most 100, 500,000 nodes a query, the point price, the hourly budget, 250 commits
a pull request. Errors have GitHub's shape: `type`, `path`, `locations`, `message` at the top.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphql import (
    GraphQLResolveInfo,
    execute_sync,
)
from graphql.execution import get_variable_values

from evidence.demo.faults import Answer, json_answer
from evidence.demo.github_app import App
from evidence.demo.github_logs import blob
from evidence.demo.github_pages import TypedError
from evidence.demo.github_price import NODE_LIMIT, Price, price
from evidence.demo.github_query import Plan, schema, shaped, too_many
from evidence.demo.github_rest import answer_rest
from evidence.demo.github_roots import roots
from evidence.demo.github_view import View
from evidence.demo.history import History
from evidence.demo.moments import HOUR, SECOND, iso
from evidence.demo.serving import Request, body_json
from evidence.demo.world import World


@dataclass(slots=True)
class Budget:
    """GraphQL points of the current simulated hour, and all points ever used."""

    limit: int
    window: int = -1
    used: int = 0
    total: int = 0

    def at(self, moment: int) -> None:
        """Starts a new budget where a new hour has begun."""
        if moment // HOUR != self.window:
            self.window, self.used = moment // HOUR, 0

    @property
    def remaining(self) -> int:
        """Points that are left in this hour."""
        return max(0, self.limit - self.used)

    @property
    def reset_at(self) -> int:
        """When the next hour begins, in microseconds UTC."""
        return (self.window + 1) * HOUR

    def take(self, points: int) -> None:
        """Uses points up."""
        self.used += points
        self.total += points


@dataclass(slots=True)
class GitHub:
    """Answers requests as of a moment that can be moved."""

    world: World
    history: History
    token: str
    at: int
    url: str
    """Root of the web addresses that nodes show."""
    app: App | None = None
    """A GitHub App by which the same can be read."""
    budget: Budget = field(init=False)
    requests: Budget = field(init=False)
    """REST requests of the hour."""
    _views: dict[int, View] = field(default_factory=dict)
    _plans: dict[str, Plan] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.budget = Budget(limit=self.world.access.points)
        self.requests = Budget(limit=self.world.access.requests)

    def view(self) -> View:
        """The world at the present moment."""
        if self.at not in self._views:
            self._views = {self.at: View(self.world, self.history, self.at, self.url)}
        return self._views[self.at]

    def respond(self, request: Request) -> Answer:
        """One request, REST or GraphQL."""
        self.budget.at(self.at)
        self.requests.at(self.at)
        scheme, _, given = request.headers.get("authorization", "").partition(" ")
        path = request.path.removeprefix("/api/v3") or "/"
        if path in ("/meta", "/api/meta"):
            return answer_rest(self.view(), "/meta", request, {})
        if (stored := blob(self.view(), request)) is not None:
            return stored
        if self.app is not None and (own := self.app.respond(self.view(), path, request)):
            return own
        known = given == self.token or (self.app is not None and self.app.accepts(given, self.at))
        if scheme.lower() not in ("bearer", "token") or not known:
            docs = "https://docs.github.com/rest"
            refused = {"message": "Bad credentials", "documentation_url": docs, "status": "401"}
            return json_answer(401, refused)
        if path in ("/graphql", "/api/graphql"):
            return self._graphql(request)
        return self._rest(path, request)

    def _rest(self, path: str, request: Request) -> Answer:
        """One request of the hourly budget; "not modified" and asking for the limits are free."""
        if path == "/rate_limit":
            return answer_rest(self.view(), path, request, self._limits("core"))
        if self.requests.remaining == 0:
            message = "API rate limit exceeded for user ID 900."
            return json_answer(403, {"message": message, "status": "403"}, **self._limits("core"))
        answer = answer_rest(self.view(), path, request, {})
        if answer.status != 304:
            self.requests.take(1)
        return replace(answer, headers={**self._limits("core"), **answer.headers})

    def _limits(self, resource: str) -> dict[str, str]:
        budget = self.requests if resource == "core" else self.budget
        return {
            "X-RateLimit-Limit": str(budget.limit),
            "X-RateLimit-Remaining": str(budget.remaining),
            "X-RateLimit-Used": str(budget.used),
            "X-RateLimit-Reset": str(budget.reset_at // SECOND),
            "X-RateLimit-Resource": resource,
        }

    # --- GraphQL

    def _graphql(self, request: Request) -> Answer:
        body = body_json(request)
        if request.method != "POST" or not isinstance(body, Mapping) or "query" not in body:
            return json_answer(400, {"message": "Problems parsing JSON", "status": "400"})
        if self.budget.remaining == 0:
            limited = {
                "type": "RATE_LIMITED",
                "message": "API rate limit exceeded for user ID 900.",
            }
            return json_answer(200, {"errors": [limited]}, **self._limits("graphql"))
        answer = self.execute(
            str(body["query"]), body.get("variables") or {}, body.get("operationName")
        )
        return Answer(
            body=json.dumps(answer, ensure_ascii=False).encode("utf-8", "surrogatepass"),
            headers=self._limits("graphql"),
        )

    def execute(
        self, query: str, variables: Mapping[str, Any], operation_name: str | None = None
    ) -> dict[str, Any]:
        """The answer to a query, as the body's JSON; points are taken from the budget."""
        plan = self._plans.get(query)
        if plan is None:
            plan = self._plans.setdefault(query, Plan(query))
        if plan.errors:
            return {"errors": plan.errors}
        operation = plan.operation(operation_name)
        if operation is None:
            return {"errors": [{"message": "An operation name is required"}]}
        coerced = get_variable_values(
            schema(), operation.variable_definitions or (), dict(variables)
        )
        if isinstance(coerced, list):
            return {"errors": [{"message": one.message} for one in coerced]}
        cost = price(operation, plan.fragments, _plain(coerced))
        if cost.nodes > NODE_LIMIT:
            return {"errors": [too_many(cost)]}
        self.budget.take(cost.points)
        result = execute_sync(
            schema(),
            plan.document,
            root_value={**roots(self.view()), "rateLimit": lambda **_: self._rate(cost)},
            variable_values=dict(variables),
            operation_name=operation_name,
            context_value=frozenset(self.world.access.forbidden),
            field_resolver=_resolve,
            type_resolver=lambda value, *_: value["__typename"],
        )
        return shaped(result)

    def _rate(self, cost: Price) -> dict[str, Any]:
        return {
            "cost": cost.points,
            "limit": self.budget.limit,
            "remaining": self.budget.remaining,
            "used": self.budget.used,
            "resetAt": iso(self.budget.reset_at),
            "nodeCount": cost.nodes,
        }


def _plain(coerced: Any) -> Mapping[str, Any]:
    """Values of coerced variables, whichever graphql-core gave them."""
    found: Mapping[str, Any] = getattr(coerced, "coerced", coerced)
    return found


def _resolve(source: Any, info: GraphQLResolveInfo[Any], **given: Any) -> Any:
    if f"{info.parent_type.name}.{info.field_name}" in info.context:
        raise TypedError("FORBIDDEN", "Resource not accessible by personal access token")
    value = source.get(info.field_name)
    return value(**given) if callable(value) else value
