"""The commands about access, each thin: `briefing keys`, `plans`, `documents`, `audit` and `outdated`.

What a command does not need is not imported. What a caller may not have is rejected below, in `api/access/`.
"""

from api.commands.documents import audit, documents
from api.commands.keys import keys
from api.commands.outdated import outdated
from api.commands.plans import plans

__all__ = ["audit", "documents", "keys", "outdated", "plans"]
