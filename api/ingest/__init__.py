"""Files to records: what a load file may say, how it is read, and what happens to it.

A file is refused at this level, whole and with every fault by line, record and field, if it is not UTF-8 or not JSON,
if a record breaks a rule of the format, or if a link leads nowhere. Everything that the database checks is checked
here first, in words; the database would refuse it too.

Rows of other data (`row`, `table`, `stream`) pass through a mapping (`mapping`, `declaration`, `plan`, `template`,
`converter`) and come out as records of the format, checked like any other (`mapped`). `formats/` holds those that ship.
"""
