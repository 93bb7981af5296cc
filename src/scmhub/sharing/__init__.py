"""Who sees what: rules their owners write, the scopes they expand into, and policy as SQL with its reasons.

``acme`` buys castings from ``bolt``; ``cargo`` is bolt's rival. acme lets its customer see orders of one item, 28 days
ahead, without prices. ``expansion`` turns that rule into scopes while the relationship stands; ``policy`` turns scopes
into the two questions every statement asks (*visible?* and, field by field, *granted?*); ``proof`` refuses a statement
that reaches a row without asking. cargo gets the same bytes as if nothing of it existed.
"""
