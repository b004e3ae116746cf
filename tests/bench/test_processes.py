"""What is read from /proc is read right."""

import os
import subprocess
import sys
import time

from bench.processes import core_ticks, cpu_seconds, cpu_ticks, machine, parent_of, process_tree, resident_kib

STAT = "42 (a (very) odd name) S 7 42 42 0 -1 4194560 1 0 0 0 250 31 9 9 20 0 1 0 100 0 0"


def test_a_process_name_with_blanks_and_parentheses_does_not_shift_the_fields():
    assert parent_of(STAT) == 7
    assert cpu_ticks(STAT) == 250 + 31


def test_the_tree_of_a_process_has_its_children():
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    try:
        assert child.pid in process_tree(os.getpid())
    finally:
        child.communicate(b"\n")


def test_processor_time_grows_with_work():
    before = cpu_seconds([os.getpid()])
    until = time.process_time() + 0.05
    while time.process_time() < until:
        pass
    assert cpu_seconds([os.getpid()]) > before


def test_a_core_is_busy_with_everything_but_idling_and_waiting_for_a_disk():
    stat = "cpu  9 9 9 9 9 9 9 9 9 9\ncpu0 9 9 9 9 9 9 9 9 9 9\ncpu1 1 2 4 1000 1000 8 16 32 0 0\nintr 5\n"
    assert core_ticks(stat, 1) == 63


def test_a_process_that_has_ended_counts_nothing():
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    assert cpu_seconds([ended.pid]) == 0
    assert resident_kib([ended.pid]) == 0


def test_resident_memory_of_this_process_is_some_mebibytes():
    assert resident_kib([os.getpid()]) > 1024


def test_the_machine_is_named_with_its_cores():
    assert f"{os.cpu_count()} cores" in machine()
