"""The commands that have commands below them, each thin: `briefing keys`, `plans`, `documents`, `audit`, `contract`.

What a command does not need is not imported. What a caller may not have is rejected below, in `api/access/`, and what
a contract may not become in `api/contracts/`.
"""

from api.commands.contract import contract
from api.commands.documents import audit, documents
from api.commands.keys import keys
from api.commands.plans import plans

__all__ = ["audit", "contract", "documents", "keys", "plans"]
