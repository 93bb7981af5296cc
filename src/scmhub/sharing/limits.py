"""Limited eyes: a credential for some purposes and kinds only reads every statement in a narrower form.

acme's planning robot holds orders, for PLANNING. A statement is compiled and proved once, for eyes without limits, and
nothing is added to it. For the robot the same text is read with each table narrowed where it is entered: scopes to
those that allow PLANNING, records to the kinds it holds. Every table of a finished statement is known by its place, so
nobody can forget one, and there is no second evaluator of policy. What policy itself looks at (``Seal.INSIDE``) stays
as it is, apart from the scopes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from scmhub.database.fragment import Bind, Fragment, Relation, Statement, any_of, assemble, literal, sql
from scmhub.database.tables import metadata
from scmhub.sharing.preview import Seal
from scmhub.sharing.proof import prove

PURPOSES = Bind(("lens purposes",), "text[]", lambda inputs: _sorted(inputs.lens.purposes))
KINDS = Bind(("lens kinds",), "text[]", lambda inputs: _sorted(inputs.lens.kinds))
_ALIAS = "l"


@dataclass(frozen=True, slots=True)
class Families:
    """To which families the rows of a table belong.

    ``of``: value of ``column`` -> family; without a column there is one, for all rows. ``through`` (foreign key,
    table): the row is of the family of the row it names. Empty: the rows are there for everybody.
    """

    of: Mapping[str, str] = field(default_factory=dict)
    column: str | None = None
    through: tuple[str, str] | None = None


FAMILIES: dict[str, Families] = {}
"""By table, as the rooms declare them; a governed table that nobody declared is there for no limited kinds."""


class Governed:
    """A proved statement, in the form that fits the eyes it is read with. There is no other way to its text."""

    __slots__ = ("_limited", "_wide")

    def __init__(self, wide: Statement) -> None:
        self._wide = wide
        self._limited: Statement | None = None

    @property
    def text(self) -> str:
        """What tells it from others; not to be run."""
        return self._wide.text

    @property
    def binds(self) -> tuple[Bind, ...]:
        return self._wide.binds

    def asked(self, inputs: Any) -> list[Any]:
        """What to run for ``inputs.lens``: the text and its parameters."""
        lens, statement = inputs.lens, self._wide
        if lens.purposes is not None or lens.kinds is not None:
            statement = self._limited = self._limited or _narrowed(self._wide)
        return [statement.text, *[bind.take(inputs) for bind in statement.binds]]

    def shared(self, kept: Governed) -> Governed:
        """The same statement with the text that was kept, so that PostgreSQL prepares it once."""
        return Governed(Statement(kept.text, self._wide.binds, self._wide.relations))


def finished(fragment: Fragment, *, preview: bool = False) -> Governed:
    """The statement, once it is proved."""
    prove(fragment, metadata.tables, preview=preview)
    return Governed(assemble(fragment))


def _narrowed(wide: Statement) -> Statement:
    """The statement with each of its tables narrowed where it is entered."""
    parts: list[Fragment] = []
    done = 0
    for start, end, relation in wide.relations:
        if (condition := _condition(relation)) is not None:
            inner = Relation(relation.table, _ALIAS, relation.seal)
            narrow = sql("(select * from {} where {}) {}", inner, condition, Fragment((relation.alias,)))
            parts += [Fragment((wide.text[done:start],)), narrow]
            done = end
    parts.append(Fragment((wide.text[done:],)))
    return assemble(Fragment(tuple(part for each in parts for part in each.parts)), wide.binds)


def _condition(relation: Relation) -> Fragment | None:
    """Which rows of a table there are for limited eyes; None: all."""
    if relation.table == "scope":
        return _of_scopes()
    if relation.seal is Seal.INSIDE or relation.table not in metadata.tables:
        return None
    families = FAMILIES.get(relation.table, Families({"": ""}))
    if not families.of and families.through is None:
        return None
    return sql("({} is null or {})", KINDS, _held(families, _ALIAS))


def _of_scopes() -> Fragment:
    return sql(
        "({} is null or l.purposes is null or l.purposes::text[] && {}) and ({} is null or l.kind = any({}))",
        PURPOSES, PURPOSES, KINDS, KINDS,
    )  # fmt: skip


def _held(families: Families, alias: str) -> Fragment:
    """Whether a row is of a family that is held."""
    if families.through is not None:
        key, table = families.through
        whole = Relation(table, f"{alias}w", Seal.INSIDE)
        inner = _held(FAMILIES[table], whole.alias)
        return sql(
            "exists (select from {} where {} = {} and {})",
            whole, Fragment((f"{whole.alias}.id",)), Fragment((f"{alias}.{key}",)), inner,
        )  # fmt: skip
    if families.column is None:
        return any_of(sql("{} = any({})", literal(name), KINDS) for name in families.of.values())
    cell = Fragment((f"{alias}.{families.column}",))
    return any_of(
        sql("{} = {} and {} = any({})", cell, literal(code), literal(name), KINDS) for code, name in families.of.items()
    )


def _sorted(names: Iterable[str] | None) -> list[str] | None:
    return None if names is None else sorted(names)
