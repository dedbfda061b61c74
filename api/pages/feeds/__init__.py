"""Feeds: the newest changes of a list for feed readers, as Atom and as JSON Feed."""
