"""Delivery: each change is judged for everyone who follows, at the moment it is handed out, by the plan of a query.

acme changes the price of an order. bolt and dyna follow with the same document. One statement asks, for both at once,
"may you see this order, which of the changed fields, and what does your selection of it say now?". bolt, a party, gets
the new price; dyna, whose rule opens quantities only, gets nothing: for it nothing has happened. cargo was never asked.

``types`` is what the schema says of it, ``selection`` what a document asks for, ``routes`` who might be concerned,
``judge`` the statement, ``group`` those who follow with one document, ``follow`` one of them, ``pull`` the same log in
pages. Nobody owns a queue: who cannot keep up owns a cursor.
"""
