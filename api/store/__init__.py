"""The only folder that talks to Postgres: it starts one, connects, migrates, reads and writes.

Statements and records arrive here whole and checked. What is refused at this level is what only the database can
know: that it cannot be reached, that another migration or load is running, that a link leads nowhere.
"""
