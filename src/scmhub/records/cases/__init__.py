"""Cases and breaches: what is not as it should be, and how two partners settle it.

acme finds that bolt delivers damaged goods, says so, and both follow it until acme agrees that it is settled.

Most breaches nobody needs to report: when the rest of acme's order is behind bolt's last promise, the hub finds it (a
Breach: criterion, subject, how far off, and the very statements it compared) and opens a case for acme, which bolt has
to settle. Back in tolerance, the breach says so and stays. It exists only for who sees all of its evidence exactly.

The opener is the one affected; the counterparty takes it up, works on it and resolves it; only the opener closes it or
opens it again. Everything said stays. A case may point at any record its speaker can see; the pointer is a text, and
whoever follows it gets what policy shows of that record, perhaps nothing.
"""
