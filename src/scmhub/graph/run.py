"""One operation from document to bytes: queries through a plan, mutations through a command and a plan."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Protocol
from uuid import UUID

import orjson
import strawberry
from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLError,
    OperationDefinitionNode,
    SelectionSetNode,
    execute,
)
from graphql.execution.values import get_variable_values

from scmhub.clock import Clock
from scmhub.errors import BadUserInput, Forbidden
from scmhub.graph.commands import CommandRunner
from scmhub.graph.documents import Document, Documents
from scmhub.graph.plan import Inputs, Plan, Planner
from scmhub.graph.request import Answer, GraphQLRequest
from scmhub.identity.viewer import TokenScope, Viewer


class Reads(Protocol):
    """Where statements are run."""

    async def fetch(self, text: str, *parameters: Any) -> bytes | None: ...


class Engine:
    """Executes one validated operation for one viewer."""

    def __init__(
        self, schema: strawberry.Schema, planner: Planner, documents: Documents, reads: Reads, commands: CommandRunner,
        clock: Clock, admit: Callable[[UUID, int], None], admit_document: Callable[[UUID], None],
    ) -> None:
        self._schema = schema
        self._core = schema._schema
        self._planner = planner
        self._documents = documents
        self._reads = reads
        self._commands = commands
        self._clock = clock
        self._admit = admit
        self._admit_document = admit_document

    async def execute(self, request: GraphQLRequest, viewer: Viewer) -> Answer:
        """The finished answer; raises HubError for whatever the mapper turns into ``errors``."""
        document = await self._documents.get(request.query, request.operation_name)
        document.check_method(request.queries_only)
        if document.kind == "query":
            return await self._query(document, request, viewer)
        return await self._mutation(document, request, viewer)

    async def _query(self, document: Document, request: GraphQLRequest, viewer: Viewer) -> Answer:
        _require(viewer, TokenScope.READ)
        variables = self._variables(document, request.variables)
        partner = viewer.lens.partner_id
        plan, args = self._planner.plan(document, variables, lambda: self._admit_document(partner), self._planner.query)
        self._admit(partner, document.cost(variables.coerced))
        now = self._clock()
        inputs = Inputs(viewer.lens, now, now.date(), args)
        data = b"{}"
        if plan.statement:
            data = await self._reads.fetch(plan.statement.text, *plan.parameters(inputs)) or b"null"
        if plan.rest:
            data = await self._with_rest(plan, data, document, request, viewer)
        return Answer(b'{"data":' + data + b"}")

    def _variables(self, document: Document, given: dict[str, Any]) -> Any:
        result = get_variable_values(
            self._core, document.operation.variable_definitions or (), given, max_errors=10
        )
        if isinstance(result, list):
            raise BadUserInput(result[0].message, reason="BAD_VALUE", input_path=["variables"])
        return result

    async def _with_rest(
        self, plan: Plan, data: bytes, document: Document, request: GraphQLRequest, viewer: Viewer
    ) -> bytes:
        """Adds what the standard executor answers (introspection, questions), keeping the order of the document."""
        selection = SelectionSetNode(selections=tuple(_plain(each.node) for each in plan.rest))
        nodes = [selection, *(f for f in document.ast.definitions if not isinstance(f, OperationDefinitionNode))]
        operation = _with_selection(document.operation, selection)
        pruned = DocumentNode(definitions=(operation, *nodes[1:]))
        result = self._execute_rest(pruned, request, viewer)
        if not isinstance(result, ExecutionResult):
            result = await result
        if result.errors:
            raise _cause(result.errors[0])
        found = {**orjson.loads(data), **(result.data or {})}
        return orjson.dumps({key: found[key] for key in plan.keys})

    def _execute_rest(
        self, pruned: DocumentNode, request: GraphQLRequest, viewer: Viewer
    ) -> ExecutionResult | Awaitable[ExecutionResult]:
        context = {"viewer": viewer, "now": self._clock()}
        result: Any = execute(
            self._core, pruned, context_value=context, variable_values=request.variables,
            operation_name=request.operation_name,
        )
        return result  # type: ignore[no-any-return]

    async def _mutation(self, document: Document, request: GraphQLRequest, viewer: Viewer) -> Answer:
        _require(viewer, TokenScope.WRITE)
        variables = self._variables(document, request.variables)
        self._admit(viewer.lens.partner_id, document.cost(variables.coerced))
        return await self._commands.run(document, variables, request, viewer)


def _require(viewer: Viewer, scope: TokenScope) -> None:
    if scope not in viewer.token_scopes:
        raise Forbidden(f"This access token lacks '{scope.value}'.")


def _plain(node: FieldNode) -> FieldNode:
    """The field without ``@skip``/``@include``, which have been decided."""
    return FieldNode(
        alias=node.alias, name=node.name, arguments=node.arguments, directives=(), selection_set=node.selection_set, loc=node.loc
    )


def _with_selection(operation: OperationDefinitionNode, selection: SelectionSetNode) -> OperationDefinitionNode:
    return OperationDefinitionNode(
        operation=operation.operation, name=operation.name, variable_definitions=operation.variable_definitions,
        directives=operation.directives, selection_set=selection, loc=operation.loc,
    )


def _cause(error: GraphQLError) -> BaseException:
    if error.original_error is not None:
        return error.original_error
    return BadUserInput(error.message, reason="BAD_VALUE")

