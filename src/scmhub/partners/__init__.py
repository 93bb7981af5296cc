"""Who exists: partners, their sites and items, and the relationships between them. Records only; policy lives above."""
