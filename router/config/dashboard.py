"""What config.yaml may say about the operator's dashboard."""

from typing import Annotated

from msgspec import Meta

from router.config.section import Section, Text, UrlPath


class Dashboard(Section, frozen=True, kw_only=True):
    """The operator's dashboard: a page, and the procedures `wamplex.*` that it asks."""

    path: Annotated[
        UrlPath | None,
        Meta(description="Where the page is, on the listeners with `http`; null offers the procedures only."),
    ] = "/dashboard"
    realm: Annotated[
        Text,
        Meta(
            description="The realm in which the procedures are; its principals use the dashboard, if a rule whose "
            "`uri` begins with `wamplex.` allows it."
        ),
    ] = "realm1"
