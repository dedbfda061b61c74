"""Draft a first mapping from the columns of a file."""
