"""Fields that several kinds of records have."""

from api.model.types import field

DISPUTED = field(
    "True if a source denies, disputes or retracts the record, or if two sources blame different parties.", derived=True
)
STANCES = field(
    "The stances that make the record disputed, without duplicates and in alphabetical order.", derived=True
)
SUBJECTS = field(
    "The subjects, as codes of schemes such as IPTC Media Topics.", max_items=50, example="medtop:16000000"
)
