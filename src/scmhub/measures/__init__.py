"""Measures: pure arithmetic on what a viewer may see, each with its source and a worked example.

acme asks how good its forecasts were, bolt asks how long its stock lasts. The rows come through the engine, as acme or
as bolt; what is here never touches the database, so no figure can know more than its reader. Every answer carries the
words that define it and the ids it was made from. Amounts are Decimal; where data are missing the answer says so.
"""
