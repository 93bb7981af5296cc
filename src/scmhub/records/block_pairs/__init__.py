"""Block pairs: two partners kept apart, so that no sharing rule of anybody shows one what the other is a party to.

``dyna`` supplies ``acme`` and so does its rival ``fuji``. dyna sets a pair with fuji, for itself; acme could set it for
its own records; the hub's operator for everybody. From that moment neither finds the other, and rules of third
partners hide from each what the other stands on. Records both are a party to stay as they are. fuji is told nothing.
"""
