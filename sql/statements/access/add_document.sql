-- Add a trusted document for one plan or for all plans. No row if it exists already or if there is no such plan.
insert into access.trusted_document (version, hash, plan, name, document)
select $1, $2, $3::text, $4, $5
where $3::text is null or exists (select from access.plan where plan.name = $3::text)
on conflict do nothing
returning hash
