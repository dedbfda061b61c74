-- A document that is no longer trusted, by its hash or its name, for whatever plan.
delete from access.trusted_document where hash = $1 or name = $1
returning hash, name, version, plan
