"""scmhub: one GraphQL API for a supply chain, secured per partner."""

__version__ = "0.1.0"
