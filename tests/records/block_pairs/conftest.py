"""The small chain on a database of the test's own."""

from ...support.chain import chain

__all__ = ["chain"]
