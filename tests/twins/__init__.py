"""The networks of the specs as people wrote them by hand: same keys, same outputs."""
