-- Remove a trusted document, named by its hash or its name, for all plans that had it.
delete from access.trusted_document where hash = $1 or name = $1
returning hash, name, version, plan
