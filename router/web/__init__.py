"""HTTP of a listener: the page, its files, and whatever else plants a resource.

`Site.serve(transport, received)` is the way in: the door hands over an asyncio transport and what it has read.

- `site`: what is served where, and the hand-over of a kept-alive connection to WebSocket
- `files`: static files out of one directory, and nothing else of the disk; texts `compressed`
- `mounts`: what config.yaml wants served elsewhere: `files`, `wsgi` applications, `redirect`s, other servers by `proxy`
- `channel`: Twisted's HTTP/1.1 as it is here: deadlines, limits of heads and bodies, headers of every answer
- `bridge`: how Twisted's HTTP/1.1 runs over an asyncio transport, with backpressure in both directions
"""

from router.web.site import Site, packaged_pages

__all__ = ["Site", "packaged_pages"]
