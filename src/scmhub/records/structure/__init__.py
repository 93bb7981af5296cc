"""How items hang together: acme's pump needs four castings of bolt, from March on.

A link runs from a parent item to another one: what it is made of, what may stand in for it, what it supersedes, what
it is packed in. It belongs to the owner of the parent, who may share it by rule (STRUCTURE). Links of one sort never
run in a circle, and a chain of them has at most twenty levels.
"""
