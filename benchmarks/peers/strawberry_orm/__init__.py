"""Strawberry as its documentation teaches it: ORM models, resolvers, one DataLoader per relation."""
