-- Replace the values of a plan.
update access.plan set points_minute = $2, points_day = $3, burst = $4, at_once = $5, page_most = $6, export_most = $7,
    formats = $8, trusted_only = $9, open = $10
where name = $1
returning *
