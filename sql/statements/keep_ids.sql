-- Give staged records and their links the ids that they keep.
update staged
set id = coalesce((select kept_id.stored_id from kept_id where kept_id.id = staged.id), staged.id),
    -- A record without a key is called by its id.
    name = case when staged.name = staged.id
        then coalesce((select kept_id.stored_id from kept_id where kept_id.id = staged.id), staged.id) else staged.name end,
    record = (
        with recursive link as (
            select kept_id.id, kept_id.stored_id, row_number() over (order by kept_id.id) as n
            from (
                select distinct split_part(form, ':', 1) as id from string_to_table(staged.key_forms, ' ') as form
            ) as named join kept_id using (id)
        ),
        replaced as (
            select 0::bigint as n, staged.record as record
            union all
            select link.n, replace(replaced.record, link.id, link.stored_id)
            from replaced join link on link.n = replaced.n + 1
        )
        select replaced.record from replaced order by replaced.n desc limit 1
    )
where staged.key_forms <> '' and exists (
    select from string_to_table(staged.key_forms, ' ') as form join kept_id on kept_id.id = split_part(form, ':', 1)
)
