"""Documents the hub has seen: parsed, measured and validated once, then found again by their text.

Guards, cheapest first: length, tokens and comments while lexing, which operation, the walk (depth, counts, cost), then
validation. A document that fails is kept with its error, so that sending it again costs a look-up.
"""

from __future__ import annotations

import asyncio
import hashlib
import re
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from graphql import (
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    specified_rules,
    validate,
)
from graphql import parse as parse_graphql
from graphql.validation.rules import overlapping_fields_can_be_merged
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule

from scmhub.errors import BadRequest, OperationUnresolved, ParseFailed, RequestRefused, ValidationFailed
from scmhub.graph.idempotency import IdempotentMutations
from scmhub.graph.limits import Limits
from scmhub.graph.price import Bound
from scmhub.graph.walk import Walk, too_deep_text

_Key = tuple[str, str | None]
OVERLAP_BUDGET: Final = 20_000
"""A valid document of 250 equal fields took 500 ms at the stock 500,000; 12 fragments of 60 shared fields fit here."""
RULES: Final = (*specified_rules, MaybeNullValidationRule, OneOfInputValidationRule, IdempotentMutations)
MOST_LOCATIONS: Final = 10
MOST_NAME_CHARACTERS: Final = 255
# Possessive, and a string that never ends still matches: no text makes the scan look at a character twice.
_TOKEN: Final = re.compile(
    r'#[^\n\r]*+|"""(?:[^"\\]|\\(?:""")?+|"(?!""))*+(?:""")?+|"(?:[^"\\\n\r]|\\.)*+"?+|[A-Za-z_]\w*+|'
    r"-?\d[\w.+-]*+|\.\.\.|[!$&()\[\]{}:=@|]"
)
_STEPS: Final = {"{": 1, "[": 1, "}": -1, "]": -1}
_PARSE_LIMITS: Final = (
    ("nested too deeply", "DEPTH_LIMIT"),
    ("tokens. Parsing aborted", "TOKEN_LIMIT"),
    ("comments. Parsing aborted", "COMMENT_LIMIT"),
)


class InvalidDocument(ValidationFailed):
    """The document does not fit the schema."""

    def __init__(self, errors: Sequence[ValidationFailed]) -> None:
        super().__init__(errors[0].message, reason=errors[0].reason)
        self.errors = list(errors)


class Document:
    """A valid document and the operation in it that is to run."""

    __slots__ = (
        "_walk", "ast", "fragments", "kind", "marked", "operation", "plans", "schema", "sha256", "text", "tokens",
    )  # fmt: skip

    def __init__(
        self,
        text: str,
        tokens: int,
        schema: GraphQLSchema,
        ast: DocumentNode,
        operation: OperationDefinitionNode,
        walk: Walk,
    ) -> None:
        self.text = text
        self.tokens = tokens
        self.schema = schema
        self.ast = ast
        self.operation = operation
        self.fragments: dict[str, FragmentDefinitionNode] = walk.fragments
        self.kind: str = operation.operation.value
        self.sha256 = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        self.plans: dict[Any, Any] = {}
        self.marked = False
        """Whether its plans mark the records they answer, for receipts."""
        self._walk = walk

    def cost(self, variables: Mapping[str, Any] | None) -> int:
        """Cost with ``variables`` as sent; ValidationFailed (COST_LIMIT) names cost, limit and dearest path."""
        return self._walk.cost(variables or {})

    @property
    def least_cost(self) -> int:
        """Cost if every page whose size a variable gives has one row."""
        return self._walk.cost()

    def check_method(self, queries_only: bool) -> None:
        """BadRequest unless plain HTTP may carry this: a mutation by GET is 405, a subscription needs a stream."""
        if self.kind == "subscription":
            raise BadRequest(
                "A subscription needs a stream: WebSocket (graphql-transport-ws) or Accept: text/event-stream.",
                reason="STREAM_REQUIRED",
            )
        if queries_only and self.kind != "query":
            raise BadRequest(
                "GET runs queries only; send a mutation by POST.",
                reason="METHOD",
                status=405,
                headers={"Allow": "POST"},
            )


class Documents:
    """The documents kept, newest use last; not safe to share between event loops."""

    def __init__(self, schema: GraphQLSchema, bound: Bound, limits: Limits | None = None) -> None:
        """``bound(type_name, field_name, arguments)`` says how many rows a list or page may have."""
        self._schema = schema
        self._bound = bound
        self._limits = limits or Limits()
        self._kept: OrderedDict[_Key, Document | RequestRefused] = OrderedDict()
        self._characters = self._tokens = 0
        self._threads = ThreadPoolExecutor(1, thread_name_prefix="validate")
        self._pending: dict[_Key, asyncio.Future[Document | RequestRefused]] = {}
        overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = OVERLAP_BUDGET

    def __len__(self) -> int:
        return len(self._kept)

    def known(self, text: str, operation_name: str | None) -> bool:
        """Whether the next ``get`` is a look-up; the compile rate of a partner is charged for the others."""
        return (text, operation_name) in self._kept

    async def get(self, text: str, operation_name: str | None = None) -> Document:
        """The document; RequestRefused if it cannot run, the same error again when it is sent again."""
        key = (text, operation_name)
        found = self._kept.get(key)
        if found is None:
            found = await self._examine(key)
        else:
            self._kept.move_to_end(key)
        if isinstance(found, Document):
            return found
        raise found.with_traceback(None)

    async def every(self, text: str) -> list[Document]:
        """Each operation of ``text``; RequestRefused if one of them cannot run."""
        try:
            return [await self.get(text)]
        except OperationUnresolved:
            operations = operations_of(parse(text, self._limits))
            if len(operations) < 2:
                raise
        return [await self.get(text, each.name.value if each.name else "") for each in operations]

    def close(self) -> None:
        """Give back the validation thread."""
        self._threads.shutdown(wait=True, cancel_futures=True)

    async def _examine(self, key: _Key) -> Document | RequestRefused:
        text, operation_name = key
        if len(operation_name or "") > MOST_NAME_CHARACTERS:
            return OperationUnresolved("The document has no operation with the given operationName.")
        if len(text) > self._limits.document_characters:
            # Not kept: the text itself is what is too large.
            return ParseFailed(
                f"The document has {len(text)} characters, the limit is {self._limits.document_characters}.",
                reason="LENGTH_LIMIT",
            )
        tokens, reason = scan(text, self._limits)
        if reason is not None:
            result: Document | RequestRefused = _over(reason, self._limits)
        elif tokens > self._limits.threaded_tokens:
            result = await self._in_thread(key, tokens)
        else:
            result = self._read(key, tokens)
        self._keep(key, result)
        return result

    async def _in_thread(self, key: _Key, tokens: int) -> Document | RequestRefused:
        """Callers who send the same new document at the same time wait for one reading of it."""
        pending = self._pending.get(key)
        if pending is None:
            pending = asyncio.get_running_loop().run_in_executor(self._threads, self._read, key, tokens)
            self._pending[key] = pending
            pending.add_done_callback(lambda _: self._pending.pop(key, None))
        return await asyncio.shield(pending)

    def _read(self, key: _Key, tokens: int) -> Document | RequestRefused:
        text, operation_name = key
        try:
            ast = parse(text, self._limits)
            operation = choose(ast, operation_name)
            walk = Walk(ast, operation, self._schema, self._bound, self._limits)
        except RequestRefused as refusal:
            refusal.__cause__ = refusal.__context__ = None
            return refusal.with_traceback(None)
        errors = self._errors(ast)
        if errors:
            return InvalidDocument([_validation_failed(error) for error in errors])
        return Document(text, tokens, self._schema, ast, operation, walk)

    def _errors(self, ast: DocumentNode) -> list[GraphQLError]:
        return validate(self._schema, ast, RULES, max_errors=self._limits.validation_errors, hide_suggestions=True)

    def _keep(self, key: _Key, result: Document | RequestRefused) -> None:
        if key in self._kept:
            return
        self._kept[key] = result
        self._weigh(key, result, 1)
        while self._is_full():
            oldest = self._kept.popitem(last=False)
            self._weigh(*oldest, -1)

    def _weigh(self, key: _Key, result: Document | RequestRefused, sign: int) -> None:
        self._characters += sign * (len(key[0]) + len(key[1] or ""))
        self._tokens += sign * (result.tokens if isinstance(result, Document) else 0)

    def _is_full(self) -> bool:
        limits = self._limits
        return (
            len(self._kept) > limits.cached_documents
            or self._characters > limits.cached_characters
            or self._tokens > limits.cached_tokens
        )


def parse(text: str, limits: Limits) -> DocumentNode:
    """The AST; ParseFailed for bad syntax or too much of it."""
    try:
        return parse_graphql(
            text,
            max_source_length=limits.document_characters,
            max_lexical_tokens=limits.document_tokens,
            max_comments=limits.document_comments,
        )
    except GraphQLSyntaxError as error:
        for part, reason in _PARSE_LIMITS:
            if part in error.message:
                raise _over(reason, limits) from None
        raise ParseFailed(error.message, locations=_locations(error)) from None


def scan(text: str, limits: Limits) -> tuple[int, str | None]:
    """Tokens of ``text``, and the limit they break, if any; graphql-core would build the tree before it says so."""
    tokens = comments = depth = 0
    for one in _TOKEN.finditer(text):
        part = one.group()
        if part[0] == "#":
            comments += 1
            if comments > limits.document_comments:
                return tokens, "COMMENT_LIMIT"
            continue
        tokens += 1
        depth += _STEPS.get(part, 0)
        if depth > limits.nesting:
            return tokens, "DEPTH_LIMIT"
        if tokens > limits.document_tokens:
            return tokens, "TOKEN_LIMIT"
    return tokens, None


def operations_of(ast: DocumentNode) -> list[OperationDefinitionNode]:
    """The operations of a document, in its order."""
    return [node for node in ast.definitions if isinstance(node, OperationDefinitionNode)]


def choose(ast: DocumentNode, operation_name: str | None) -> OperationDefinitionNode:
    """The operation to run; OperationUnresolved if there is none of that name, or several and no name."""
    operations = operations_of(ast)
    if not operations:
        raise OperationUnresolved("The document contains no operation to run.")
    if operation_name is None:
        if len(operations) > 1:
            raise OperationUnresolved("The document has several operations; name one with operationName.")
        return operations[0]
    for node in operations:
        if node.name is not None and node.name.value == operation_name:
            return node
    raise OperationUnresolved("The document has no operation with the given operationName.")


def _over(reason: str, limits: Limits) -> ParseFailed:
    texts = {
        "DEPTH_LIMIT": too_deep_text(limits),
        "TOKEN_LIMIT": f"The document has more than {limits.document_tokens} tokens.",
        "COMMENT_LIMIT": f"The document has more than {limits.document_comments} comments.",
    }
    return ParseFailed(texts[reason], reason=reason)


def _validation_failed(error: GraphQLError) -> ValidationFailed:
    if error.message == "Validation aborted.":
        return ValidationFailed(
            "The document selects the same fields too many times to be validated; select each once.",
            reason="COMPLEXITY_LIMIT",
        )
    return ValidationFailed(error.message, locations=_locations(error))


def _locations(error: GraphQLError) -> list[dict[str, int]] | None:
    found = error.locations or []
    return [{"line": at.line, "column": at.column} for at in found[:MOST_LOCATIONS]] or None
