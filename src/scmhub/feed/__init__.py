"""The change log: what happened, in order, without business values.

acme confirms an order with bolt. In the same transaction one row says: ORDER, this id, acme's, bolt is a party, and
the names of the changed columns. No quantity, no price: whoever follows the log reads the record itself, under today's
policy. ``log`` is the tables, ``pump`` puts them in order, ``tail`` reads them, ``cursor`` is a sealed place in them.
"""
