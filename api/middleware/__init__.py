"""The steps of every request around its endpoint: its context, its caller, CORS, deprecation, shared caches, errors as
problems."""
