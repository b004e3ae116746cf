"""The ticker: live prices with charts."""

from collections.abc import Callable

from tests.web.conftest import Page


def test_the_ticker_draws_a_growing_chart_for_each_symbol(open_page: Callable[..., Page]) -> None:
    page = open_page("demos/ticker/")
    page.wait(lambda: page.texts("#ticker h3") == ["AMBR", "COBL", "LARK", "MOSS"])
    points = "return document.querySelector('#ticker .line').getAttribute('d')?.split('L').length ?? 0"
    few = page.wait(lambda: page.run(points))
    page.wait(lambda: page.run(points) > few + 2)
    assert float(page.find("#ticker .price").text) > 0
