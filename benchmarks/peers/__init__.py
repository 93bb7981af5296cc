"""Peer servers; see each folder."""
