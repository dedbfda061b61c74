"""Fields that several kinds of records have."""

from api.model.types import field

DISPUTED = field(
    "Whether some source denies, disputes or retracts it, or two sources blame different parties.", derived=True
)
STANCES = field("The stances that make it disputed, each once, in the order of the alphabet.", derived=True)
SUBJECTS = field(
    "Its subjects, as codes of schemes such as IPTC Media Topics.", max_items=50, example="medtop:16000000"
)
