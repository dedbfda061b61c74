"""The files of the pages."""

from __future__ import annotations

from pathlib import Path

from api.http.assets import Assets
from api.rest.overview import TITLE

__all__ = ["ASSETS", "TITLE"]

ASSETS = Assets(Path(__file__).parent / "assets", "docs")
