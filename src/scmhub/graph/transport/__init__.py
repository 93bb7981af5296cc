"""How a GraphQL request reaches the engine and its answer the caller; what a caller learns never depends on the way."""
