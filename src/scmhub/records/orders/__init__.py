"""Orders and shipments: acme asks bolt for castings, bolt promises, ships, and every word and event of it is kept.

One record seen from two sides: acme's purchase order is bolt's sales order. A line has schedule lines; each is asked
for (quantity, date), promised once for the first time (kept for ever) and perhaps promised anew. bolt sends shipments
against those promises; departures and arrivals are events that only ever get added, a wrong one is corrected by a newer
one that names it, and the receiver states what arrived good or damaged. What was shipped and received, and the status
of a line and an order, follow from that and are set by nobody. cargo, a stranger, sees none of it; a consignee sees
what is on its way to it, without prices; a carrier sees the shipment it moves and not the order.
"""
