"""What every section of config.yaml is made of: the base of its Structs, and the types of values that recur."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

Match = Literal["exact", "prefix", "wildcard"]
Text = Annotated[str, Meta(min_length=1)]
UrlPath = Annotated[str, Meta(pattern=r"^/[^\s?#]*$")]
Deadline = Annotated[float, Meta(gt=0, le=3600)]
Many = Annotated[int, Meta(ge=1, le=10_000_000)]


class Section(Struct, frozen=True, forbid_unknown_fields=True):
    """The base of all sections: immutable, and an unknown key is a mistake."""
