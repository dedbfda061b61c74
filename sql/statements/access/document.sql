-- The text of a document that a plan may use, as of an epoch. Without such a document, only the epoch.
select epoch.number as epoch, found.document from access.epoch left join lateral (
    select document from access.trusted_document
    where version = $1 and hash = $2 and (plan is null or plan = $3::text) limit 1
) as found on true
