"""One Hypothesis profile: the same examples in every run, so that a red build stays red until it is mended."""

from hypothesis import settings

settings.register_profile("stable", derandomize=True, deadline=None, database=None, max_examples=30)
settings.load_profile("stable")
