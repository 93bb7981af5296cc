"""Orders: acme asks bolt for castings, bolt promises, both argue about dates, and every word of it is kept.

One record seen from two sides: acme's purchase order is bolt's sales order. A line has schedule lines; each is asked
for (quantity, date), promised once for the first time (kept for ever) and perhaps promised anew. cargo, a stranger,
sees none of it; a consignee sees what is on its way to it, without prices.
"""
