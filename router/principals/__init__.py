"""The principals that the router keeps itself: in config.yaml, in a file of their own, in a database."""
