"""The files of the pages."""

from __future__ import annotations

from pathlib import Path

from api.http.assets import Assets

ASSETS = Assets(Path(__file__).parent / "assets", "docs")
TITLE = "Briefing API"
