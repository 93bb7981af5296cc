"""What a partner does with its integrations: each change and its row in the audit trail are one transaction.

Used by GraphQL and by the command line alike. A secret exists as text once, in the answer to whoever made it.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import orjson
from joserfc.errors import JoseError
from sqlmodel import col, select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.feed import audit
from scmhub.identity.barring import bar, name_of, renew
from scmhub.identity.clients import UNUSED, public_key, unused_since
from scmhub.identity.grades import end_grade
from scmhub.identity.proofs import digest_of
from scmhub.identity.tables import ANY, CredentialProofTable, CredentialTable, IntegrationTable
from scmhub.identity.viewer import TokenScope
from scmhub.ids import new_id
from scmhub.sharing.reviews import integration_moved

SECRET_LIFE = timedelta(days=180)
KEY_LIFE = timedelta(days=365)
_LOST = f"""
select c.id from credential c where {UNUSED} and c.revoked_at is null and c.expires_at > $2 and c.partner_id = $3
for update
"""
MOST_ACTIVE = 2
"""Credentials of a kind in force at once: the old one and the new one while rotating."""
MOST_OVERLAP_HOURS = 7 * 24
MOST_NAME = 200
GRANTABLE = frozenset({TokenScope.READ, TokenScope.WRITE, TokenScope.SUBSCRIBE})
"""What a machine may ever do: administration is for people."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What its eyes are limited to, sorted; None: they are not."""

    purposes: list[str] | None = None
    kinds: list[str] | None = None

    def check(self) -> None:
        """Refusal REQUIRED for a limit that leaves nothing: suspend it instead."""
        for name, given in (("purposes", self.purposes), ("kinds", self.kinds)):
            if given == []:
                raise Refusal("REQUIRED", "Name at least one, or give null for no limit.", ["input", name])


def _rights(integration: IntegrationTable) -> dict[str, list[str]]:
    """What it may do, as the audit trail tells it; what it is not limited in is left out."""
    limits = {"purposes": integration.purposes, "kinds": integration.kinds}
    return {"tokenScopes": integration.token_scopes} | {name: given for name, given in limits.items() if given}


async def create(
    unit: Unit, name: str, token_scopes: Iterable[TokenScope], documents: str = ANY, limits: Limits = Limits()
) -> tuple[IntegrationTable, str]:
    """A new integration and its first secret."""
    scopes = _scopes(token_scopes)
    limits.check()
    check_name(name)
    made = IntegrationTable(
        id=new_id(unit.now), partner_id=unit.partner_id, name=name, token_scopes=sorted(scopes), created_at=unit.now,
        documents=documents, purposes=limits.purposes, kinds=limits.kinds,
    )  # fmt: skip
    unit.session.add(made)
    await unit.session.flush()
    _, secret = await _add_secret(unit, made)
    await audit.record(unit, "integration.created", _subject(made), {**_rights(made), "documents": documents})
    if documents != ANY:
        renew(unit)
    return made, secret


def _scopes(given: Iterable[TokenScope]) -> frozenset[TokenScope]:
    scopes = frozenset(given)
    if not scopes:
        raise Refusal("REQUIRED", "Name at least one token scope.", ["input", "tokenScopes"])
    if not scopes <= GRANTABLE:
        raise Refusal("FORBIDDEN", "An integration cannot administer.", ["input", "tokenScopes"])
    return scopes


def check_name(name: str) -> str:
    """The name an administrator gives to something; Refusal INVALID if it is none."""
    if not name.strip() or name != name.strip() or len(name) > MOST_NAME or not name.isprintable():
        raise Refusal("INVALID", f"A name has 1 to {MOST_NAME} characters, no space around it.", ["input", "name"])
    return name


async def rotate_secret(unit: Unit, integration: IntegrationTable, overlap_hours: int) -> tuple[CredentialTable, str]:
    """A new secret; the ones before work for ``overlap_hours`` longer, 0: not at all."""
    if not 0 <= overlap_hours <= MOST_OVERLAP_HOURS:
        path = ["input", "overlapHours"]
        raise Refusal("OUT_OF_RANGE", f"The overlap is 0 to {MOST_OVERLAP_HOURS} hours.", path, integration.id)
    _check_active(integration)
    ends = unit.now + timedelta(hours=overlap_hours)
    old = await _in_force(unit, integration, "SECRET")
    for credential in old[-1:]:
        await _end(unit, credential, ends)
    for credential in old[:-1]:  # at most two at once: one from an earlier rotation goes now
        await _end(unit, credential, unit.now)
    made, secret = await _add_secret(unit, integration)
    details = {"credential": str(made.id), "overlapHours": overlap_hours}
    await audit.record(unit, "integration.secretRotated", _subject(integration), details)
    return made, secret


async def add_key(unit: Unit, integration: IntegrationTable, jwk: str) -> CredentialTable:
    """A public key for private_key_jwt."""
    path = ["input", "publicJwk"]
    _check_active(integration)
    try:
        given = orjson.loads(jwk)
        if not isinstance(given, dict):
            raise ValueError("expected a JSON object")
        if "d" in given:
            raise ValueError("this is the private key: make a new one, keep it secret and send only the public half")
        public = public_key(given).as_dict(private=False)
    except (ValueError, KeyError, TypeError, JoseError, RecursionError) as error:
        known = isinstance(error, ValueError) and not isinstance(error, orjson.JSONDecodeError)
        text = str(error) if known else "expected a public JWK as JSON"
        raise Refusal("INVALID", f"{text[:1].upper()}{text[1:200]}.", path, integration.id) from None
    if len(await _in_force(unit, integration, "PUBLIC_KEY")) >= MOST_ACTIVE:
        raise Refusal("OUT_OF_RANGE", f"It has {MOST_ACTIVE} keys: revoke one first.", path, integration.id)
    made = await _add(unit, integration, "PUBLIC_KEY", KEY_LIFE)
    proof = orjson.dumps({name: public[name] for name in public if name in ("kty", "crv", "x", "y", "n", "e")}).decode()
    unit.session.add(CredentialProofTable(credential_id=made.id, partner_id=unit.partner_id, public_jwk=proof))
    await audit.record(unit, "integration.keyAdded", _subject(integration), {"credential": str(made.id)})
    return made


async def revoke_credential(unit: Unit, credential: CredentialTable) -> None:
    """Ends a credential, and within two seconds every token issued for it."""
    if credential.revoked_at is not None and credential.revoked_at <= unit.now:
        path = ["input", "credential"]
        raise Refusal("ILLEGAL_TRANSITION", "It is revoked; there is no further step.", path, credential.id)
    await _end(unit, credential, unit.now)
    await _record_end(unit, credential, "integration.credentialRevoked")


async def _record_end(unit: Unit, credential: CredentialTable, action: str) -> None:
    subject = audit.subject_of("integration", credential.integration_id)
    await audit.record(unit, action, subject, {"credential": str(credential.id)})


async def end_unused(unit: Unit) -> None:
    """Ends the acting partner's secrets that nobody used for so long that they prove nothing any more."""
    lost = await unit.rows(_LOST, unused_since(unit.now), unit.now, unit.partner_id)
    keys = [row["id"] for row in lost]
    found = await unit.session.exec(select(CredentialTable).where(col(CredentialTable.id).in_(keys)))
    for credential in found.all():
        await _end(unit, credential, unit.now)
        await _record_end(unit, credential, "integration.credentialUnused")


async def suspend(unit: Unit, integration: IntegrationTable) -> None:
    """No token any more, and within two seconds none that was issued."""
    _check_active(integration)
    integration.state = "SUSPENDED"
    integration.version += 1
    unit.session.add(integration)
    bar(unit, name_of("integration", integration.id))
    await integration_moved(unit, integration.id, integration.grade, over=True)
    await audit.record(unit, "integration.suspended", _subject(integration))


async def set_permissions(
    unit: Unit, integration: IntegrationTable, token_scopes: Iterable[TokenScope], limits: Limits
) -> None:
    """What its tokens may do from now on; those of before end within seconds."""
    _check_active(integration)
    before, scopes = _rights(integration), sorted(_scopes(token_scopes))
    limits.check()
    integration.token_scopes = [str(each) for each in scopes]
    integration.purposes, integration.kinds = limits.purposes, limits.kinds
    if before == _rights(integration):
        return
    await end_grade(unit, integration.id, integration.grade)
    integration.grade += 1
    integration.version += 1
    unit.session.add(integration)
    await unit.session.flush()
    await integration_moved(unit, integration.id, integration.grade, over=False)
    details = {"before": before, "after": _rights(integration)}
    await audit.record(unit, "integration.permissionsSet", _subject(integration), details)


async def set_documents(unit: Unit, integration: IntegrationTable, documents: str) -> None:
    """Which documents it may send; every process knows it within two seconds, for tokens that are out as well."""
    _check_active(integration)
    integration.documents = documents
    integration.version += 1
    unit.session.add(integration)
    renew(unit)
    await audit.record(unit, "integration.documentsSet", _subject(integration), {"documents": documents})


def _check_active(integration: IntegrationTable) -> None:
    if integration.state != "ACTIVE":
        path = ["input", "integration"]
        raise Refusal("ILLEGAL_TRANSITION", "The integration is suspended: create another.", path, integration.id)


async def _add_secret(unit: Unit, integration: IntegrationTable) -> tuple[CredentialTable, str]:
    secret = secrets.token_urlsafe(32)
    made = await _add(unit, integration, "SECRET", SECRET_LIFE)
    unit.session.add(
        CredentialProofTable(credential_id=made.id, partner_id=unit.partner_id, secret_sha256=digest_of(secret))
    )
    return made, secret


async def _add(unit: Unit, integration: IntegrationTable, kind: str, life: timedelta) -> CredentialTable:
    made = CredentialTable(
        id=new_id(unit.now), partner_id=unit.partner_id, integration_id=integration.id, kind=kind,
        created_at=unit.now, expires_at=unit.now + life,
    )  # fmt: skip
    unit.session.add(made)
    await unit.session.flush()
    return made


async def _in_force(unit: Unit, integration: IntegrationTable, kind: str) -> list[CredentialTable]:
    found = await unit.session.exec(
        select(CredentialTable)
        .where(
            CredentialTable.integration_id == integration.id,
            CredentialTable.kind == kind,
            CredentialTable.revoked_at.is_(None),  # type: ignore[union-attr]
            CredentialTable.expires_at > unit.now,
        )
        .order_by(CredentialTable.id)  # type: ignore[arg-type]
        .with_for_update()
    )
    return list(found.all())


async def _end(unit: Unit, credential: CredentialTable, at: datetime) -> None:
    """From ``at`` on it proves nothing; tokens issued for it before end at once only if that is now."""
    credential.expires_at = min(credential.expires_at, at)
    if at <= unit.now:
        credential.revoked_at = unit.now
        bar(unit, name_of("credential", credential.id))
    unit.session.add(credential)
    await unit.session.flush()


def _subject(integration: IntegrationTable) -> str:
    return audit.subject_of("integration", integration.id)


async def find(unit: Unit, key: UUID) -> IntegrationTable | None:
    """An integration of the acting partner, locked."""
    found = await unit.session.exec(select(IntegrationTable).where(IntegrationTable.id == key).with_for_update())
    return found.first()
