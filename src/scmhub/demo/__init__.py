"""A chain of six firms with a year behind it, so that a newcomer meets the hub in use and not empty.

Velora (``VELO``) sells e-bikes. It buys drive units from two rivals, Torq (``TORQ``) and Kineta (``KINE``), and neither
may learn that the other is there. Both rivals buy cells from Voltcell (``CELL``) and castings from Alba (``CAST``):
Velora has two suppliers and, one tier further, only one foundry. That foundry's furnace stood still for three weeks in
spring, and everybody's late deliveries begin there. Nordhaul (``HAUL``) carries most of it and keeps spares.

``cast`` says who they are, ``structure`` what their goods are made of, ``lanes`` who buys what from whom,
``negotiation`` and ``transport`` what happened, ``plans`` what they expected, ``stock`` what lies where, ``ties`` what
they think of each other, ``troubles`` what went wrong (all through the state rules that commands use), ``sharing`` what
they let each other see; ``fill`` writes it all at once. The story ends at midnight before the hub's date; apart from
that date every byte of it is fixed. ``live`` lets it go on from there, with the ``scenes`` of a day, through the front
door: it knows and may do no more than the firms it plays.
"""
