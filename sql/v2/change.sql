-- The numbers of the changes of records, without their content.
create view v2_at.change as
select resource, id::text, revision, seq as change from store.change;
