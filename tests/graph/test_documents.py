"""Documents are read once, found again by text, and refused with few, short, harmless errors."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from hashlib import sha256

import pytest
from graphql import build_schema, get_introspection_query
from graphql.validation.rules import overlapping_fields_can_be_merged
from hypothesis import given, settings
from hypothesis import strategies as st

from scmhub.errors import BadRequest, HubError, OperationUnresolved, ParseFailed, RequestRefused, ValidationFailed
from scmhub.graph.answers import answer_for, entries
from scmhub.graph.documents import Document, Documents, InvalidDocument, scan
from scmhub.graph.limits import Limits
from scmhub.schema import load_schema

SCHEMA = build_schema(
    """
    type Query { me: String, order: Order, echo(text: String): String }
    type Mutation { place: String }
    type Subscription { changes: String }
    type Order { number: String, next: Order, pageInfo: PageInfo }
    type PageInfo { hasNextPage: Boolean }
    """
)


@pytest.fixture
async def documents() -> AsyncIterator[Documents]:
    one = Documents(SCHEMA, lambda *_: 1)
    yield one
    one.close()


async def refused(documents: Documents, text: str, operation_name: str | None = None) -> RequestRefused:
    with pytest.raises(RequestRefused) as caught:
        await documents.get(text, operation_name)
    return caught.value


async def test_a_document_is_read_once_and_knows_its_operation(documents: Documents) -> None:
    text = "query A { me } mutation B { place } fragment F on Order { number } query C { order { ...F } }"
    first = await documents.get(text, "C")
    assert await documents.get(text, "C") is first
    assert await documents.get(text, "B") is not first
    assert (first.kind, first.operation.name.value if first.operation.name else None) == ("query", "C")
    assert list(first.fragments) == ["F"]
    assert first.sha256 == sha256(text.encode()).hexdigest()
    assert first.plans == {}
    assert (await documents.get(text, "B")).kind == "mutation"


async def test_a_bad_document_is_kept_with_its_errors(documents: Documents) -> None:
    text = "{ " + " ".join(f"wrong{i}" for i in range(15)) + " }"
    first = await refused(documents, text)
    assert isinstance(first, InvalidDocument)
    assert await refused(documents, text) is first
    shown = entries(first, "r-1")
    assert len(shown) == 10
    assert shown[0] == {
        "message": "Cannot query field 'wrong0' on type 'Query'.",
        "locations": [{"line": 1, "column": 3}],
        "extensions": {"code": "GRAPHQL_VALIDATION_FAILED", "requestId": "r-1"},
    }


@pytest.mark.parametrize(
    ("text", "kind", "reason"),
    [
        ("", ParseFailed, None),
        ("   ,,, # nothing", ParseFailed, None),
        ("{ me", ParseFailed, None),
        ("{ me } \0", ParseFailed, None),
        ("\ufeff{ me", ParseFailed, None),
        ('{ echo(text: "\ud800") }', ParseFailed, None),
        ("fragment F on Order { number }", OperationUnresolved, None),
        ("type Firm { name: String }", OperationUnresolved, None),
        ("query A { me } query B { me }", OperationUnresolved, None),
        ("{ me } query B { me }", OperationUnresolved, None),
        ("{ order { ... @defer { number } } }", ValidationFailed, None),
        ("{ order { ...A } } fragment A on Order { ...B } fragment B on Order { ...A }", ValidationFailed, None),
        ("{ me } fragment Unused on Order { number }", ValidationFailed, None),
        ("#\n" * 500_000, ParseFailed, "LENGTH_LIMIT"),
        ("," * 1_000_000, ParseFailed, "LENGTH_LIMIT"),
        ('{ echo(text: "' + "x" * 1_000_000 + '") }', ParseFailed, "LENGTH_LIMIT"),
        ('{ echo(text: """' + "x" * 500_000 + '""") }', ParseFailed, "LENGTH_LIMIT"),
        ("#\n" * 201 + "{ me }", ParseFailed, "COMMENT_LIMIT"),
        ("{ " + "me " * 10_000 + "}", ParseFailed, "TOKEN_LIMIT"),
        ("{" + " ".join(f"a{i}: me" for i in range(5_000)) + "}", ParseFailed, "TOKEN_LIMIT"),
        ("{ me " + "@a " * 20_000 + "}", ParseFailed, "TOKEN_LIMIT"),
        (" ".join(f"query Q{i} {{me}}" for i in range(1_000)), OperationUnresolved, None),
        ("query (" + " ".join(f"$v{i}: Int" for i in range(4_000)) + ") { me }", ParseFailed, "TOKEN_LIMIT"),
        ("{ " + "order { next " * 5_000, ParseFailed, "DEPTH_LIMIT"),
        ("{ order { " + "next { " * 150 + "number" + " }" * 152, ValidationFailed, "DEPTH_LIMIT"),
        ("{ echo(text: " + "[" * 3_000 + "]" * 3_000 + ") }", ParseFailed, "DEPTH_LIMIT"),
        ("{ echo(text: " + "{a:" * 3_000 + "}" * 3_000 + ") }", ParseFailed, "DEPTH_LIMIT"),
        ("{ echo(text: " + "{a:" * 180 + "1" + "}" * 180 + ") }", ValidationFailed, None),
        ("{ echo(text: " + "9" * 5_000 + ") }", ValidationFailed, None),
        ("{ __schema { types { fields { type { fields { type { fields { name } } } } } } } }", ValidationFailed, None),
    ],
)
async def test_hostile_documents_get_one_clear_refusal(
    documents: Documents, text: str, kind: type[RequestRefused], reason: str | None
) -> None:
    error = await refused(documents, text)
    if kind is OperationUnresolved and text.startswith("query Q0"):
        kind, reason = ParseFailed, "TOKEN_LIMIT"
    assert isinstance(error, kind)
    assert error.reason == reason
    answer = answer_for(error, "r-1")
    shown = json.loads(answer.body)
    assert answer.status == 400
    assert "data" not in shown
    assert all(len(one["message"]) <= 330 and one["message"].isprintable() for one in shown["errors"])


async def test_every_kind_of_nesting_is_refused_in_the_same_words(documents: Documents) -> None:
    deep = [16, 150, 5_000]
    texts = ["{ " + "order { " + "next { " * (n - 2) + "number" + " }" * n for n in deep]
    texts.append("{ echo(text: " + "[" * 3_000 + ") }")
    assert {(await refused(documents, text)).message for text in texts} == {
        "The document is nested too deeply; the limit is 15 levels of fields."
    }


async def test_equal_fields_many_times_end_within_the_budget(documents: Documents) -> None:
    assert overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET == 20_000
    error = await refused(documents, "{ order { " + "pageInfo { hasNextPage } " * 400 + "} }")
    assert error.reason == "COMPLEXITY_LIMIT"


async def test_a_large_document_is_read_in_a_thread_once_for_all_who_send_it(documents: Documents) -> None:
    text = "{ order { " + " ".join(f"a{i}: next {{ number }}" for i in range(100)) + "} }"
    found = await asyncio.gather(*(documents.get(text) for _ in range(5)))
    assert len({id(one) for one in found}) == 1
    assert len(documents) == 1


async def test_the_least_recently_used_document_goes_first() -> None:
    documents = Documents(SCHEMA, lambda *_: 1, Limits(cached_documents=2))
    for text in ("{ me }", "{ a: me }", "{ me }", "{ b: me }"):
        await documents.get(text)
    assert [documents.known(text, None) for text in ("{ me }", "{ a: me }", "{ b: me }")] == [True, False, True]
    documents.close()


@pytest.mark.parametrize("limits", [Limits(cached_characters=100), Limits(cached_tokens=50)])
async def test_what_is_kept_is_bounded(limits: Limits) -> None:
    documents = Documents(SCHEMA, lambda *_: 1, limits)
    for number in range(50):
        await documents.get(f"{{ a{number}: me }}")
    assert len(documents) <= 10
    documents.close()


async def test_over_long_texts_are_refused_but_not_kept(documents: Documents) -> None:
    await refused(documents, "," * 100_000)
    await refused(documents, "{ me }", "x" * 1_000_000)
    assert len(documents) == 0


@pytest.mark.parametrize(
    ("text", "queries_only", "status"),
    [
        ("{ me }", True, None),
        ("{ me }", False, None),
        ("mutation { place }", False, None),
        ("mutation { place }", True, 405),
        ("subscription { changes }", False, 400),
        ("subscription { changes }", True, 400),
    ],
)
async def test_plain_http_carries_queries_and_by_post_mutations(
    documents: Documents, text: str, queries_only: bool, status: int | None
) -> None:
    document: Document = await documents.get(text)
    if status is None:
        document.check_method(queries_only)
        return
    with pytest.raises(BadRequest) as caught:
        document.check_method(queries_only)
    assert caught.value.http_status == status
    assert caught.value.headers == ({"Allow": "POST"} if status == 405 else {})


async def test_the_standard_introspection_query_is_valid(documents: Documents) -> None:
    document = await documents.get(get_introspection_query())
    assert document.cost({}) < 500


async def test_messages_never_carry_a_control_or_a_novel(documents: Documents) -> None:
    error = await refused(documents, '{ "\x1b[31m\\u0000' + "x" * 4_000 + '" }')
    message = entries(error, "r-1")[0]["message"]
    assert message.isprintable()
    assert len(message) <= 330


def test_an_unknown_exception_tells_nothing(caplog: pytest.LogCaptureFixture) -> None:
    answer = answer_for(RuntimeError("column partner_secret"), "r-9")
    assert json.loads(answer.body) == {
        "data": None,
        "errors": [
            {
                "message": "The hub failed to answer; quote the request id when you ask about it.",
                "extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": "r-9"},
            }
        ],
    }
    assert answer.status == 200
    assert "partner_secret" in caplog.text


def test_every_class_of_the_error_tree_has_an_answer() -> None:
    classes = [HubError, *HubError.__subclasses__(), *RequestRefused.__subclasses__()]
    for one in classes:
        if one.__init__ is HubError.__init__ or issubclass(one, RequestRefused):
            if one is InvalidDocument:
                continue
            answer = answer_for(one(), "r-1")
            assert 200 <= answer.status < 504


@pytest.mark.parametrize("text", ['{a(b:"' + '\\"' * 30_000, '"""' + '\\"""' * 16_000, '"\\' * 32_000, "-" * 65_000])
def test_the_scan_never_looks_twice(text: str) -> None:
    scan(text, Limits())


_PIECES = st.sampled_from(
    [
        *"{}()[]:=!|&$#",
        *("...", "@", "@skip(if:true)", '"', '"""', "\\", "\n", "\0", "\ud800"),
        *("query", "mutation", "subscription", "fragment", "F", "on", "Order", "a:"),
        *("me", "order", "next", "number", "__typename", "$n", "Int", "null", "1", "-1.5", "true"),
    ]
)


@settings(max_examples=300, deadline=None)
@given(st.lists(_PIECES, max_size=120).map(" ".join))
def test_any_text_is_read_or_refused(text: str) -> None:
    documents = Documents(SCHEMA, lambda *_: 1)
    try:
        asyncio.run(documents.get(text, None)).cost({})
    except RequestRefused as refusal:
        answer = answer_for(refusal, "r-1")
    else:
        return
    finally:
        documents.close()
    assert json.loads(answer.body)["errors"]


def test_the_scan_counts_what_graphql_core_counts() -> None:
    text = '{ a(b: "x # y {", c: """ " \\""" { """, d: -1.5e3, e: $v) @f ...G # } \n }'
    assert scan(text, Limits()) == (22, None)


@pytest.mark.parametrize(
    "text",
    [
        '{ viewer @idempotent(key: "k") { code } }',
        '{ viewer { code @idempotent(key: "k") } }',
        'subscription { changes @idempotent(key: "k") { __typename } }',
        'mutation { itemAdd(input: {number: "1", description: "d", unit: "C62"}) { item { id @idempotent(key: "k") } } }',
        'query { ...F } fragment F on Query { viewer @idempotent(key: "k") { code } }',
    ],
)
async def test_a_key_goes_on_a_field_of_a_mutation_and_nowhere_else(text: str) -> None:
    with pytest.raises(InvalidDocument) as caught:
        await Documents(load_schema().core, lambda *_: 1).get(text)
    [error] = caught.value.errors
    assert "'@idempotent' goes on a field of a mutation" in error.message
    assert error.code == "GRAPHQL_VALIDATION_FAILED"


async def test_a_key_goes_on_each_field_of_a_mutation() -> None:
    add = 'itemAdd(input: {number: "1", description: "d", unit: "C62"}) @idempotent(key: "k") { item { id } }'
    text = f"mutation {{ a: {add} ...F }} fragment F on Mutation {{ b: {add} }}"
    assert (await Documents(load_schema().core, lambda *_: 1).get(text)).kind == "mutation"
