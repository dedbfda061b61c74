"""HTTP requests and responses, which REST and GraphQL share: parameters, bodies, media types, problems, and sending.

This level rejects a request if its URL or body is malformed or too large, or if the service offers none of the media
types that the client accepts. It also turns the errors of all other levels into statuses.
"""
