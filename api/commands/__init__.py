"""The commands that have commands below them or change what is kept, each thin: `briefing keys`, `plans`, `documents`,
`audit`, `outdated`, `contract`, `mapping`, `erase`.

What a command does not need is not imported. What a caller may not have is rejected below, in `api/access/`, and what
a contract may not become in `api/contracts/`.
"""

from api.commands.contract import contract
from api.commands.documents import audit, documents
from api.commands.erase import erase
from api.commands.keys import keys
from api.commands.mapping import mapping
from api.commands.outdated import outdated
from api.commands.plans import plans

__all__ = ["audit", "contract", "documents", "erase", "keys", "mapping", "outdated", "plans"]
