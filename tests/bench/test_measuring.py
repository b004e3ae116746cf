"""The load generator counts what it should, and notices a router that answers wrongly."""

import os
from functools import partial

import pytest

from bench import measuring
from bench.measuring import Sample, Spread, measure, measure_idle, quantile, spread
from bench.workloads import Connect, Fanout, Publish, Rpc

SECONDS = 0.1


@pytest.fixture(autouse=True)
def short_phases(monkeypatch):
    monkeypatch.setattr(measuring, "WARM_UP", 0.05)
    monkeypatch.setattr(measuring, "DRAIN", 0.2)
    monkeypatch.setattr(measuring, "SETTLE", 0.05)
    monkeypatch.setattr(measuring, "FIRST_SESSIONS", 3)


def test_the_median_of_a_hundred_values_is_the_fiftieth_and_the_99th_percentile_the_last_but_one():
    values = list(range(1, 101))
    assert quantile(values, 0.50) == 50
    assert quantile(values, 0.99) == 99


def test_every_quantile_of_a_single_value_is_that_value():
    assert [quantile([7.0], share) for share in (0.0, 0.5, 0.99, 1.0)] == [7.0] * 4


def test_a_spread_leaves_out_runs_that_failed():
    samples = [Sample({"rate": 3.0}), Sample(problem="lost"), Sample({"rate": 1.0}), Sample({"rate": 2.0})]
    assert spread(samples, "rate") == Spread(2.0, 1.0, 3.0)


def test_a_figure_that_no_run_has_has_no_spread():
    assert spread([Sample()], "cpu") is None


@pytest.mark.parametrize(
    "workload", [partial(Rpc, window=8, callers=3), Publish, partial(Fanout, receivers=5), Connect]
)
def test_every_workload_runs_without_errors_on_a_router_that_works(toy_router, workload):
    sample = measure(partial(workload, toy_router.target), SECONDS)
    assert (sample.errors, sample.problem) == (0, "")
    assert sample.figures["rate"] > 0
    assert 0 < sample.figures["p50"] <= sample.figures["p99"]


def test_the_processor_time_of_the_router_is_measured_when_its_process_is_known(toy_router):
    sample = measure(partial(Rpc, toy_router.target), SECONDS, router=os.getpid())
    assert {"cpu", "router_busy"} <= sample.figures.keys()


def test_the_memory_of_idle_sessions_is_measured(toy_router):
    assert "memory" in measure_idle(toy_router.target, os.getpid(), sessions=10).figures


def test_a_wrong_result_counts_as_an_error(toy_router):
    toy_router.spoil = lambda message: [50, message[1], {}, [0]] if message[0] == 50 else message
    assert measure(partial(Rpc, toy_router.target), SECONDS).errors > 0


def test_a_call_that_is_never_answered_counts_as_an_error(toy_router):
    toy_router.spoil = lambda message: None if message[0] == 50 and message[1] == 20 else message
    assert measure(partial(Rpc, toy_router.target, window=4, callers=1), SECONDS).errors == 1


def test_a_lost_event_counts_as_an_error(toy_router):
    toy_router.spoil = lambda message: None if message[0] == 36 and message[4] == [20] else message
    assert measure(partial(Publish, toy_router.target), SECONDS).errors > 0


def test_a_doubled_event_counts_as_an_error(toy_router):
    toy_router.spoil = lambda message: [*message[:4], [19]] if message[0] == 36 and message[4] == [20] else message
    assert measure(partial(Publish, toy_router.target), SECONDS).errors > 0


def test_a_router_that_is_not_there_is_a_problem_and_not_a_traceback(toy_router):
    target = toy_router.target
    nowhere = type(target)("rs://127.0.0.1:1", target.realm, target.codec)
    assert "ConnectionRefusedError" in measure(partial(Rpc, nowhere), SECONDS).problem
