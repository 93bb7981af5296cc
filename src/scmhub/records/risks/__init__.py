"""Risks and disruptions: what might happen, and what bolt tells acme when it has happened.

bolt keeps a risk in its register: the furnace may fail, it would take 21 days to recover. A rule may share the entry.
When the furnace fails, bolt reports a *disruption*: one notice for each direct partner, so that acme and dyna never
learn of each other. acme may tell its own customer east, if bolt's consent allows: a new notice of acme's, in acme's
words. Under MASKED nothing of bolt but cause, effect and dates goes on, and nobody can tell at which tier it began.
When bolt reports that the furnace burns again, acme's notice to east is resolved with it, unless acme chose otherwise.
"""
