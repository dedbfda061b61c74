"""First mappings, drafted from the columns of a file."""
