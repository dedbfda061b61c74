"""A typed client of the briefing API: `Briefing`, `AsyncBriefing`, and the errors that they raise."""

from briefing_sdk.client import AsyncBriefing, Briefing
from briefing_sdk.errors import *  # noqa: F403
from briefing_sdk.errors import __all__ as _errors

__all__ = ["AsyncBriefing", "Briefing", *_errors]
