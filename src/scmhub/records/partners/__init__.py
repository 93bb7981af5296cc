"""Partners, their sites and items: the reference records every other record names."""
