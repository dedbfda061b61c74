"""The server process: uvicorn with bounds on connections, the workers behind one socket, and their supervisor.

This level is below ASGI. It refuses a request that is malformed, too large or too slow before the application sees it.
"""
