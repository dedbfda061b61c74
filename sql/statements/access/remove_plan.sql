-- Remove a plan that no key has or ever had.
delete from access.plan
where name = $1
    and not exists (select from access.key where key.plan = $1)
    and not exists (select from access.trusted_document where trusted_document.plan = $1)
returning name
