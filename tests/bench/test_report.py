"""The report says what was measured, and which goals were met."""

import pytest

from bench.cases import Row
from bench.measuring import Sample
from bench.report import BEGIN, END, Comparison, markdown, number, write_between_markers


def comparison(crossbar, wamplex):
    return Comparison(
        samples={"rpc": {"Crossbar": crossbar, "Wamplex": wamplex}},
        versions={"Crossbar": "1", "Wamplex": "2"},
        machine="A machine",
        placement="Router and load on a core each",
        date="2026-01-31",
        seconds=1.0,
    )


def line_of(report, work):
    (line,) = [line for line in report.splitlines() if line.startswith(f"| {work}")]
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_a_budget_shows_both_medians_the_ratio_and_whether_the_goal_is_met():
    report = markdown(comparison([Sample({"rate": 1000.0})], [Sample({"rate": 20000.0, "cpu": 13.0})]))
    assert line_of(report, "RPC, 64 calls")[1:] == ["1,000", "20,000", "20.0 x", "≥ 15 x", "yes", ""]
    assert line_of(report, "RPC: router CPU")[1:] == ["-", "13", "", "≤ 12", "**no**", ""]


def test_a_ratio_of_costs_says_how_many_times_cheaper():
    assert Row("", "rpc", "cpu", at_most=12).ratio(crossbar=100.0, wamplex=10.0) == 10.0


def test_beside_a_ratio_of_rates_stands_that_of_processor_time():
    report = markdown(comparison([Sample({"rate": 1.0, "cpu": 200.0})], [Sample({"rate": 20.0, "cpu": 8.0})]))
    assert line_of(report, "RPC, 64 calls")[-1] == "25.0 x"


def test_without_the_other_router_a_ratio_cannot_be_met_or_missed():
    assert Row("", "rpc", "rate", times=15).is_met(None, 1000.0) is None


def test_a_run_in_which_the_load_was_the_limit_is_marked():
    report = markdown(comparison([], [Sample({"rate": 1.0, "load_busy": 99.0})]))
    assert "99 % (limit)" in report


def test_what_went_wrong_is_in_the_report():
    report = markdown(comparison([Sample(errors=1, problem="LostError: gone")], []))
    assert "- Crossbar, rpc: LostError: gone" in report


@pytest.mark.parametrize(
    ("value", "text"),
    [(0.04567, "0.0457"), (9.154, "9.15"), (38.24, "38.2"), (159.6, "160"), (4712.0, "4,710"), (123456.0, "123,000")],
)
def test_numbers_have_three_significant_digits(value, text):
    assert number(value) == text


def test_the_report_replaces_what_stands_between_the_markers(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    write_between_markers(page, "new\n")
    assert page.read_text() == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"


def test_a_page_without_markers_is_left_alone(tmp_path):
    page = tmp_path / "performance.md"
    page.write_text("before\n")
    with pytest.raises(ValueError, match="markers"):
        write_between_markers(page, "new\n")
    assert page.read_text() == "before\n"
