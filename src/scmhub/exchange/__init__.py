"""What comes from other systems: a file and a map go in, orders and shipments come out, and nothing is made up.

acme exports ten years of purchase orders from its old system. The *map* says which column means what, which words mean
"unknown" and what a country name stands for. The first pass reads the file, a line at a time, into a scratch file of
typed rows and tells of each cell it could not use (``reading``, ``mapping``, ``staging``). The second pass compares
whole orders with what the hub has (``compare``) and writes what differs (``store``), one transaction for a batch of
orders, with the checkpoint in the same transaction (``run``): killed at any instant, the import goes on where it was.

An order is the atom. If one of its rows cannot be used, the whole order is left out, because bolt must never read an
order of acme's that lacks a line. What a file does not know stays null; importing the same file twice changes nothing,
even where acme and bolt have meanwhile agreed on something else: only what *changed in the file* is a new statement.
"""
