"""The commands of `wamplex`, a module for each group; `router.cli` puts them together.

A module has `add_to(commands)`, which describes its commands to argparse, each with the function that runs it as the
default of `run`. That function gets the parsed command line and returns the exit status, or raises `Refused`.
"""
