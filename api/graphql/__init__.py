"""The GraphQL API: each document is answered by one statement.

Strawberry's schema provides types, validation and introspection. The selection of a valid document becomes a Query.
This layer rejects documents that are too long, too deep, too wide or not valid, variables and arguments with a wrong
value, and requests that are not GraphQL over HTTP.
"""
