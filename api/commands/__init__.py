"""The commands about access, each thin: `briefing keys`, `plans`, `documents` and `audit`.

What a command does not need is not imported. What a caller may not have is rejected below, in `api/access/`.
"""

from api.commands.documents import audit, documents
from api.commands.keys import keys
from api.commands.plans import plans

__all__ = ["audit", "documents", "keys", "plans"]
