"""The only folder that talks to Postgres: it starts the embedded one, connects, migrates, reads and writes.

Statements and records arrive here complete and checked. This level raises only errors that need the database to find:
it cannot be reached, another migration or load is running, or a link leads nowhere.
"""
