"""Which Wamplex this is."""

from importlib.metadata import PackageNotFoundError, version


def installed_version() -> str:
    """The version of the installed package."""
    try:
        return version("wamplex")
    except PackageNotFoundError:
        return "(not installed)"
