"""What a partner does with its webhooks; each command tells the hub's processes, so that the one at work hears it."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit
from uuid import UUID

import strawberry
from sqlmodel import select

from scmhub.database.unit import Unit
from scmhub.errors import Refusal
from scmhub.feed import audit
from scmhub.feed.log import HUB
from scmhub.graph.declare import Call, Shown, command
from scmhub.graph.lookup import changeable
from scmhub.identity.integrations import check_name
from scmhub.identity.viewer import TokenScope
from scmhub.ids import new_id
from scmhub.webhooks.desk import WebhookDesk, kept_names
from scmhub.webhooks.signing import new_secret
from scmhub.webhooks.tables import (
    ACTIVE,
    DEAD,
    QUEUED,
    SUSPENDED,
    TEST,
    WebhookDeliveryTable,
    WebhookSecretTable,
    WebhookTable,
)

WEBHOOK = "WEBHOOK"
"""The kind of events that tell the hub's processes that a webhook has changed."""
REGISTERED = "REGISTERED"
MOST_WEBHOOKS = 20
"""Webhooks of one partner."""
MOST_OVERLAP_HOURS = 7 * 24
MOST_QUEUED = 10
KEPT_TESTS = 20
_FORGET_TESTS = """
delete from webhook_delivery d where d.webhook_id = $1 and d.purpose = 'TEST' and d.state <> 'QUEUED' and d.id not in
  (select o.id from webhook_delivery o where o.webhook_id = $1 and o.purpose = 'TEST' order by o.id desc limit $2)
"""
_SECRET = {"secret": "The secret that signs, `whsec_...`; shown here once. A replay answers null."}
_WEBHOOK = ["input", "webhook"]
_SUBSCRIBE = TokenScope.SUBSCRIBE


@strawberry.input(description="A webhook to register.")
class WebhookCreateInput:
    name: str = strawberry.field(description="What you call it; at most 200 characters.")
    url: str = strawberry.field(
        description="Where items are posted to: https, a public address, at most 2,000 characters."
    )
    document: str = strawberry.field(
        description="A subscription, such as to `orderChanges`; each item is posted as it would be streamed."
    )
    variables: str = strawberry.field(description="Variables of the document, as a JSON object.", default="{}")
    operation_name: str | None = strawberry.field(description="Which operation of the document.", default=None)
    after: str | None = strawberry.field(
        description="Start after this cursor; without it with the first change after the registration.", default=None
    )


@strawberry.input(description="A webhook to change; what is absent stays.")
class WebhookReviseInput:
    webhook: strawberry.ID = strawberry.field(description="Which webhook of yours.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    name: strawberry.Maybe[str] = strawberry.field(description="What you call it.")
    url: strawberry.Maybe[str] = strawberry.field(description="Where items are posted to.")
    document: strawberry.Maybe[str] = strawberry.field(description="The subscription it follows from here on.")
    variables: strawberry.Maybe[str] = strawberry.field(description="Variables of the document, as a JSON object.")
    operation_name: strawberry.Maybe[str | None] = strawberry.field(description="Which operation of the document.")


@strawberry.input(description="A webhook to stop.")
class WebhookSuspendInput:
    webhook: strawberry.ID = strawberry.field(description="Which webhook of yours.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")


@strawberry.input(description="A webhook to start again.")
class WebhookResumeInput:
    webhook: strawberry.ID = strawberry.field(description="Which webhook of yours.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")


@strawberry.input(description="A webhook to delete.")
class WebhookDeleteInput:
    webhook: strawberry.ID = strawberry.field(description="Which webhook of yours.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")


@strawberry.input(description="A secret to replace.")
class WebhookSecretRotateInput:
    webhook: strawberry.ID = strawberry.field(description="Which webhook of yours.")
    expected_version: int = strawberry.field(description="Its `version` as you know it.")
    overlap_hours: int = strawberry.field(
        description="How long messages are signed with the old secret too; 0 to 168.", default=24
    )


@strawberry.input(description="A webhook to try.")
class WebhookTestInput:
    webhook: strawberry.ID = strawberry.field(description="Which webhook of yours.")


@strawberry.input(description="A dead letter to send once more.")
class WebhookRedeliverInput:
    delivery: strawberry.ID = strawberry.field(description="Which delivery of yours.")


@command(
    "webhookCreate", payload="Webhook", requires=_SUBSCRIBE, shown_once=_SECRET,
    description="Registers a URL to which the hub posts each item of a subscription, signed.",
)  # fmt: skip
async def webhook_create(unit: Unit, given: WebhookCreateInput, call: Call) -> Shown:
    desk: WebhookDesk = call.parts[WebhookDesk]
    name = check_name(given.name)
    url = desk.check_url(given.url)
    variables = await desk.check_document(call.viewer, given.document, given.operation_name, given.variables)
    after = None if given.after is None else desk.check_place(given.after, call.viewer.lens)
    # Of two at once the second waits for the first here, so that both are counted.
    await unit.rows("select pg_advisory_xact_lock(hashtextextended($1, 0))", f"webhooks:{unit.partner_id}")
    if await unit.fetch("select count(*) from webhook where partner_id = $1", unit.partner_id) >= MOST_WEBHOOKS:
        raise Refusal("OUT_OF_RANGE", f"You have {MOST_WEBHOOKS} webhooks: delete one first.", ["input"])
    made = WebhookTable(
        id=new_id(unit.now), partner_id=unit.partner_id, name=name, url=url, document=given.document,
        operation_name=given.operation_name, variables=variables, registered_by=unit.actor,
        stands_on=[], created_at=unit.now, cursor=after,
    )  # fmt: skip
    _answer_for(made, call)
    unit.session.add(made)
    await unit.session.flush()
    secret = _add_secret(unit, made, desk)
    await _tell(unit, made, "registered", REGISTERED)
    return Shown(made.id, {"secret": secret})


@command(
    "webhookRevise", payload="Webhook", requires=_SUBSCRIBE,
    description="Changes a webhook; it goes on from where it stands.",
)  # fmt: skip
async def webhook_revise(unit: Unit, given: WebhookReviseInput, call: Call) -> UUID:
    desk: WebhookDesk = call.parts[WebhookDesk]
    found = await _webhook(unit, given.webhook, given.expected_version)
    found.name = check_name(given.name.value) if given.name else found.name
    found.url = desk.check_url(given.url.value) if given.url else found.url
    found.document = given.document.value if given.document else found.document
    found.operation_name = given.operation_name.value if given.operation_name else found.operation_name
    variables = given.variables.value if given.variables else found.variables
    found.variables = await desk.check_document(call.viewer, found.document, found.operation_name, variables)
    found.failed_tries, found.next_try_at = 0, None
    _answer_for(found, call)
    await _changed(unit, found, "revised")
    return found.id


@command("webhookSuspend", payload="Webhook", requires=_SUBSCRIBE, description="Stops a webhook; its place is kept.")
async def webhook_suspend(unit: Unit, given: WebhookSuspendInput) -> UUID:
    found = await _webhook(unit, given.webhook, given.expected_version)
    if found.state == SUSPENDED:
        raise Refusal("ILLEGAL_TRANSITION", "It is suspended; it may be resumed.", _WEBHOOK, found.id)
    found.state, found.reason = SUSPENDED, None
    await _changed(unit, found, "suspended")
    return found.id


@command(
    "webhookResume", payload="Webhook", requires=_SUBSCRIBE,
    description="Starts a webhook again from where it stands; whoever resumes it answers for it from then on.",
)  # fmt: skip
async def webhook_resume(unit: Unit, given: WebhookResumeInput, call: Call) -> UUID:
    found = await _webhook(unit, given.webhook, given.expected_version)
    if found.state == ACTIVE:
        raise Refusal("ILLEGAL_TRANSITION", "It is active; it may be suspended.", _WEBHOOK, found.id)
    await _check_resumable(found, call)
    found.state, found.reason = ACTIVE, None
    found.failed_tries, found.deaths, found.next_try_at = 0, 0, None
    _answer_for(found, call)
    await _changed(unit, found, "resumed")
    return found.id


@command(
    "webhookDelete", payload="Webhook", requires=_SUBSCRIBE,
    description="Deletes a webhook with its secrets and dead letters; answers no webhook.",
)  # fmt: skip
async def webhook_delete(unit: Unit, given: WebhookDeleteInput) -> UUID:
    found = await _webhook(unit, given.webhook, given.expected_version)
    await unit.rows("delete from webhook_secret where webhook_id = $1", found.id)
    await unit.rows("delete from webhook_delivery where webhook_id = $1", found.id)
    await unit.session.delete(found)
    await _tell(unit, found, "deleted")
    return found.id


@command(
    "webhookSecretRotate", payload="Webhook", requires=_SUBSCRIBE, shown_once=_SECRET,
    description="Gives a webhook a new secret; messages are signed with the old one too for the overlap.",
)  # fmt: skip
async def webhook_secret_rotate(unit: Unit, given: WebhookSecretRotateInput, call: Call) -> Shown:
    found = await _webhook(unit, given.webhook, given.expected_version)
    if not 0 <= given.overlap_hours <= MOST_OVERLAP_HOURS:
        path = ["input", "overlapHours"]
        raise Refusal("OUT_OF_RANGE", f"The overlap is 0 to {MOST_OVERLAP_HOURS} hours.", path, found.id)
    # Two at most: of what an earlier rotation left, only the newest lives through the overlap.
    newest = await unit.fetch("select max(id::text)::uuid from webhook_secret where webhook_id = $1", found.id)
    await unit.rows("delete from webhook_secret where webhook_id = $1 and id <> $2", found.id, newest)
    ends_at = unit.now + timedelta(hours=given.overlap_hours)
    await unit.rows("update webhook_secret set ends_at = $2 where id = $1", newest, ends_at)
    secret = _add_secret(unit, found, call.parts[WebhookDesk])
    await _changed(unit, found, "secretRotated")
    return Shown(found.id, {"secret": secret})


@command(
    "webhookTest", payload="WebhookDelivery", requires=_SUBSCRIBE,
    description="Posts a `Checkpoint` within seconds, whatever the state; the delivery says how it went.",
)  # fmt: skip
async def webhook_test(unit: Unit, given: WebhookTestInput) -> UUID:
    found = await _webhook(unit, given.webhook, None)
    waiting = "select count(*) from webhook_delivery where webhook_id = $1 and state = 'QUEUED'"
    if await unit.fetch(waiting, found.id) >= MOST_QUEUED:
        raise Refusal("OUT_OF_RANGE", f"{MOST_QUEUED} deliveries are waiting: wait for them.", _WEBHOOK)
    made = WebhookDeliveryTable(
        id=new_id(unit.now), partner_id=unit.partner_id, webhook_id=found.id, purpose=TEST, state=QUEUED,
        message_id="", created_at=unit.now,
    )  # fmt: skip
    made.message_id = f"msg_{made.id.hex}"
    unit.session.add(made)
    await unit.rows(_FORGET_TESTS, found.id, KEPT_TESTS)
    await _tell(unit, found)
    return made.id


@command(
    "webhookRedeliver", payload="WebhookDelivery", requires=_SUBSCRIBE,
    description="Sends a dead letter once more within seconds, made anew under today's rules.",
)  # fmt: skip
async def webhook_redeliver(unit: Unit, given: WebhookRedeliverInput) -> UUID:
    path = ["input", "delivery"]
    found = await changeable(unit, WebhookDeliveryTable, "WebhookDelivery", given.delivery, None, path)
    if found.state != DEAD:
        raise Refusal("ILLEGAL_TRANSITION", f"It is {found.state}; only what is DEAD is sent again.", path, found.id)
    found.state = QUEUED
    unit.session.add(found)
    webhook = (await unit.session.exec(select(WebhookTable).where(WebhookTable.id == found.webhook_id))).one()
    await _tell(unit, webhook)
    return found.id


async def _webhook(unit: Unit, public: str, version: int | None) -> WebhookTable:
    return await changeable(unit, WebhookTable, "Webhook", public, version, _WEBHOOK)


async def _check_resumable(found: WebhookTable, call: Call) -> None:
    """Whoever resumes answers for the document: it must run, and be one that this caller may send."""
    desk: WebhookDesk = call.parts[WebhookDesk]
    try:
        await desk.check_document(call.viewer, found.document, found.operation_name, found.variables)
    except Refusal as refusal:
        raise Refusal(refusal.refusal_code, refusal.message, _WEBHOOK, found.id) from None


def _answer_for(webhook: WebhookTable, call: Call) -> None:
    webhook.registered_by = call.viewer.subject
    webhook.stands_on = kept_names(call.viewer.stands_on)
    webhook.purposes, webhook.kinds = (
        None if each is None else sorted(each) for each in (call.viewer.lens.purposes, call.viewer.lens.kinds)
    )


def _add_secret(unit: Unit, webhook: WebhookTable, desk: WebhookDesk) -> str:
    key, secret = new_id(unit.now), new_secret()
    unit.session.add(
        WebhookSecretTable(
            id=key,
            partner_id=unit.partner_id,
            webhook_id=webhook.id,
            sealed=desk.sealer.seal(secret, key),
            created_at=unit.now,
        )
    )
    return secret


async def _changed(unit: Unit, webhook: WebhookTable, what: str) -> None:
    webhook.version += 1
    unit.session.add(webhook)
    await _tell(unit, webhook, what)


async def _tell(unit: Unit, webhook: WebhookTable, what: str | None = None, action: str = "CHANGED") -> None:
    """To the hub's processes; to the audit trail too if it is about where business goes."""
    unit.change(WEBHOOK, action, webhook.id, unit.partner_id, audience=HUB)
    if what is not None:
        details = {"host": urlsplit(webhook.url).hostname} if what in ("registered", "revised") else None
        await audit.record(unit, f"webhook.{what}", audit.subject_of("webhook", webhook.id), details)
