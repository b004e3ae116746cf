"""What Linux tells about processes: processor time, resident memory, cores; and about the machine."""

import os
import platform
import sysconfig
from collections.abc import Iterable
from pathlib import Path

__all__ = ["CORES", "core_seconds", "cpu_seconds", "machine", "pin", "process_tree", "resident_kib"]

TICKS = os.sysconf("SC_CLK_TCK")
PAGE_KIB = os.sysconf("SC_PAGE_SIZE") // 1024

_ALLOWED = sorted(os.sched_getaffinity(0))  # asked before anyone pins this process

# One core for the router and another for the load, so that neither takes time from the other; None if there is but one.
CORES: tuple[int, int] | None = (_ALLOWED[0], _ALLOWED[-1]) if len(_ALLOWED) > 1 else None


def stat_fields(stat: str) -> list[str]:
    """The fields of /proc/PID/stat from the third on: the second, the name, may hold blanks and parentheses."""
    return stat.rpartition(")")[2].split()


def parent_of(stat: str) -> int:
    return int(stat_fields(stat)[1])


def cpu_ticks(stat: str) -> int:
    """utime + stime: fields 14 and 15 of proc(5)."""
    fields = stat_fields(stat)
    return int(fields[11]) + int(fields[12])


def process_tree(root: int) -> list[int]:
    """`root` and all its living descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (stat := _read(entry / "stat")):
            children.setdefault(parent_of(stat), []).append(int(entry.name))
    tree = [root]
    for pid in tree:  # grows while we walk it
        tree.extend(children.get(pid, ()))
    return tree


def cpu_seconds(pids: Iterable[int]) -> float:
    """Processor time, user and system, that these processes have used so far."""
    return sum(cpu_ticks(stat) for pid in pids if (stat := _read(Path(f"/proc/{pid}/stat")))) / TICKS


def core_ticks(stat: str, core: int) -> int:
    """What /proc/stat says that a core has worked, or was kept from working by the hypervisor (steal)."""
    for line in stat.splitlines():
        name, *counts = line.split()
        if name == f"cpu{core}":
            user, nice, system, _idle, _iowait, irq, softirq, steal, *_ = (int(count) for count in counts)
            return user + nice + system + irq + softirq + steal
    return 0


def core_seconds(cores: Iterable[int]) -> float:
    """Time that these cores have been busy so far, whoever used them."""
    stat = _read(Path("/proc/stat"))
    return sum(core_ticks(stat, core) for core in cores) / TICKS


def resident_kib(pids: Iterable[int]) -> int:
    """Resident memory of these processes together, in KiB."""
    return sum(int(statm.split()[1]) * PAGE_KIB for pid in pids if (statm := _read(Path(f"/proc/{pid}/statm"))))


def pin(core: int) -> None:
    """Keep this process, and what it starts from now on, on one core."""
    os.sched_setaffinity(0, {core})


def machine() -> str:
    """One line: processor, cores, kernel, Python and whether it was built with profile-guided optimisation, which makes
    pure Python code a third faster and C code not at all."""
    model = platform.machine()
    for line in _read(Path("/proc/cpuinfo")).splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    optimised = "with" if "--enable-optimizations" in (sysconfig.get_config_var("CONFIG_ARGS") or "") else "without"
    return (
        f"{model}, {os.cpu_count()} cores, {platform.system()} {platform.release().partition('-')[0]}, "
        f"{platform.python_implementation()} {platform.python_version()} built {optimised} PGO"
    )


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:  # the process has ended meanwhile
        return ""
