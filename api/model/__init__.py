"""Values of stored records: their types and vocabularies."""
