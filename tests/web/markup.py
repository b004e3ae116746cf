"""Text that people type, which must stay text."""

# Each would leave a mark on the page if it became markup or script anywhere.
MARKUP = (
    "<img src=x onerror=\"document.title='broken'\"><b class=injected>x</b><script>document.title='broken'</script>"
)
