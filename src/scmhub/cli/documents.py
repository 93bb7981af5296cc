"""``scmhub documents``: the documents that clients send by their hash, from a build's shell.

``push`` and ``list`` call the hub like any administrator. ``check`` asks which documents another schema would break: a
partner about its own, the operator on the hub's machine about everybody's.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from scmhub.cli.admin import admin_token, open_hub
from scmhub.cli.hub_access import Token, ask, hub_url, token_of
from scmhub.clock import system_clock
from scmhub.graph.stored import digest_of

PAGE = 25
"""Documents of one answer: each may have 64 KiB."""
MOST_PROBLEMS = 10
MOST_HASHES = 250
"""Hashes of one question."""
_LIST = f"""query ($where: DocumentWhere, $after: String) {{ viewer {{ code }}
  documents(where: $where, first: {PAGE}, after: $after) {{ pageInfo {{ hasNextPage endCursor }}
    nodes {{ name sha256 text state cost lastUsedAt answersUntil }} }} }}"""
_KNOWN = """query ($where: DocumentWhere) { documents(where: $where, first: 250) { nodes { sha256 cost } } }"""
_CHECK = "query ($text: String!) { documentCheck(document: $text) { sha256 cost problems } }"
_REGISTER = """mutation ($input: DocumentRegisterInput!) { documentRegister(input: $input) {
  document { sha256 cost } userErrors { code message } } }"""
_EVERYBODYS = """
select p.code as partner, d.name, d.sha256, d.text, d.last_used_at from stored_document d
join partner p on p.id = d.partner_id
where d.answers_until is null or d.answers_until > $1 order by p.code, d.name, d.id
"""


class Access:
    """Which hub, and as whom."""

    def __init__(self, partner: str | None, url: str | None, token_file: Path | None) -> None:
        self._url = hub_url(url)
        self._token: Token = token_of(partner, token_file) if token_file or partner is None else _made_once(partner)

    async def ask(self, document: str, **variables: Any) -> dict[str, Any]:
        return await ask(self._url, self._token, document, **variables)

    async def documents(self, where: dict[str, Any] | None = None) -> AsyncIterator[dict[str, Any]]:
        """Those of the caller's partner, with its code as ``partner``."""
        after, more = None, True
        while more:
            found = await self.ask(_LIST, where=where, after=after)
            for each in found["documents"]["nodes"]:
                yield {"partner": found["viewer"]["code"], **each}
            page = found["documents"]["pageInfo"]
            after, more = page["endCursor"], page["hasNextPage"]


def _made_once(partner: str) -> Token:
    """An administrator's token for a whole run: each one made is a row in the audit trail."""
    made: list[str] = []

    async def token() -> str:
        if not made:
            made.append(await admin_token(partner, 15))
        return made[0]

    return token


async def push(access: Access, paths: list[Path], *, dry_run: bool) -> list[Mapping[str, Any]]:
    """Registers what is not registered; a row for each document says what was done, or is wrong."""
    texts = {digest_of(text): (text, name) for text, name in _texts(paths)}
    known = await _registered(access, list(texts))
    return [
        {"name": name, "sha256": sha256, "cost": known[sha256], "result": "known", "problems": []}
        if sha256 in known else await _push(access, text, name, dry_run)
        for sha256, (text, name) in texts.items()
    ]  # fmt: skip


async def _registered(access: Access, hashes: list[str]) -> dict[str, int]:
    """Those of the hashes that are registered, with their cost: asked by hash alone, no text travels."""
    found: dict[str, int] = {}
    for at in range(0, len(hashes), MOST_HASHES):
        where = {"sha256": {"in": hashes[at : at + MOST_HASHES]}, "state": {"eq": "REGISTERED"}}
        answer = await access.ask(_KNOWN, where=where)
        found |= {each["sha256"]: each["cost"] for each in answer["documents"]["nodes"]}
    return found


async def _push(access: Access, text: str, name: str, dry_run: bool) -> Mapping[str, Any]:
    found = (await access.ask(_CHECK, text=text))["documentCheck"]
    row = {"name": name, "sha256": found["sha256"], "cost": found["cost"], "problems": []}
    if found["problems"]:
        return row | {"result": "refused", "problems": found["problems"]}
    if dry_run:
        return row | {"result": "new"}
    done = (await access.ask(_REGISTER, input={"text": text, "name": name}))["documentRegister"]
    problems = [each["message"] for each in done["userErrors"] if each["code"] != "DUPLICATE"]
    return row | {"result": "refused" if problems else "registered", "problems": problems}


async def listed(access: Access) -> list[Mapping[str, Any]]:
    """All documents, without their texts."""
    return [{name: each[name] for name in each if name != "text"} async for each in access.documents()]


async def broken(access: Access | None, schema_file: Path | None) -> list[Mapping[str, Any]]:
    """Each document that answers today and would not run under the schema; of everybody without ``access``."""
    from graphql import parse, validate

    from scmhub.graph.documents import RULES

    schema = _schema(schema_file)
    if access is None:
        documents = await _everybodys()
    else:
        documents = [each async for each in access.documents() if each["state"] == "REGISTERED" or _answers(each)]
    return [
        {name: each[name] for name in ("partner", "name", "sha256", "lastUsedAt")} | {"problem": error.message[:300]}
        for each in documents
        for error in validate(schema, parse(each["text"]), RULES, max_errors=MOST_PROBLEMS, hide_suggestions=True)
    ]


async def _everybodys() -> list[dict[str, Any]]:
    async with open_hub() as hub:
        rows = await hub.database.read.rows(_EVERYBODYS, hub.clock())
    return [{**row, "lastUsedAt": row["last_used_at"]} for row in rows]


def _answers(document: dict[str, Any]) -> bool:
    return datetime.fromisoformat(document["answersUntil"]) > system_clock()


def _schema(file: Path | None) -> Any:
    """The schema in a file, or of this version of the hub; ValueError if it is none."""
    from graphql import GraphQLError, build_schema

    from scmhub.schema import load_schema

    if file is None:
        return load_schema().core
    try:
        return build_schema(_text(file))
    except (GraphQLError, TypeError) as error:
        raise ValueError(f"{file} is not a GraphQL schema: {error}") from None


def _texts(paths: list[Path]) -> Iterator[tuple[str, str]]:
    """Text and name of every document in files (.graphql, .gql, a manifest in .json) and folders of such files."""
    for path in paths:
        if path.is_dir():
            inside = sorted(each for each in path.rglob("*") if each.suffix in (".graphql", ".gql"))
            if not inside:
                raise ValueError(f"{path} holds no .graphql or .gql file.")
            yield from _texts(inside)
        elif path.suffix == ".json":
            yield from _manifest(path)
        else:
            yield _text(path), path.stem


def _manifest(path: Path) -> Iterator[tuple[str, str]]:
    """Documents of a persisted-query manifest: Apollo's ``operations``, or plain {hash: text}."""
    try:
        found = orjson.loads(path.read_bytes())
        entries = found["operations"] if isinstance(found.get("operations"), list) else None
        for each in entries if entries is not None else [{"name": key, "body": found[key]} for key in found]:
            yield str(each["body"]), str(each.get("name") or path.stem)
    except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
        raise ValueError(f"{path} is not a manifest of documents: {error}") from None


def _text(path: Path) -> str:
    """The file byte for byte: its hash is that of what clients send."""
    try:
        return path.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read: {error}") from None
