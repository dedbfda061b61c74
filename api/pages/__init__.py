"""What people open in a browser: the home page at `/` and the reference at `/docs`; and, for programs, the index.

Pages are made here, load their files from here alone, and work without cookies. Whoever does not ask for HTML gets
JSON at `/`. Nothing is rejected at this level but what the doors reject, too: callers whose limit is used up.
"""
