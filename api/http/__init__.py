"""The HTTP that REST and GraphQL share: limits of connections, the context of each request, problems, and sending.

This level rejects a request if its header fields, URL or body are too large, malformed or too slow, or if the service
offers none of the media types that the client accepts. It also turns the errors of all other levels into statuses.
"""
