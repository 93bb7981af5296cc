"""Inventory positions: how much of an item lies where, whose it is, who keeps it, and who says so.

bolt keeps 500 castings of acme's at its plant: owner acme, holder bolt. Both may state how many there are, each in a
position of its own, side by side; nothing is averaged and neither overwrites the other. A statement is whole
(available, blocked, allocated, in transit, on order; what is left out is unknown, not zero), it holds as of an instant,
and the next one takes its place while the history keeps both. How much there should be (minimum, maximum, target,
safety stock) is the owner's to set. cargo sees none of it.
"""
