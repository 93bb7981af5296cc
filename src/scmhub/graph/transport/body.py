"""From the bytes of a body or a query string to a GraphQLRequest, refusing what is not one."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import unquote_to_bytes

import orjson

from scmhub.errors import BadRequest
from scmhub.graph.limits import Limits
from scmhub.graph.request import GraphQLRequest, Named

_QUERY_FIELDS: Final = 20
"""Parameters of a query string that are looked at."""


def from_json(body: bytes, request_id: str, key: str | None, limits: Limits) -> GraphQLRequest:
    """The request in a JSON body; BadRequest says which part is not as it should be."""
    if not body:
        raise BadRequest("The body is empty; send a JSON object with a 'query'.")
    try:
        parameters = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"The body is not JSON in UTF-8: {error.msg}.", reason="BAD_JSON") from None
    if type(parameters) is not dict:
        if isinstance(parameters, list):
            raise BadRequest("Batches are not supported; send one operation per request.", reason="BATCH")
        raise BadRequest("The body must be a JSON object.", reason="BAD_JSON")
    check_shape(parameters, limits)
    return request_of(parameters, request_id, key, False)


def from_query(query_string: bytes, request_id: str, key: str | None, limits: Limits) -> GraphQLRequest:
    """The request in a query string, for GET."""
    parameters: dict[str, Any] = {}
    pairs = query_string.split(b"&", _QUERY_FIELDS)
    if len(pairs) > _QUERY_FIELDS:
        raise BadRequest(f"The query string has more than {_QUERY_FIELDS} parameters.")
    for pair in pairs:
        name, _, value = pair.partition(b"=")
        try:
            field, text = _unquoted(name), _unquoted(value)
        except UnicodeDecodeError:
            raise BadRequest("The query string is not percent-encoded UTF-8.") from None
        if field in parameters:
            raise BadRequest("A parameter is given twice in the query string.")
        parameters[field] = text
    for field in ("variables", "extensions"):
        if field in parameters:
            parameters[field] = _json_parameter(field, parameters[field])
    check_shape(parameters, limits)
    return request_of(parameters, request_id, key, True)


def check_shape(parameters: dict[str, Any], limits: Limits) -> None:
    """BadRequest if the JSON nests too deeply or holds too many values; level by level, so nothing recurses."""
    level: list[Any] = [value for value in parameters.values() if type(value) is dict or type(value) is list]
    elements = len(parameters)
    depth = 1
    while level:
        depth += 1
        if depth > limits.json_depth:
            raise BadRequest(f"The JSON is nested deeper than {limits.json_depth} levels.", reason="JSON_DEPTH")
        below: list[Any] = []
        for value in level:
            elements += len(value)
            if elements > limits.json_elements:
                break
            items = value.values() if type(value) is dict else value
            below += [item for item in items if type(item) is dict or type(item) is list]
        level = below if elements <= limits.json_elements else []
    if elements > limits.json_elements:
        raise BadRequest(f"The JSON holds more than {limits.json_elements} values.", reason="JSON_ELEMENTS")


def request_of(
    parameters: dict[str, Any], request_id: str, key: str | None = None, queries_only: bool = False
) -> GraphQLRequest:
    """The request in parameters of any transport; BadRequest if one is of the wrong type."""
    query = parameters.get("query")
    variables = parameters.get("variables")
    operation_name = parameters.get("operationName")
    extensions = parameters.get("extensions")
    if extensions is not None and type(extensions) is not dict:
        raise BadRequest("'extensions' must be an object.")
    named = _named(parameters, extensions) if extensions or "documentId" in parameters else None
    if type(query) is not str:
        if query is not None:
            raise BadRequest("'query' must be a string.")
        if named is None:
            raise BadRequest("The parameter 'query' is missing.")
        query = ""
    if variables is not None and type(variables) is not dict:
        raise BadRequest("'variables' must be an object.")
    if operation_name is not None and type(operation_name) is not str:
        raise BadRequest("'operationName' must be a string.")
    return GraphQLRequest(query, variables or {}, operation_name or None, request_id, key, queries_only, named)


def _named(parameters: dict[str, Any], extensions: dict[str, Any] | None) -> Named | None:
    """The document's hash, if it is given; what the hash must look like is for the stored documents to say."""
    document_id = parameters.get("documentId")
    persisted = (extensions or {}).get("persistedQuery")
    if document_id is not None:
        if type(document_id) is not str:
            raise BadRequest("'documentId' must be a string.")
        if persisted is not None or parameters.get("query"):
            raise BadRequest("Name the document once: 'documentId', or 'query', or a persisted query.")
        prefix, _, digest = document_id.partition(":")
        return Named(digest if prefix == "sha256" else "", listed=True)
    if persisted is None:
        return None
    if type(persisted) is not dict or type(persisted.get("sha256Hash")) is not str:
        raise BadRequest("'extensions.persistedQuery' must be an object with a string 'sha256Hash'.")
    if persisted.get("version") != 1:
        raise BadRequest("'extensions.persistedQuery.version' must be 1.")
    return Named(persisted["sha256Hash"])


def _json_parameter(field: str, text: str) -> Any:
    if not text:
        return None
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise BadRequest(f"'{field}' is not JSON: {error.msg}.", reason="BAD_JSON") from None


def _unquoted(part: bytes) -> str:
    return unquote_to_bytes(part.replace(b"+", b" ")).decode("utf-8")
