"""What `briefing serve` runs: the service in one process, or a parent with several of them behind one socket."""

from __future__ import annotations

from api.app import create_app
from api.http import server
from api.http.health import Prepare
from api.http.worker import Link
from api.http.workers import Parent
from api.settings import Settings


def serve(settings: Settings, url: str, prepare: Prepare) -> int:
    """Serve until told to stop; the exit code."""
    if settings.processes > 1:
        return _several(settings, url, prepare)
    application = create_app(settings, url, prepare)
    return server.serve(application, settings, on_drain=application.drain)


def _several(settings: Settings, url: str, prepare: Prepare) -> int:
    listener = server.listen(settings)
    # Made here once and thrown away: what it builds of the schemas is remembered, and each worker has it.
    create_app(settings, url)

    def work(link: Link) -> int:
        # A table that all workers share is made above, and gets its `link.place` here.
        application = create_app(settings, url, link.prepare)
        return server.serve(
            application,
            settings,
            on_ready=lambda _: link.begin(lambda: b""),
            on_drain=application.drain,
            listener=listener,
            shares=link.shares,
        )

    async def beside() -> None:
        return

    with listener:
        return Parent(work, settings.processes, settings.worker_timeout, prepare).run(listener, beside)
