"""Load files: the load format, how a file is read, and how its records reach the store.

A file is refused as a whole if it is not UTF-8 or not JSON, if a record breaks a rule of the format, or if a link leads
nowhere. Its faults are listed with line, record and field. Everything that the database checks is checked here first,
so that faults are described in words. The database would refuse the record, too.

Rows of other data (`rows`, `csv_rows`, `json_rows`, `xlsx_rows`, `parquet_rows`) pass through a mapping (`mapping`,
`mapping_compiler`, `compiled_mapping`, `template`, `converters`) and become records of the format, which are checked
like any other (`mapped_file`). `formats/` contains the mappings of the release.
"""
