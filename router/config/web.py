"""What config.yaml may say about what the router serves over HTTP."""

from pathlib import Path
from typing import Annotated, Literal

from msgspec import Meta

from router.config.mounts import Mount
from router.config.section import Deadline, Section, Text, UrlPath


class Login(Section, frozen=True, kw_only=True):
    """HTTP endpoints for browsers: log in and get a cookie, get a token for the cookie, log out."""

    realm: Annotated[Text, Meta(description="The realm whose principals log in, with their ticket as password.")]
    path: Annotated[UrlPath, Meta(description="Below it are `/login`, `/token`, `/logout` and `/whoami`.")] = "/auth"
    cookie: Annotated[
        Annotated[str, Meta(pattern=r"^[A-Za-z0-9_-]{1,64}$")], Meta(description="The name of the cookie.")
    ] = "wamplex"
    lifetime: Annotated[float, Meta(description="Seconds that a login lasts.", gt=0, le=366 * 86_400)] = 86_400
    token_lifetime: Annotated[Deadline, Meta(description="Seconds for which a token is good.")] = 60
    same_site: Annotated[Literal["strict", "lax"], Meta(description="The cookie's SameSite.")] = "lax"
    file: Annotated[
        Path | None,
        Meta(description="The SQLite file that keeps the logins over a restart; null keeps them in memory."),
    ] = None


class Web(Section, frozen=True, kw_only=True):
    """What the listeners with `http` serve."""

    path: Annotated[
        UrlPath | None,
        Meta(description="The path below which the page, or the files of `directory`, appear; null serves none."),
    ] = "/"
    directory: Annotated[
        Path | None,
        Meta(description="The folder to serve, relative to this file's; null is the page that comes with Wamplex."),
    ] = None
    mounts: Annotated[
        tuple[Mount, ...], Meta(description="What else is served: folders, applications, redirects, other servers.")
    ] = ()
    login: Annotated[Login | None, Meta(description="Let browsers log in over HTTP; `false` does not.")] = None
