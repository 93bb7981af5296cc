"""The channel view, asked through GraphQL."""
