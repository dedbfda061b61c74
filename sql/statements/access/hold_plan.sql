-- A plan, which nobody else changes until the transaction ends.
select * from access.plan where name = $1 for update
