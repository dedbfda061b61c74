"""Door two: GraphQL documents, answered by one statement each.

Strawberry's schema gives the types, validation and introspection; the selection of a valid document becomes a Query.
A document is rejected at this level when it is too long, too deep or too wide, when it is not valid, when a variable
or an argument holds what it cannot, or when the request is not GraphQL over HTTP.
"""
