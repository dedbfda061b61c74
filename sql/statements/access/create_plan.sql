-- Create a plan. No row if there is a plan with this name.
insert into access.plan
    (name, points_minute, points_day, burst, at_once, page_most, export_most, formats, trusted_only, open)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
on conflict (name) do nothing
returning name
