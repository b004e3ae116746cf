"""What is served, and as what."""

from typing import Final

TEXTS: Final = {
    ".html": b"text/html; charset=utf-8",
    ".htm": b"text/html; charset=utf-8",
    ".css": b"text/css; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".mjs": b"text/javascript; charset=utf-8",
    ".json": b"application/json",
    ".map": b"application/json",
    ".geojson": b"application/geo+json",
    ".webmanifest": b"application/manifest+json; charset=utf-8",
    ".svg": b"image/svg+xml; charset=utf-8",
    ".xml": b"application/xml",
    ".txt": b"text/plain; charset=utf-8",
    ".md": b"text/markdown; charset=utf-8",
    ".csv": b"text/csv; charset=utf-8",
    ".vtt": b"text/vtt; charset=utf-8",
    ".wasm": b"application/wasm",
    ".ttf": b"font/ttf",
    ".ico": b"image/x-icon",
}
"""What is compressed on the way, by suffix."""

TYPES: Final = TEXTS | {
    ".png": b"image/png",
    ".jpg": b"image/jpeg",
    ".jpeg": b"image/jpeg",
    ".gif": b"image/gif",
    ".webp": b"image/webp",
    ".avif": b"image/avif",
    ".woff": b"font/woff",
    ".woff2": b"font/woff2",
    ".mp3": b"audio/mpeg",
    ".ogg": b"audio/ogg",
    ".opus": b"audio/ogg",
    ".wav": b"audio/wav",
    ".mp4": b"video/mp4",
    ".webm": b"video/webm",
    ".pdf": b"application/pdf",
    ".zip": b"application/zip",
    ".gz": b"application/gzip",
    ".glb": b"model/gltf-binary",
    ".bin": b"application/octet-stream",
}
"""What is served, by suffix. What is not here does not exist: no source, no database, no configuration by accident."""

NEVER: Final = frozenset({"package.json", "package-lock.json", "tsconfig.json", "composer.json"})
"""Files that lie beside those of pages, and are nobody's business."""
