"""How a room declares its kind: one class whose fields say what they mean, who may see them and where they are kept.

    @kind(OrderTable, prefix="ord", policy=Owned(owner="buyer_id", parties=("seller_id",), kind="ORDER", ...))
    class Order:
        '''One order between a buyer and a seller.'''
        status: OrderStatus = column(PUBLIC, "State, derived from the lines.")
        buyer = one("Partner", PUBLIC, "Who ordered.", by="buyer_id")
        lines = many("OrderLine", "What was ordered.", by="order_id", order="line_no", default=50, most=250)

From it come the SDL, the SQL and the policy. Declaring only records; ``build`` makes the schema once all are found.
"""

from __future__ import annotations

import inspect
import re
import types
import typing
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import Table

from scmhub.graph.families import learn
from scmhub.graph.price import Tariff
from scmhub.graph.specs import Banded, Field, Latest, Many, Withheld
from scmhub.identity.viewer import Permission, TokenScope, Viewer
from scmhub.sharing.access import Access
from scmhub.sharing.precision import in_full
from scmhub.sharing.rows import Policy


@dataclass(frozen=True, slots=True)
class Kind:
    """A record kind as the engine knows it.

    ``reference``: its PUBLIC card shows wherever a visible row names it. ``part_of`` (kind, column): it lives and is
    judged with its whole. ``orders``: name -> column by which the root connection may be ordered, besides birth.
    ``filters``: fields a ``where`` may name. ``single``/``plural``: names of the root fields; empty: none.
    """

    name: str
    description: str
    table: Table
    prefix: str
    policy: Policy
    fields: dict[str, Field]
    types: dict[str, Any]
    reference: bool = False
    part_of: tuple[str, str] | None = None
    single: str = ""
    plural: str = ""
    stream: str = ""
    """Name of the subscription that follows this kind alone; empty: none."""
    orders: dict[str, str] = field(default_factory=dict)
    filters: tuple[str, ...] = ()
    needs: Permission | None = Permission.READ
    """Without which a caller is not answered about this kind at all; None: everybody is."""
    keys: dict[str, str] = field(default_factory=dict)
    """Business keys for ``single(by:)``: input name -> column, unique per owner."""
    family: str = ""
    """To what a credential is limited that may read it (``graph.families``); empty: follows from the rest."""
    follows: tuple[str, str] | None = None
    """(foreign key, table) of the row whose family it shares, where that differs from row to row."""

    @property
    def code(self) -> str:
        """What it is called in the log: ``ORDER_LINE`` for OrderLine."""
        return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.name).upper()

    def groups(self) -> dict[str, Access]:
        """Field groups a sharing rule can open, in order of declaration."""
        skipped = Many | Latest | Withheld | Banded
        accesses = [spec.access for spec in self.fields.values() if not isinstance(spec, skipped)]
        return {access.group: access for access in accesses if access.group}

    def banded(self) -> dict[str, Access]:
        """Of these the groups that a rule can open as bands, with the access of their bands."""
        bands = [spec.access for spec in self.fields.values() if isinstance(spec, Banded)]
        return {in_full(access).group or "": access for access in bands}

    def tokens(self) -> dict[str, Access]:
        """What a rule can name: field groups, and again with their precision those it can open as bands."""
        return self.groups() | {access.group or "": access for access in self.banded().values()}


@dataclass(frozen=True, slots=True)
class Command:
    """One mutation: what it takes, what it does, and which record it answers with.

    ``requires`` is the token scope without which nothing of the document runs; ``needs`` the permission without
    which the command is refused. ``sensitive``: persons must have logged in within ten minutes. ``shown_once`` are
    payload fields besides the record (name -> description), text that is kept nowhere: a replay of the command answers
    null for them.
    """

    name: str
    description: str
    payload: str
    input_type: type
    run: Callable[..., Awaitable[Any]]
    requires: TokenScope = TokenScope.WRITE
    shown_once: dict[str, str] = field(default_factory=dict)
    needs: Permission = Permission.WRITE
    sensitive: bool = False
    asks_who: bool = False
    """Whether ``run`` takes a ``Call`` besides."""


@dataclass(frozen=True, slots=True)
class Call:
    """Who called for a command, and the hub's parts it may need besides its unit of work, by their type."""

    viewer: Viewer
    parts: Mapping[type, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """What a command answers besides its record: the record's key, and a text for each field of ``shown_once``."""

    record: UUID
    texts: dict[str, str]


@dataclass(frozen=True, slots=True)
class Question:
    """A root query answered by a function instead of a plan (a short, closed list: explanations of policy)."""

    name: str
    resolver: Callable[..., Any]
    description: str
    needs: Permission | None = Permission.READ
    price: int | Tariff = 1


class Registry:
    """Everything the rooms declared."""

    def __init__(self) -> None:
        self.kinds: dict[str, Kind] = {}
        self.commands: dict[str, Command] = {}
        self.questions: dict[str, Question] = {}
        self.by_prefix: dict[str, Kind] = {}
        self.families: dict[str, frozenset[str]] = {}
        """Kind -> what a credential must hold one of, to which such records are there; none: they always are."""
        self.extensions: list[tuple[str, dict[str, Any]]] = []

    def add_kind(self, kind: Kind) -> None:
        if kind.name in self.kinds or kind.prefix in self.by_prefix:
            raise ValueError(f"kind {kind.name} or its prefix {kind.prefix} is declared twice")
        self.kinds[kind.name] = self.by_prefix[kind.prefix] = kind

    def join_rooms(self) -> None:
        """Give kinds the fields other rooms declared for them; once, after every room was found.

        Everything comes in the order of its name: which module was imported first changes nothing.
        """
        self.kinds = {name: self.kinds[name] for name in sorted(self.kinds)}
        self.commands = {name: self.commands[name] for name in sorted(self.commands)}
        self.questions = {name: self.questions[name] for name in sorted(self.questions)}
        self.extensions.sort(key=lambda each: (each[0], min(each[1])))
        while self.extensions:
            name, fields = self.extensions.pop(0)
            clash = fields.keys() & self.kinds[name].fields.keys()
            if clash:
                raise ValueError(f"{name}.{min(clash)} is declared twice")
            self.kinds[name].fields.update(fields)
        self.families = learn(self)

    def shareable_kinds(self) -> dict[str, list[Kind]]:
        """Rule kind (``ORDER``) -> the record kinds its scopes open."""
        found: dict[str, list[Kind]] = {}
        for kind in self.kinds.values():
            rule_kind = getattr(kind.policy, "kind", None)
            if rule_kind:
                found.setdefault(rule_kind, []).append(kind)
        return found


REGISTRY = Registry()


def kind(table: type, *, prefix: str, policy: Policy, **options: Any) -> Callable[[type], type]:
    """Declare the decorated class as a record kind kept in ``table``."""

    def declare(declaration: type) -> type:
        hints = typing.get_type_hints(declaration)
        fields = {name: value for name, value in vars(declaration).items() if isinstance(value, Field)}
        REGISTRY.add_kind(
            Kind(
                name=declaration.__name__,
                description=" ".join((declaration.__doc__ or "").split()),
                table=table.__table__,  # type: ignore[attr-defined]
                prefix=prefix,
                policy=policy,
                fields=fields,
                types={name: hints[name] for name in fields if name in hints},
                **options,
            )
        )
        return declaration

    return declare


def extend(kind_name: str, **fields: Any) -> None:
    """Add links to a kind of another room, so that rooms need not import each other."""
    REGISTRY.extensions.append((kind_name, fields))


def command(
    name: str,
    *,
    payload: str,
    description: str,
    requires: TokenScope = TokenScope.WRITE,
    shown_once: dict[str, str] | None = None,
    needs: Permission | None = None,
    sensitive: bool = False,
) -> Callable[[Callable[..., Awaitable[Any]]], Any]:
    """Declare ``async def run(unit, given)`` as the mutation ``name``; it returns the key of a ``payload`` record.

    With ``shown_once`` it returns ``Shown``. ``needs`` follows from ``requires`` unless given.
    With a third parameter it also gets the ``Call``.
    """
    permission = needs or (Permission.ADMIN if requires is TokenScope.ADMIN else Permission.WRITE)

    def declare(run: Callable[..., Awaitable[Any]]) -> Any:
        input_type = typing.get_type_hints(run)["given"]
        asks_who = len(inspect.signature(run).parameters) > 2
        REGISTRY.commands[name] = Command(
            name, description, payload, input_type, run, requires, shown_once or {}, permission, sensitive, asks_who
        )
        return run

    return declare


def question(
    name: str, description: str, needs: Permission | None = Permission.READ, price: int | Tariff = 1
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a Strawberry resolver as a root query of its own; without ``needs`` a caller is not answered.

    ``price``: what it adds to the cost of a document, in records that it may have to read, or a function of its
    arguments that says so; an argument it cannot read counts as the most there may be.
    """

    def declare(resolver: Callable[..., Any]) -> Callable[..., Any]:
        REGISTRY.questions[name] = Question(name, resolver, description, needs, price)
        return resolver

    return declare


def optional(annotation: Any) -> tuple[Any, bool]:
    """The type without ``| None``, and whether it had it."""
    if isinstance(annotation, types.UnionType) or typing.get_origin(annotation) is typing.Union:
        rest = [each for each in typing.get_args(annotation) if each is not type(None)]
        if len(rest) == 1:
            return rest[0], True
    return annotation, False
