"""The single channel: one question that shows a planner the chain of an item, site by site and period by period.

acme asks for its casting at its plant: what is needed, what bolt commits to, what is ordered, promised and on its way,
what the stock will be and for how many days it lasts, each figure with the ids of the records behind it. The rows come
through the engine as acme's own query would get them, in one statement; the rest is arithmetic (``measures``), so the
view knows nothing its reader could not have read. bolt asks the same question and gets its own chain: what acme shares
with it and what both are party to. cargo, a stranger, gets null. What is missing has one reason, NOT_AVAILABLE, whether
it was never stated or is not shown, and the list of partners always ends with UNKNOWN_BEYOND. Asked as of an instant,
it answers from what is kept of that time (``then``), under today's rules.
"""
