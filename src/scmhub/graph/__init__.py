"""The engine: a GraphQL selection becomes one SQL statement with the policy merged in. It knows no record kind."""
