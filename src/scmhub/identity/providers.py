"""What an administrator does with the partner's identity provider; a version counts only after a test login."""

from __future__ import annotations

import base64
from datetime import timedelta
from uuid import UUID

import orjson
from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.feed import audit
from scmhub.identity import people
from scmhub.identity.people_tables import PersonTable
from scmhub.identity.provider_tables import IdentityProviderTable, ProviderSecretTable, ProviderVersionTable
from scmhub.identity.roles import OF_A_PARTNER
from scmhub.identity.sealing import seal
from scmhub.ids import new_id

TEST_LIFE = timedelta(minutes=10)
MOST_MAPPINGS = 50
MOST_TEXT = 300
SECRETS, TESTS = "identity-provider-secrets", "identity-provider-tests"
TEST_PAGE = "/login/start?test="


async def add(
    unit: Unit, issuer: str, client_id: str, client_secret: str, role_claim: str, mappings: list[str], creates: bool
) -> IdentityProviderTable:
    """A provider in draft, with its first version."""
    _check_text(issuer, "issuer")
    if not issuer.startswith(("https://", "http://")) or "?" in issuer or "#" in issuer:
        raise Refusal("INVALID", "An issuer is an https URL without query or fragment.", ["input", "issuer"])
    made = IdentityProviderTable(
        id=new_id(unit.now), partner_id=unit.partner_id, issuer=issuer, created_at=unit.now
    )
    unit.session.add(made)
    await unit.session.flush()
    await _add_version(unit, made, 1, client_id, client_secret, role_claim, mappings, creates)
    await audit.record(unit, "identityProvider.added", _subject(made), {"version": 1})
    return made


async def revise(
    unit: Unit, provider: IdentityProviderTable, client_id: str, client_secret: str, role_claim: str,
    mappings: list[str], creates: bool,
) -> None:  # fmt: skip
    """The next version; the one in force stays so until this one is tested and activated."""
    _check_kept(provider)
    newest = await _newest(unit, provider)
    number = newest.number + 1
    await _add_version(unit, provider, number, client_id, client_secret, role_claim, mappings, creates)
    provider.version += 1
    unit.session.add(provider)
    await audit.record(unit, "identityProvider.revised", _subject(provider), {"version": number})


async def test_link(unit: Unit, provider: IdentityProviderTable) -> str:
    """Path of the link that tests the newest version by a login; it works for ten minutes."""
    _check_kept(provider)
    newest = await _newest(unit, provider)
    content = {"version": str(newest.id), "until": (unit.now + TEST_LIFE).timestamp()}
    sealed = seal(unit.secret, TESTS, orjson.dumps(content))
    await audit.record(unit, "identityProvider.testBegun", _subject(provider), {"version": newest.number})
    return TEST_PAGE + base64.urlsafe_b64encode(sealed).decode()


async def activate(unit: Unit, provider: IdentityProviderTable) -> None:
    """The newest version is in force; local accounts of the partner are closed, and who came by one is logged out."""
    _check_kept(provider)
    newest = await _newest(unit, provider)
    path = ["input", "identityProvider"]
    if newest.tested_at is None:
        text = "Test it first: an administrator has to log in there ('identityProviderTest')."
        raise Refusal("ILLEGAL_TRANSITION", text, path, provider.id)
    first = provider.state != "ACTIVE"
    provider.state, provider.active_number = "ACTIVE", newest.number
    provider.version += 1
    unit.session.add(provider)
    try:
        await unit.session.flush()
    except IntegrityError:
        text = "This issuer cannot be used here, or you have another one in force: remove that one first."
        raise Refusal("ILLEGAL_TRANSITION", text, path) from None
    if first:
        await _log_out(unit, None)
    await audit.record(unit, "identityProvider.activated", _subject(provider), {"version": newest.number})


async def remove(unit: Unit, provider: IdentityProviderTable) -> None:
    """Nobody logs in there any more, and who did is logged out; local accounts open again."""
    _check_kept(provider)
    if provider.state == "ACTIVE":
        await _check_somebody_stays(unit, provider)
        await _log_out(unit, provider.id)
    provider.state = "REMOVED"
    provider.version += 1
    unit.session.add(provider)
    await audit.record(unit, "identityProvider.removed", _subject(provider))


async def _check_somebody_stays(unit: Unit, provider: IdentityProviderTable) -> None:
    if not await unit.fetch(
        "select exists (select from person p join local_account a on a.person_id = p.id where p.partner_id = $1"
        " and p.state = 'ACTIVE' and 'ADMIN' = any (p.roles))", unit.partner_id,
    ):  # fmt: skip
        text = "No administrator has a local account: without the provider nobody could administer."
        raise Refusal("ILLEGAL_TRANSITION", text, ["input", "identityProvider"], provider.id)


async def _log_out(unit: Unit, provider: UUID | None) -> None:
    found = await unit.session.exec(
        select(PersonTable)
        .where(
            PersonTable.partner_id == unit.partner_id, PersonTable.state == "ACTIVE",
            PersonTable.provider_id == provider,
        )
        .with_for_update()
    )  # fmt: skip
    for person in found.all():
        await people.regrade(unit, person, sorted(person.roles))


async def _add_version(
    unit: Unit, provider: IdentityProviderTable, number: int, client_id: str, client_secret: str, role_claim: str,
    mappings: list[str], creates: bool,
) -> None:  # fmt: skip
    for text, field in ((client_id, "clientId"), (client_secret, "clientSecret"), (role_claim, "roleClaim")):
        _check_text(text, field)
    made = ProviderVersionTable(
        id=new_id(unit.now), partner_id=unit.partner_id, provider_id=provider.id, number=number, client_id=client_id,
        role_claim=role_claim, mappings=checked_mappings(mappings), creates_people=creates, created_at=unit.now,
    )  # fmt: skip
    unit.session.add(made)
    await unit.session.flush()
    sealed = seal(unit.secret, SECRETS, client_secret.encode(), str(made.id))
    unit.session.add(ProviderSecretTable(version_id=made.id, partner_id=unit.partner_id, sealed=sealed))


def checked_mappings(given: list[str]) -> list[str]:
    """``value=ROLE`` each. Refusal for none, too many, or roles there are not."""
    path = ["input", "mappings"]
    if not given or len(given) > MOST_MAPPINGS:
        raise Refusal("OUT_OF_RANGE", f"Give 1 to {MOST_MAPPINGS} mappings.", path)
    for number, each in enumerate(given):
        value, _, role = each.rpartition("=")
        if not value or role not in OF_A_PARTNER or len(each) > MOST_TEXT:
            text = f"Expected value=ROLE, with a role of {', '.join(sorted(OF_A_PARTNER))}."
            raise Refusal("INVALID", text, [*path, str(number)])
    return list(dict.fromkeys(given))


def _check_text(text: str, field: str) -> None:
    if not text.strip() or len(text) > MOST_TEXT or not text.isprintable():
        raise Refusal("INVALID", f"Expected 1 to {MOST_TEXT} characters.", ["input", field])


def _check_kept(provider: IdentityProviderTable) -> None:
    if provider.state == "REMOVED":
        path = ["input", "identityProvider"]
        raise Refusal("ILLEGAL_TRANSITION", "It was removed: add another.", path, provider.id)


async def _newest(unit: Unit, provider: IdentityProviderTable) -> ProviderVersionTable:
    found = await unit.session.exec(
        select(ProviderVersionTable)
        .where(ProviderVersionTable.provider_id == provider.id)
        .order_by(ProviderVersionTable.number.desc())  # type: ignore[attr-defined]
        .limit(1)
    )
    return found.one()


def _subject(provider: IdentityProviderTable) -> str:
    return audit.subject_of("identity-provider", provider.id)
