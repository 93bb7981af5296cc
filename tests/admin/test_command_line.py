"""The operator's shell beside a serving hub: what it prints, what it writes, and the status a script branches on."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import orjson
import pytest
from alembic.script import ScriptDirectory
from joserfc.jwk import ECKey

from scmhub.database.migrate import migrations_folder
from scmhub.identity.roles import Role
from tests.conftest import TEST_SECRET
from tests.identity.conftest import Live, eventually
from tests.identity.people import Browser, person
from tests.support.forked import Commands, Done


@dataclass
class Shell:
    commands: Commands
    environ: dict[str, str]

    async def run(self, *arguments: str) -> Done:
        return await asyncio.to_thread(self.commands.run, self.environ, *arguments)

    async def row(self, *arguments: str) -> dict[str, Any]:
        done = await self.run(*arguments, "--json")
        assert done.status == 0, done.err
        return done.row

    async def refused(self, *arguments: str) -> str:
        done = await self.run(*arguments)
        assert (done.status, done.out) == (3, ""), done.err
        return " ".join(done.err.split())


@pytest.fixture
async def shell(live: Live, commands: Commands) -> Shell:
    head = ScriptDirectory(str(migrations_folder())).get_current_head()
    await live.sql("create table alembic_version (version_num varchar(32) primary key)",
                   f"insert into alembic_version values ('{head}')")  # fmt: skip
    at = live.admin
    return Shell(
        commands,
        {
            "PATH": os.environ["PATH"], "NO_COLOR": "1",
            "SCMHUB_DATABASE_URL": f"postgresql://{at.user}:{quote(at.password)}@/{at.database}?host={quote(at.host, safe='')}",
            "SCMHUB_SECRET": TEST_SECRET, "SCMHUB_HOME": str(live.hub.settings.home), "SCMHUB_PUBLIC_URL": live.url,
            "SCMHUB_ALLOW_UNSAFE_DATABASE": "true",
        }
    )  # fmt: skip


async def status(live: Live, bearer: str) -> int:
    return (await live.graphql(bearer)).status_code


async def test_an_integration_from_its_first_secret_to_its_end(live: Live, shell: Shell, tmp_path: Path) -> None:
    rehearsed = await shell.row("integration", "create", "--partner", "BOLT", "--name", "EDI", "--dry-run")
    assert (rehearsed["clientSecret"], rehearsed["dryRun"]) == (None, True)
    assert await live.hub.database.read.rows("select from integration where name = 'EDI'") == []

    made = await shell.row("integration", "create", "--partner", "BOLT", "--name", "EDI")
    assert made["tokenEndpoint"] == f"{live.url}/oauth/token"
    old = (made["clientId"], made["clientSecret"])
    bearer = str((await live.ask(auth=old)).json()["access_token"])
    assert await status(live, bearer) == 200

    fresh = await shell.row("integration", "rotate", made["clientId"], "--partner", "BOLT", "--overlap-hours", "1")
    assert (await live.ask(auth=(made["clientId"], fresh["clientSecret"]))).status_code == 200
    assert (await live.ask(auth=old)).status_code == 200, "it overlaps"

    key = tmp_path / "key.json"
    key.write_bytes(orjson.dumps(ECKey.generate_key("P-256", private=True).as_dict(private=False)))
    added = await shell.row("integration", "add-key", made["clientId"], str(key), "--partner", "BOLT")
    assert added["credential"].startswith("crd_")
    listed = await shell.row("integration", "list", "--partner", "BOLT")
    assert (listed["name"], listed["state"], listed["scopes"]) == ("EDI", "ACTIVE", "hub:read hub:subscribe hub:write")
    assert listed["lastUsedAt"] and listed["nextExpiry"]
    assert json.loads((await shell.run("integration", "list", "--partner", "BOLT", "--stale-days", "1", "--json")).out) == []

    rehearsed = await shell.row("integration", "bind", made["clientId"], "--partner", "BOLT", "--dry-run")
    assert (rehearsed["documents"], rehearsed["dryRun"]) == ("TRUSTED", True)
    for extra, refused in (((), True), (("--free",), False)):
        await shell.row("integration", "bind", made["clientId"], "--partner", "BOLT", *extra)

        async def follows(refused: bool = refused) -> bool:
            return ("PERSISTED_QUERY_NOT_IN_LIST" in (await live.graphql(bearer)).text) == refused

        await eventually(follows)

    await shell.row("integration", "revoke", made["clientId"], "--partner", "BOLT")

    async def ended() -> bool:
        return await status(live, bearer) == 401

    await eventually(ended)
    again = await shell.refused("integration", "revoke", made["clientId"], "--partner", "BOLT")
    assert again == "scmhub: refused (ILLEGAL_TRANSITION): The integration is suspended: create another."


async def test_partners_come_stop_and_come_back(live: Live, shell: Shell) -> None:
    assert (await shell.row("partner", "add", "CARGO", "--name", "Cargo", "--dry-run"))["dryRun"] is True
    missing = await shell.refused("partner", "suspend", "CARGO")
    assert "NOT_FOUND" in missing
    await shell.row("partner", "add", "CARGO", "--name", "Cargo")
    assert "DUPLICATE" in await shell.refused("partner", "add", "CARGO", "--name", "Cargo")
    made = await shell.run("token", "--partner", "CARGO", "--json")
    bearer = json.loads(made.out)["accessToken"]
    assert await status(live, bearer) == 200
    await shell.row("partner", "suspend", "CARGO")

    async def ended() -> bool:
        return await status(live, bearer) == 401

    await eventually(ended)
    await shell.row("partner", "reactivate", "CARGO")

    async def back() -> bool:
        return await status(live, bearer) == 200

    await eventually(back)


async def test_why_somebody_did_it_is_kept(live: Live, shell: Shell) -> None:
    """The option means what ``reason`` means in GraphQL, for each group of commands that changes something."""
    acts = (
        ("partner", "add", "CARGO", "--name", "Cargo"), ("partner", "suspend", "CARGO"),
        ("integration", "create", "--partner", "BOLT", "--name", "EDI"),
        ("user", "invite", "--partner", "BOLT", "--name", "Ben", "--email", "ben@bolt.example", "--role", "reader"),
        ("keys", "rotate"),
    )  # fmt: skip
    for number, act in enumerate(acts):
        await shell.row(*act, "--reason", f"Ticket {number}.")
    rows = await live.hub.database.read.rows("select action, reason from audit_entry where reason is not null order by id")
    told = [("partner.registered", 0), ("partner.suspended", 1), ("integration.created", 2), ("person.invited", 3), ("signingKey.published", 4)]
    assert [(row["action"], row["reason"]) for row in rows] == [(action, f"Ticket {number}.") for action, number in told]
    assert "begins or ends with a space" in await shell.refused("partner", "reactivate", "CARGO", "--reason", " x")
    assert (await live.hub.database.read.rows("select status from partner where code = 'CARGO'"))[0]["status"] == "SUSPENDED"


async def test_people_are_invited_given_roles_and_sent_away(live: Live, shell: Shell) -> None:
    who = ("--partner", "ACME", "--name", "Ben", "--email", "Ben@acme.example")
    invited = await shell.row("user", "invite", *who, "--role", "admin", "--role", "planner")
    assert invited["link"].startswith(f"{live.url}/invitation#")
    body = {"token": invited["link"].partition("#")[2], "password": "correct horse battery"}
    entered = await Browser(live).post("/invitation/accept", body)
    assert entered.status_code == 200
    ben = Browser(live, entered.cookies["scmhub"])
    [listed] = json.loads((await shell.run("user", "list", "--partner", "ACME", "--json")).out)
    assert (listed["name"], listed["email"], listed["roles"]) == ("Ben", "ben@acme.example", "ADMIN PLANNER")
    assert listed["lastLoginAt"]

    last = await shell.refused("user", "roles", listed["id"], "--partner", "ACME", "--role", "reader")
    assert "This is the last ADMIN" in last
    assert "per_unknown" in await shell.refused("user", "deactivate", "per_unknown", "--partner", "ACME")
    assert "NOT_FOUND" in await shell.refused("user", "deactivate", listed["id"], "--partner", "BOLT")
    wrong = await shell.run("user", "invite", *who, "--role", "boss")
    assert (wrong.status, "There is no role BOSS" in " ".join(wrong.err.split())) == (2, True)
    assert "DUPLICATE" in await shell.refused("user", "invite", *who, "--role", "admin")

    await person(live, live.acme, Role.ADMIN)
    done = await shell.run("user", "roles", listed["id"], "--partner", "ACME", "--role", "reader")
    assert (done.status, done.err) == (0, "")

    async def logged_out() -> bool:
        return (await ben.graphql()).status_code == 401

    await eventually(logged_out)
    assert (await shell.run("user", "deactivate", listed["id"], "--partner", "ACME")).status == 0
    after = json.loads((await shell.run("user", "list", "--partner", "ACME", "--json")).out)
    assert [(each["name"], each["roles"], each["state"]) for each in after if each["name"] == "Ben"] == [("Ben", "READER", "DEACTIVATED")]
    rows = await live.hub.database.read.rows("select actor, action from audit_entry where action like 'person.%' order by seq")
    assert [tuple(row) for row in rows] == [
        ("operator", "person.invited"), ("operator", "person.rolesSet"), ("operator", "person.deactivated"),
    ]  # fmt: skip


async def test_keys_rotate_in_two_steps(live: Live, shell: Shell) -> None:
    assert (await shell.row("keys", "rotate", "--dry-run")) == {"kid": None, "state": "PENDING", "dryRun": True}
    done = await shell.run("keys", "rotate", "--json")
    kid = done.row["kid"]
    assert done.err.strip() == "Published; rotate again in five minutes."

    async def published() -> bool:
        keys = (await live.http.get("/.well-known/jwks.json")).json()["keys"]
        return kid in [key["kid"] for key in keys]

    await eventually(published)
    assert "rotate again after" in await shell.refused("keys", "rotate")
    bearer = str((await live.token()).json()["access_token"])
    await shell.row("keys", "revoke", live.hub.ring.active.thumbprint())

    async def ended() -> bool:
        return await status(live, bearer) == 401

    await eventually(ended)
    assert "scmhub keys list" in await shell.refused("keys", "revoke", "unknown")


async def test_errors_say_what_to_do_and_each_has_its_status(live: Live, shell: Shell) -> None:
    unknown = await shell.refused("integration", "list", "--partner", "NOBODY")
    assert unknown == "scmhub: refused (NOT_FOUND): No partner has the code NOBODY: 'scmhub partners' lists them."
    usage = await shell.run("integration", "create", "--partner", "ACME")
    assert usage.status == 2
    assert "--name" in usage.err
    nofile = await shell.run("integration", "add-key", live.client_id, "/nonexistent.json", "--partner", "ACME")
    assert (nofile.status, "cannot be read" in nofile.err) == (2, True)
    shell.environ["SCMHUB_DATABASE_URL"] = "postgresql://postgres@127.0.0.1:1/none"
    away = await shell.run("partner", "suspend", "ACME")
    assert (away.status, away.out, "Traceback" in away.err) == (4, "", False)


@contextmanager
def checking(live: Live) -> Iterator[list[str]]:
    """The texts that the hub is asked to read."""
    texts: list[str] = []
    read = live.hub.stored.read

    async def noted(text: str, partner: UUID) -> Any:
        texts.append(text)
        return await read(text, partner)

    live.hub.stored.read = noted  # type: ignore[method-assign]
    yield texts
    live.hub.stored.read = read  # type: ignore[method-assign]


async def test_documents_are_pushed_listed_and_checked(live: Live, shell: Shell, tmp_path: Path) -> None:
    folder = tmp_path / "documents"
    folder.mkdir()
    (folder / "me.graphql").write_text("query Me { viewer { code } }\n")
    (folder / "orders.gql").write_text("query Orders($n: Int) { orders(first: $n) { nodes { id number: buyerNumber } } }")
    manifest = tmp_path / "manifest.json"
    manifest.write_text(json.dumps({"format": "apollo-persisted-query-manifest", "version": 1, "operations": [
        {"id": "x", "name": "Name", "type": "query", "body": "query Name { viewer { name } }"}]}))  # fmt: skip
    plain = tmp_path / "plain.json"
    plain.write_text(json.dumps({"abc": "query Id { viewer { id } }"}))

    async def rows(*arguments: str, status: int = 0) -> list[dict[str, Any]]:
        done = await shell.run("documents", *arguments, "--json")
        assert done.status == status, done.err
        return list(json.loads(done.out))

    tried = await rows("push", str(folder), str(manifest), str(plain), "--as", "BOLT", "--dry-run")
    assert [(each["name"], each["result"], each["cost"]) for each in tried] == [
        ("me", "new", 2), ("orders", "new", 4), ("Name", "new", 2), ("abc", "new", 2),
    ]  # fmt: skip
    assert await live.hub.database.read.rows("select from stored_document") == []
    done = await rows("push", str(folder), str(manifest), "--as", "BOLT")
    assert [each["result"] for each in done] == ["registered"] * 3
    with checking(live) as checked:
        again = await rows("push", str(folder), str(plain), "--as", "BOLT")
    assert set(checked) == {"query Id { viewer { id } }"}, "what is registered is known by its hash: no text travels"
    assert [each["result"] for each in again] == ["known", "known", "registered"]
    assert [each["name"] for each in await rows("list", "--as", "BOLT")] == ["abc", "Name", "orders", "me"]

    (folder / "wrong.graphql").write_text("{ viewer { cod } }")
    refused = await rows("push", str(folder), "--as", "BOLT", status=3)
    assert refused[2]["problems"] == ["Cannot query field 'cod' on type 'Partner'. (line 1, column 12)"]

    token_file = tmp_path / "token"
    token_file.write_text((await shell.run("admin", "token", "--partner", "ACME")).out)
    theirs = ("--token-file", str(token_file), "--hub", live.url)
    assert await rows("push", str(plain), *theirs) != []
    schema = tmp_path / "next.graphql"
    schema.write_text((await shell.run("schema")).out.replace("\n  buyerNumber: String", "\n  purchaseOrder: String", 1))
    broken = await rows("check", "--schema", str(schema), status=1)
    assert [(each["partner"], each["name"], each["lastUsedAt"]) for each in broken] == [("BOLT", "orders", None)]
    assert broken[0]["problem"] == "Cannot query field 'buyerNumber' on type 'Order'."
    assert await rows("check", "--schema", str(schema), "--as", "BOLT", status=1) == broken
    assert await rows("check", "--schema", str(schema), *theirs) == []
    assert await rows("check") == []

    for arguments, status in (
        (("push", str(tmp_path / "missing.graphql"), *theirs), 2),
        (("push", str(token_file.with_suffix(".json")), *theirs), 2),
        (("check", "--schema", str(manifest)), 2),
        (("push", str(folder)), 2),
        (("list", "--token-file", str(token_file), "--hub", "http://127.0.0.1:9"), 4),
    ):
        assert (await shell.run("documents", *arguments)).status == status, arguments
