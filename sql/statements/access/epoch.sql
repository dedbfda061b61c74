-- The number of the last change, and the plan of who has no key. Looked at five times a second by each process.
select epoch.number as epoch, plan.* from access.epoch left join access.plan on plan.name = 'anonymous'
