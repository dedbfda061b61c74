"""Structured briefing data, events, figures, quotes and sources, over REST and GraphQL.

A request becomes a Query, a Query becomes one Statement, Postgres answers with the finished JSON, and the door
sends it. Each arrow is a folder here; ARCHITECTURE.md draws the map.
"""

__version__ = "0.1.0"
