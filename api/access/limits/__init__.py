"""How much a caller may, kept exactly between workers and machines. A request is rejected at this level when a limit of
its plan is short, or when too many of its caller are under way."""
