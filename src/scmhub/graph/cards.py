"""Cards: what a row the viewer sees names comes along, and may give away whose it is."""

from __future__ import annotations

from scmhub.database.fragment import Fragment, all_of, any_of, sql
from scmhub.graph.declare import Kind
from scmhub.sharing.access import PARTY
from scmhub.sharing.directory import kept_apart
from scmhub.sharing.policy import Owned
from scmhub.sharing.rows import Row


def tells_parties(kind: Kind, row: Row, card: Row) -> Fragment:
    """Whether ``row`` hides nobody from the viewer who might be the owner of a card it names.

    acme's order is of an item that fuji owns. It names fuji to whoever may see the parties of the order, but not to
    dyna, fuji's rival: neither finds the other. Were fuji itself a party, dyna would not see the order at all, or
    stand on it too.
    """
    judged = row.judged
    if not (isinstance(card.policy, Owned) and isinstance(judged.policy, Owned)):
        return sql("true")
    owner, publisher = card.cell(card.policy.owner), judged.cell(judged.policy.owner)
    same = sql("{} = {}", owner, publisher)
    granted = judged.policy.granted(judged, kind.groups().get("parties") or PARTY)
    if granted is None:
        return same
    stands = [sql("{} = {}", owner, judged.cell(side)) for side in judged.policy.parties]
    near = any_of([*stands, sql("not {}", kept_apart(owner, publisher, f"{card.alias}b"))])
    return any_of([same, all_of([granted, near])])
