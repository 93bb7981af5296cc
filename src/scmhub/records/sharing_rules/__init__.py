"""Sharing rules: what an owner opens, to whom, for how long; and why anyone sees what it sees.

``acme`` lets ``bolt`` read its orders of one item, 28 days ahead, quantities and promises but no prices. The rule is
written as a DRAFT, tried with ``sharingRuleSimulate``, then activated; ``sharing.expansion`` makes scopes of it in the
same transaction, and whatever ends the rule deletes them. ``explainVisibility`` tells bolt which rule let a row
through; ``whoCanSee`` tells acme who else does. ``cargo``, bolt's rival, gets null from both, as for an absent id.
"""
