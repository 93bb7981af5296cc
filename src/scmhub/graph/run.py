"""One operation from document to bytes: queries through a plan, mutations through a command and a plan."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any
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

from scmhub.clock import Clock
from scmhub.database.unit import Database
from scmhub.errors import BadUserInput, Forbidden, ServiceUnavailable, TimedOut
from scmhub.graph.collect import Selected
from scmhub.graph.commands import CommandRunner
from scmhub.graph.deliver.selection import FeedSelection
from scmhub.graph.documents import Document, Documents
from scmhub.graph.plan import Inputs, Plan, Planner
from scmhub.graph.preview import check_previewer, mark_of, note, previewed_as
from scmhub.graph.rates import Bucket
from scmhub.graph.receipts import reader_of, with_marks
from scmhub.graph.request import Answer, GraphQLRequest
from scmhub.graph.stored import StoredDocuments
from scmhub.graph.variables import variable_values
from scmhub.identity.viewer import Permission, TokenScope, Viewer
from scmhub.sharing.lens import Lens

Pull = Callable[[FeedSelection, list[dict[str, Any]], Lens], Awaitable[bytes]]


class Engine:
    """Executes one validated operation for one viewer."""

    def __init__(
        self,
        schema: strawberry.Schema,
        planner: Planner,
        documents: Documents,
        database: Database,
        commands: CommandRunner,
        clock: Clock,
        costs: Bucket,
        documents_rate: Bucket,
        deadline_seconds: float,
    ) -> None:
        self._schema = schema
        self._core = schema._schema
        self._planner = planner
        self._documents = documents
        self._database = database
        self._reads = database.read
        self._commands = commands
        self._clock = clock
        self._costs = costs
        self._documents_rate = documents_rate
        self._deadline = deadline_seconds
        self.receipts = commands.receipts
        """What was read under rules that ask for it, on its way to the access log."""
        self.public_keys: Callable[[], Any] = lambda: None
        """The keys whose signatures this hub accepts, for questions about what it signed."""
        self.pull: Pull | None = None
        """Reads pages of the change feed; None while the log is not followed."""
        self.stored: StoredDocuments | None = None
        """For questions about documents."""

    async def execute(self, request: GraphQLRequest, viewer: Viewer) -> Answer:
        """The finished answer; raises HubError for whatever the mapper turns into ``errors``."""
        if not self._documents.known(request.query, request.operation_name):
            self._documents_rate.spend(viewer.lens.partner_id, 1)
        document = await self._documents.get(request.query, request.operation_name)
        document.check_method(request.queries_only)
        try:
            async with asyncio.timeout(self._deadline):
                if document.kind == "query":
                    return await self._query(document, request, viewer)
                return await self._mutation(document, request, viewer)
        except TimeoutError:
            raise TimedOut from None

    async def _query(self, document: Document, request: GraphQLRequest, viewer: Viewer) -> Answer:
        _require(viewer, TokenScope.READ)
        variables = variable_values(self._core, document, request.variables)
        partner = viewer.lens.partner_id
        plan, args = self._planner.plan(
            document, variables, lambda: self._documents_rate.spend(partner, 1), self._planner.query
        )
        check_permissions(viewer, plan.needs)
        cost = document.cost(variables.coerced)
        self._costs.spend(partner, cost)
        now = self._clock()
        inputs = Inputs(viewer.lens, now, now.date(), args)
        if document.operation.directives:
            await self._look_as(inputs, document, variables, viewer)
        data = await self._fetch(plan, inputs, document, variables, viewer) if plan.statement else b"{}"
        if plan.rest:
            data = await self._with_rest(plan, data, document, request, viewer)
        if plan.feeds:
            data = await self._with_feeds(plan, data, args, viewer)
        return Answer(b'{"data":' + data + self._cost_note(partner, cost) + b"}")

    async def _fetch(self, plan: Plan, inputs: Inputs, document: Document, variables: Any, viewer: Viewer) -> bytes:
        """What the statement answers; if rules ask for it, once the receipts are taken."""
        assert plan.statement
        partner = inputs.lens.partner_id
        if not (plan.gated and self.receipts.expected(partner)):
            data: bytes | None = await self._reads.fetch(*plan.statement.asked(inputs))
            if data is not None or not plan.gated:
                return data or b"null"
            self.receipts.remember(partner)
        marked, _ = self._planner.plan(with_marks(document), variables, lambda: None, self._planner.query)
        data = await self._reads.fetch(*marked.statement.asked(inputs))
        return await self.receipts.take(data or b"null", reader_of(viewer, document, inputs.now))

    async def _look_as(self, inputs: Inputs, document: Document, variables: Any, viewer: Viewer) -> None:
        """Of a preview: the lens of the partner it is for, once the caller may have it and it is written down."""
        mark = mark_of(document.operation)
        if mark is None:
            return
        check_previewer(viewer, inputs.now)
        other = await previewed_as(mark, variables, viewer, inputs.now, self._database)
        await note(self._database, viewer, other, document.sha256, inputs.now)
        inputs.lens, inputs.previewer = viewer.lens.of(other), viewer.lens.partner_id

    def _cost_note(self, partner: UUID, cost: int) -> bytes:
        """``extensions.cost``: what this operation cost and what is left, so that a client can pace itself."""
        bucket = self._costs
        return b',"extensions":{"cost":{"requestedQueryCost":%d,"actualQueryCost":%d,"throttleStatus":%s}}' % (
            cost,
            cost,
            b'{"maximumAvailable":%d,"currentlyAvailable":%d,"restoreRate":%d}'
            % (bucket.most, bucket.available(partner), bucket.per_second),
        )

    async def _with_rest(
        self, plan: Plan, data: bytes, document: Document, request: GraphQLRequest, viewer: Viewer
    ) -> bytes:
        """Adds what the standard executor answers (introspection, questions), keeping the order of the document."""
        selection = SelectionSetNode(selections=tuple(map(_plain, plan.rest)))
        fragments = [each for each in document.ast.definitions if not isinstance(each, OperationDefinitionNode)]
        pruned = DocumentNode(definitions=(_with_selection(document.operation, selection), *fragments))
        result = self._execute_rest(pruned, request, viewer)
        if not isinstance(result, ExecutionResult):
            result = await result
        if result.errors:
            raise _cause(result.errors[0])
        found = {**orjson.loads(data), **(result.data or {})}
        return orjson.dumps({key: found[key] for key in plan.keys if key in found})

    async def _with_feeds(self, plan: Plan, data: bytes, args: list[dict[str, Any]], viewer: Viewer) -> bytes:
        """Adds pages of the change feed, keeping the order of the document."""
        if self.pull is None:
            raise ServiceUnavailable
        found = orjson.loads(data)
        for each in plan.feeds:
            found[each.key] = orjson.Fragment(await self.pull(each, args, viewer.lens))
        return orjson.dumps({key: found[key] for key in plan.keys})

    def _execute_rest(
        self, pruned: DocumentNode, request: GraphQLRequest, viewer: Viewer
    ) -> ExecutionResult | Awaitable[ExecutionResult]:
        async def ask(document: str, variables: dict[str, Any]) -> dict[str, Any]:
            return await self.ask(document, variables, viewer)

        context = {
            "viewer": viewer, "now": self._clock(), "ask": ask, "reads": self._reads, "database": self._database,
            "keys": self.public_keys, "stored": self.stored,
        }  # fmt: skip
        result: Any = execute(
            self._core,
            pruned,
            context_value=context,
            variable_values=request.variables,
            operation_name=request.operation_name,
        )
        return result  # type: ignore[no-any-return]

    async def ask(self, text: str, given: dict[str, Any], viewer: Viewer) -> dict[str, Any]:
        """The data of a query of the hub's own, seen by this viewer: what a question computes from."""
        document = await self._documents.get(text, None)
        variables = variable_values(self._core, document, given)
        plan, args = self._planner.plan(document, variables, lambda: None, self._planner.query)
        check_permissions(viewer, plan.needs)
        now = self._clock()
        inputs = Inputs(viewer.lens, now, now.date(), args)
        data: dict[str, Any] = orjson.loads(await self._fetch(plan, inputs, document, variables, viewer))
        return data

    async def _mutation(self, document: Document, request: GraphQLRequest, viewer: Viewer) -> Answer:
        variables = variable_values(self._core, document, request.variables)
        cost = document.cost(variables.coerced)
        self._costs.spend(viewer.lens.partner_id, cost)
        answer = await self._commands.run(document, variables, request, viewer)
        note = self._cost_note(viewer.lens.partner_id, cost)
        return Answer(answer.body[:-1] + note + b"}", answer.status, answer.headers)


def _require(viewer: Viewer, scope: TokenScope) -> None:
    if scope not in viewer.token_scopes:
        raise Forbidden(f"This access token lacks '{scope.value}'.")


def check_permissions(viewer: Viewer, needs: frozenset[Permission]) -> None:
    """Forbidden if the caller lacks one of them; which, because it depends on the document alone."""
    missing = sorted(needs - viewer.permissions)
    if missing:
        raise Forbidden(f"You lack the permission {missing[0]}: 'me' shows what you have and by which roles.")


def _plain(selected: Selected) -> FieldNode:
    """One field for all its occurrences, without ``@skip``/``@include``, which have been decided."""
    node = selected.node
    merged = tuple(each for selections in selected.selections for each in selections.selections)
    return FieldNode(
        alias=node.alias,
        name=node.name,
        arguments=node.arguments,
        directives=(),
        selection_set=SelectionSetNode(selections=merged) if merged else None,
        loc=node.loc,
    )


def _with_selection(operation: OperationDefinitionNode, selection: SelectionSetNode) -> OperationDefinitionNode:
    return OperationDefinitionNode(
        operation=operation.operation,
        name=operation.name,
        variable_definitions=operation.variable_definitions,
        directives=operation.directives,
        selection_set=selection,
        loc=operation.loc,
    )


def _cause(error: GraphQLError) -> BaseException:
    if error.original_error is not None:
        return error.original_error
    return BadUserInput(error.message, reason="BAD_VALUE")
