"""A declaration that contradicts itself or the model fails when it is made."""

from __future__ import annotations

import pytest

from api.catalog import Resource, Version, newest
from api.catalog.declaration import extended, field, group, linked, listing, projection, shown
from api.catalog.version import version
from api.model import RECORDS

SHOWN = newest()


def with_others(*revised: Resource) -> Version:
    """A version that has these resources in the place of its own."""
    names = {resource.name for resource in revised}
    resources = (*SHOWN.resources.values(), *SHOWN.children.values())
    return version("v0", [*revised, *(resource for resource in resources if resource.name not in names)])


def test_a_record_that_would_show_itself_without_end_is_refused() -> None:
    class Told:
        """It shows its briefing."""

        briefing = linked(embedded=True)

    class Affiliated:
        """It shows that of which it is a part, and so on."""

        affiliation = linked(embedded=True)

    event = extended(SHOWN["event"], Told)
    assert with_others(event)["event"].links["briefing"].embedded
    with pytest.raises(TypeError, match="without end"):
        with_others(extended(SHOWN["source"], Affiliated))


@pytest.mark.parametrize(
    ("path", "problem"), [("briefing.publisher", "falls back to a source"), ("citations", "is no link to one")]
)
def test_a_fallback_leads_by_links_to_one_to_the_same_resource(path: str, problem: str) -> None:
    class Placed:
        """Its place falls back to something else."""

        place = linked(fallback=path)

    with pytest.raises(TypeError, match=problem):
        with_others(extended(SHOWN["figure"], Placed))


def test_a_resource_has_one_collated_text_at_most() -> None:
    class Named:
        """It has two of them."""

        role: str | None = field("Its role.", sort=True, collated="role_key")

    collated = SHOWN["source"].collated
    assert collated is not None and collated.name == "name"
    with pytest.raises(TypeError, match="two collated fields, name and role"):
        extended(SHOWN["source"], Named).collated  # noqa: B018 - it is looked up for its error


def test_a_group_of_a_field_that_is_not_shown_is_refused() -> None:
    class Grouped:
        """It groups what is hidden."""

        secret: str = field("It is not shown.", hidden=True)
        declared = group("Told", "What is told.", one="secret")

    with pytest.raises(TypeError, match="secret"):
        extended(SHOWN["event"], Grouped)


def test_a_field_or_link_that_is_not_stored_is_refused() -> None:
    class Mistaken:
        """It shows a field that the model does not have."""

        venu = shown()

    class Misled:
        """It shows a link that the model does not have."""

        speeker = linked()

    with pytest.raises(TypeError, match="the quote of the model has no field venu"):
        extended(SHOWN["quote"], Mistaken)
    with pytest.raises(TypeError, match="the quote of the model has no link speeker"):
        extended(SHOWN["quote"], Misled)


def test_rows_that_are_no_records_have_no_stored_fields() -> None:
    class Change:
        """It shows a field of a list that is not in the model."""

        seq = shown()

    with pytest.raises(TypeError, match="the model has no change"):
        listing(sort="seq", key="seq", table="change")(Change)


def test_a_version_takes_type_and_description_from_the_model_unless_it_says_otherwise() -> None:
    class Quote:
        """Words."""

        venue = shown(filter="in")
        cue = shown(description="The verb.", deprecated="use venue")

    quote = projection(sort="-updated_at")(Quote)
    assert list(quote.fields) == ["id", "revision", "created_at", "updated_at", "venue", "cue"]
    stored_field = RECORDS["quote"].fields["venue"]
    assert (quote.fields["venue"].type, quote.fields["venue"].description) == (
        stored_field.type,
        stored_field.description,
    )
    assert quote.fields["venue"].operators == ("in",)
    assert (quote.fields["cue"].description, quote.fields["cue"].deprecated) == ("The verb.", "use venue")
    assert (quote.prefix, quote.sort, quote.description) == ("quo", "-updated_at", "Words.")
