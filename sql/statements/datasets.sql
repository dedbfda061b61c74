-- The datasets of the staged records.
select distinct split_part(keys, E'\x1f', 1) as dataset from staged where split_part(keys, E'\x1f', 1) <> ''
