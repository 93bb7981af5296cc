"""Forecasts and their kin: what acme expects to need, what bolt commits to, what was sold, is made and could be made.

One store with five faces. acme publishes a Forecast (DEMAND) of its item for bolt, week by week; bolt answers that very
version with a Commit, each week COMMITTED, PARTIAL or REJECTED. SellOut says what final users took, ProductionPlan what
will be made, Capacity what could be made. Every publish that changes something is a version, and each number is kept
for as long as it held: changing one of 104 weeks writes one row, `asOf` reads what was known then. Zero is a number, a
period that was never stated is unknown, and nothing fills the gap. cargo, a rival, sees none of it; whoever gets a
sharing rule for the next 28 days sees those weeks and learns nothing of later ones, not even that they changed.
"""
