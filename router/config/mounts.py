"""What config.yaml may say about what else is served over HTTP: folders, applications, redirects, other servers."""

from pathlib import Path
from typing import Annotated, Final

from msgspec import Meta

from router.config.scalars import Size
from router.config.section import Deadline, Section, Text, UrlPath

KINDS: Final = ("directory", "wsgi", "redirect", "proxy")
"""A mount is exactly one of these."""

OPTIONS: Final = {
    "index": ("directory",),
    "fallback": ("directory",),
    "cache": ("directory",),
    "keep_path": ("redirect",),
    "permanent": ("redirect",),
    "threads": ("wsgi",),
    "max_requests": ("wsgi", "proxy"),
    "max_body": ("wsgi", "proxy"),
    "timeout": ("proxy",),
}
"""What each of the other keys is for."""


class Header(Section, frozen=True, kw_only=True):
    """A header field of answers."""

    name: Annotated[
        Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{1,64}$")],
        Meta(description="Its name, such as `Content-Security-Policy`."),
    ]
    value: Annotated[Text | None, Meta(description="Its value; null takes the field away.")]


class Mount(Section, frozen=True, kw_only=True):
    """A path at which something else is served: exactly one of `directory`, `wsgi`, `redirect` and `proxy`."""

    path: Annotated[
        UrlPath, Meta(description="Where it is, with all below for which there is no longer path; `/` is all the rest.")
    ]
    directory: Annotated[Path | None, Meta(description="A folder of files, relative to this file's.")] = None
    index: Annotated[Text, Meta(description="The file that stands for its folder.")] = "index.html"
    fallback: Annotated[
        Text | None,
        Meta(description="The file that is sent for pages that are not there: single-page applications need it."),
    ] = None
    cache: Annotated[
        int,
        Meta(
            description="Seconds for which browsers may keep files without asking; 31536000, a year, also tells them "
            "that files never change.",
            ge=0,
            le=31_536_000,
        ),
    ] = 0
    wsgi: Annotated[
        Text | None,
        Meta(description="A WSGI application (Flask, Django) that can be imported: `package.module:application`."),
    ] = None
    threads: Annotated[int, Meta(description="How many requests the application answers at a time.", ge=1, le=256)] = 8
    redirect: Annotated[Text | None, Meta(description="Where browsers are sent: a URL, or a path of this site.")] = None
    keep_path: Annotated[
        bool, Meta(description="Whether the rest of the path, and the query, are kept in the redirect.")
    ] = True
    permanent: Annotated[bool, Meta(description="308, which browsers remember; or 307, which they do not.")] = True
    proxy: Annotated[
        Text | None, Meta(description="The HTTP server that answers in our place, such as `http://127.0.0.1:8000`.")
    ] = None
    timeout: Annotated[Deadline, Meta(description="Seconds that this server may be silent.")] = 60
    max_requests: Annotated[
        int,
        Meta(
            description="How many requests there may be at a time, those that wait for a thread included; more are "
            "answered with 503.",
            ge=1,
            le=100_000,
        ),
    ] = 100
    max_body: Annotated[
        Size, Meta(description="The largest body of a request; a larger one is refused with 413.", ge=0, le=2**34)
    ] = 2**20
    headers: Annotated[
        tuple[Header, ...], Meta(description="Header fields that every answer has, in the place of ours.")
    ] = ()
