"""Relationships: acme buys from bolt because both said so; roles live here and nowhere else.

A relationship is proposed by either side and becomes ACTIVE when the other accepts. Ending it ends the sharing rules
that stood on it, in the same transaction; the past stays readable to both.
"""
