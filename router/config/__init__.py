"""config.yaml: what it may say (`model`), how it is read (`source`, `nodes`, `decoding`), what must fit
(`checks`), what is legal and dangerous (`advice`).

`load(path)` gives a `Config` that is right in every respect, or raises `InvalidConfig`, whose text is the whole report
in lines of the form `config.yaml:LINE:COLUMN: what is wrong; what would be right`. Nothing later checks again.
`read(path)` gives the lines of its values along, for the dashboard.
"""

from router.config.advice import warnings
from router.config.loading import Reading, load, read
from router.config.mistakes import InvalidConfig
from router.config.model import Config

__all__ = ["Config", "InvalidConfig", "Reading", "load", "read", "warnings"]
