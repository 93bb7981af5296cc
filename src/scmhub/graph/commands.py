"""Mutations: each root field is one transaction; what it answers is read back through the same plan a query would use.

bolt confirms acme's order. The command runs as bolt, the change is written, and before COMMIT the order is read on the
same connection through the compiled policy: bolt gets back exactly what it could have queried. If that read fails,
nothing has happened.
"""

from __future__ import annotations

import hashlib
from datetime import datetime
from functools import partial
from typing import Any

import asyncpg  # type: ignore[import-untyped]
import orjson
import strawberry
from graphql import GraphQLError
from graphql.execution.values import get_argument_values
from sqlalchemy.exc import IntegrityError
from strawberry.types.arguments import convert_arguments

from scmhub.clock import Clock
from scmhub.database.unit import Database
from scmhub.errors import BadRequest, BadUserInput, Forbidden, Refusal
from scmhub.graph import answers, idempotency
from scmhub.graph.collect import Selected
from scmhub.graph.compile import Compiler
from scmhub.graph.declare import Call, Command, Registry, Shown
from scmhub.graph.documents import Document
from scmhub.graph.given import refuse_null
from scmhub.graph.payload import Called, Payload, PayloadMember, Step, graphql_names
from scmhub.graph.plan import Inputs, Planner, spec_of
from scmhub.graph.reason import reason_of
from scmhub.graph.receipts import Receipts, with_marks
from scmhub.graph.request import Answer, GraphQLRequest
from scmhub.identity.viewer import Viewer
from scmhub.sharing.receipts import reads_scopes


class CommandRunner:
    """Runs the mutation fields of a document in order."""

    def __init__(
        self, schema: strawberry.Schema, registry: Registry, planner: Planner, database: Database, clock: Clock
    ) -> None:
        self._schema = schema
        self._core = schema._schema
        self._registry = registry
        self._planner = planner
        self._database = database
        self._clock = clock
        self.receipts = Receipts(database)
        """What was read under rules that ask for it, on its way to the access log."""
        self.parts: dict[type, Any] = {}
        """What commands that ask for their ``Call`` find in it."""

    async def run(self, document: Document, variables: Any, request: GraphQLRequest, viewer: Viewer) -> Answer:
        """``{"data": {...}}``; a field that failed for other reasons than refusal is null, with an error beside it."""
        steps, args = self._planner.plan(document, variables, lambda: None, self._compile)
        commands = [each for each in steps if isinstance(each, Step)]
        for each in commands:
            if each.command.requires not in viewer.token_scopes:
                raise Forbidden(f"This access token lacks '{each.command.requires.value}'.")
            if not viewer.lens.holds(self._registry.families[each.command.payload]):
                raise Forbidden(f"This credential holds no records of kind {each.command.payload}.")
            if missing := sorted(each.needs - viewer.permissions - {each.command.needs}):
                raise Forbidden(f"The payload shows what you lack the permission {missing[0]} for.")
        if request.idempotency_key and len(commands) != 1:
            raise BadRequest(
                "Idempotency-Key needs exactly one mutation; use @idempotent(key:) on each.", reason="BAD_KEY"
            )
        called = Called(document, variables, args, viewer, partial(self._marked, document, variables))
        keys = {each.selected.key: self._key(each, variables, request) for each in commands}
        data: list[bytes] = []
        errors: list[dict[str, Any]] = []
        replayed = False
        for step in steps:
            if not isinstance(step, Step):
                data.append(b'"%s":"Mutation"' % step.encode())
                continue
            try:
                body, again = await self._step(step, called, keys[step.selected.key])
                replayed = replayed or again
            except Exception as error:  # earlier fields have committed: their answers must not be lost
                body = b"null"
                errors += [
                    {**entry, "path": [step.selected.key]} for entry in answers.entries(error, request.request_id)
                ]
            data.append(b'"%s":%s' % (step.selected.key.encode(), body))
        tail = b',"errors":' + orjson.dumps(errors) if errors else b""
        headers = {"Idempotency-Replayed": "true"} if replayed else {}
        return Answer(b'{"data":{' + b",".join(data) + b"}" + tail + b"}", headers=headers)

    def _compile(self, compiler: Compiler, document: Any) -> list[Step | str]:
        steps: list[Step | str] = []
        for each in compiler.fields([document.operation.selection_set], "Mutation"):
            if each.name == "__typename":
                steps.append(each.key)
                continue
            command = spec_of(self._core.mutation_type.fields[each.name])  # type: ignore[union-attr]
            compiler.needs.clear()
            members = tuple(self._member(compiler, command, m) for m in compiler.payload_fields(command, each))
            text = "\0".join(f"{m.key}:{m.name}:{m.errors}:{m.statement.text if m.statement else ''}" for m in members)
            digest = hashlib.sha256(text.encode()).hexdigest()
            steps.append(Step(each, command, members, digest, frozenset(compiler.needs)))
        return steps

    def _member(self, compiler: Compiler, command: Command, selected: Selected) -> PayloadMember:
        if selected.name == "__typename":
            return PayloadMember(selected.key, selected.name)
        if selected.name == "userErrors":
            wanted = compiler.fields(selected.selections, "UserError")
            return PayloadMember(selected.key, selected.name, errors=tuple((each.key, each.name) for each in wanted))
        if selected.name in graphql_names(command):
            return PayloadMember(selected.key, selected.name)
        json = compiler.payload(self._registry.kinds[command.payload], selected.selections)
        gate = not compiler.marks and reads_scopes(json)
        return PayloadMember(selected.key, selected.name, self._planner.finish(json, gate=gate), gate)

    def _marked(self, document: Document, variables: Any) -> list[Step | str]:
        """The same steps, whose statements mark the records they answer."""
        steps: list[Step | str] = self._planner.plan(with_marks(document), variables, lambda: None, self._compile)[0]
        return steps

    async def _step(self, step: Step, called: Called, key: str | None) -> tuple[bytes, bool]:
        """Payload bytes, and whether they repeat an earlier effect."""
        viewer = called.viewer
        values, given = self._input(step, called.variables)
        inputs = Inputs(viewer.lens, self._clock(), self._clock().date(), called.args)
        payload = Payload(step, called, inputs, self.receipts)
        try:
            check_right(step.command, viewer, inputs.now)
            reason = reason_of(given)
            async with self._database.unit(viewer.lens.partner_id, viewer.subject, lambda: inputs.now) as unit:
                unit.reason = reason
                unit.limits = viewer.lens.purposes, viewer.lens.kinds
                if key:
                    # which fields, under which arguments
                    selection = idempotency.fingerprint(step.selection, called.args)
                    earlier = await idempotency.claim(
                        unit, key, idempotency.fingerprint(step.command.name, values), selection
                    )
                    if earlier:
                        inputs.record = earlier.record
                        return await payload.told(earlier.body or await payload.read(unit), unit), True
                call = [Call(viewer, self.parts)] if step.command.asks_who else []
                done = await step.command.run(unit, given, *call)
                inputs.record, texts = (done.record, done.texts) if isinstance(done, Shown) else (done, {})
                body = await payload.read(unit, texts=texts)
                if key and inputs.record:
                    await idempotency.keep(unit, key, inputs.record, None if texts else body)
                return await payload.told(body, unit), False
        except (Refusal, IntegrityError, asyncpg.IntegrityConstraintViolationError) as error:
            refusal = error if isinstance(error, Refusal) else _conflict(error)
            inputs.record = refusal.record
            return await payload.told(await payload.read(self._database.read, refusal), None), False

    def _input(self, step: Step, variables: Any) -> tuple[dict[str, Any], Any]:
        """The coerced input, as plain values and as the command's own type."""
        definition = self._core.mutation_type.fields[step.selected.name]  # type: ignore[union-attr]
        try:
            values = get_argument_values(definition, step.selected.node, variables)
            made = definition.extensions["strawberry-definition"]
            for argument in made.arguments:
                refuse_null(values.get(argument.graphql_name or argument.python_name), argument.type, ["input"])
            converted = convert_arguments(
                values, made.arguments, self._schema.schema_converter.scalar_registry, self._schema.config
            )
        except GraphQLError as error:
            raise BadUserInput(error.message, reason="BAD_VALUE", input_path=["input"]) from None
        except ValueError as error:
            raise BadUserInput(str(error), reason="BAD_VALUE", input_path=["input"]) from None
        return values, converted["input"]

    def _key(self, step: Step, variables: Any, request: GraphQLRequest) -> str | None:
        text = request.idempotency_key
        for directive in step.selected.node.directives or ():
            if directive.name.value == "idempotent":
                if text:
                    raise BadRequest("Send the idempotency key as header or as directive, not both.", reason="BAD_KEY")
                text = get_argument_values(self._core.get_directive("idempotent"), directive, variables)["key"]  # type: ignore[arg-type]
        return idempotency.check_key(text) if text is not None else None


def check_right(command: Command, viewer: Viewer, now: datetime) -> None:
    """Refusal FORBIDDEN: no role of the caller permits this command. STEP_UP_REQUIRED: its login is too old for it."""
    if command.needs not in viewer.permissions:
        text = f"You lack the permission {command.needs}: 'me' shows what you have and by which roles."
        raise Refusal("FORBIDDEN", text, ["input"])
    if command.sensitive and viewer.is_person and (old := viewer.login_is_old(now)):
        raise Refusal("STEP_UP_REQUIRED", old, ["input"])


def _conflict(error: Exception) -> Refusal:
    """What a constraint of the database says, when two commands raced past each other's checks; never its name."""
    cause = getattr(getattr(error, "orig", None), "__cause__", None) or error
    match cause:
        case asyncpg.UniqueViolationError():
            return Refusal("DUPLICATE", "You already have a record with this key.", ["input"])
        case asyncpg.ForeignKeyViolationError():
            return Refusal("NOT_FOUND", "A record named in the input does not exist.", ["input"])
    return Refusal("INVALID", "A value does not fit the record.", ["input"])
