"""Serve structured briefing data (events, figures, quotes and their sources) over REST and GraphQL.

A request becomes a Query, a Query becomes one Statement, Postgres returns the finished JSON, and REST or GraphQL sends
it. Each step is a folder here. ARCHITECTURE.md has a map of them.
"""

__version__ = "0.1.0"
