-- Lock a plan until the end of the transaction.
select * from access.plan where name = $1 for update
