"""Exceptions: the hub finds what is out of tolerance, and opens a case for whoever is affected.

bolt promised acme 100 castings for the 10th; on the 12th 40 are outstanding. acme sets a target for its stock and has
less. bolt commits to 90 of the 120 that acme forecasts. Nobody reports these things: they follow from what was stated.

``watch`` reads the change log from a place of its own, and the clock. What changed names subjects (``routes``), and
each is judged *as the partner affected*: in a unit of work of that partner, under its row level security, over rows of
which it is a side. So the hub cannot find for acme what acme cannot see. ``orders``, ``forecasts`` and ``stock`` read
the facts and apply the criteria of ``measures.exceptions`` under the tolerance in force (``tolerances``); ``books``
compares what was found with what is written. Key: affected, criterion, subject, period. Finding the same again writes
nothing, so a crash in between, or a replay of the log, changes nothing either.
"""
