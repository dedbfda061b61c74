"""The pages for browsers: the home page at `/`, the explorer at `/explore`, the guide at `/guide`, and the reference at
`/docs`. For programs, the index.

Pages load files from this service only, and work without cookies. A client that does not ask for HTML gets JSON at `/`.
Nothing is rejected here except what REST and GraphQL reject, too: requests of callers whose limit is used up.
"""
