-- Compute the digests of records whose ids were replaced.
update staged set digest = encode(sha256(convert_to(record, 'UTF8')), 'hex') where key_forms <> '' and record <> ''
