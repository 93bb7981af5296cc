"""Which states of an order mean what: open, over, waiting. The one list for every room that asks.

They lie on this floor as clauses do: orders move through them, the channel, risks and exceptions ask what is still to
come, and a room never imports another. How they follow each other is ``records/orders/rules.py``.
"""

from __future__ import annotations

BEFORE_AGREEMENT = ("DRAFT", "SENT", "SELLER_PROPOSED", "BUYER_PROPOSED")
WAITING = ("SENT", "SELLER_PROPOSED", "BUYER_PROPOSED", "CHANGE_REQUESTED")
"""One side waits for the other's answer."""
OUTSTANDING = ("CONFIRMED", "CHANGE_REQUESTED", "PART_SHIPPED", "SHIPPED", "PART_RECEIVED")
"""Something that both agreed is still to come."""
OPEN = ("SENT", "SELLER_PROPOSED", "BUYER_PROPOSED", *OUTSTANDING)
AGREED = (*OUTSTANDING, "RECEIVED")
"""Goods may be despatched against the last promise."""
UNSHIPPED = ("SENT", "SELLER_PROPOSED", "BUYER_PROPOSED", "CONFIRMED")
"""Nothing has left yet, for certain: a change may be asked for after a part has."""
OVER = ("CLOSED", "REJECTED", "CANCELLED")
FINISHED = ("RECEIVED", *OVER)
"""Nothing is to come any more."""
