"""The steps around endpoints: the context of a request, CORS, deprecation, shared caches, errors as problems. Endpoints
call `Authentication` if they need the caller."""
