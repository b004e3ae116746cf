"""The browser side: pages, scripts, styles. A package only so that its files are found and travel in the wheel."""
