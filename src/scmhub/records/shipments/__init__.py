"""Shipments: bolt sends castings to acme; the carrier sees only what it moves, and what went wrong is never erased.

Planned, estimated and actual departures and arrivals are events that only ever get added; a wrong one is corrected by a
newer one that names it. The receiver states what arrived good, damaged or short.
"""
