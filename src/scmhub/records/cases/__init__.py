"""Cases: acme finds that bolt delivers late, says so, and both follow it until acme agrees that it is settled.

The opener is the one affected; the counterparty takes it up, works on it and resolves it; only the opener closes it or
opens it again. Everything said stays. A case may point at any record its speaker can see; the pointer is a text, and
whoever follows it gets what policy shows of that record, perhaps nothing.
"""
