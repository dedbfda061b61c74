"""Commands of `briefing`, each thin: `keys`, `plans`, `documents`, `audit`, `outdated`, `contract`, `mapping`,
`erase` and `doctor`.

A command imports only what it needs. Keys and plans that are not valid are rejected in `api/access/`, and changes that
a contract must not have in `api/contracts/`.
"""

from api.commands.contract import contract
from api.commands.doctor import doctor
from api.commands.documents import audit, documents
from api.commands.erase import erase
from api.commands.keys import keys
from api.commands.mapping import mapping
from api.commands.outdated import outdated
from api.commands.plans import plans

__all__ = ["audit", "contract", "doctor", "documents", "erase", "keys", "mapping", "outdated", "plans"]
