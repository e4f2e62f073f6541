"""On what the figures were measured."""

import os
import platform
from pathlib import Path


def facts(server):
    """Processors, memory, versions, and how busy the machine was with other work."""
    memory = Path("/proc/meminfo")
    total = int(memory.read_text().split()[1]) / 1024**2 if memory.exists() else 0
    version = server.execute("SELECT current_setting('server_version')")[0][0]
    fsync = server.execute("SELECT current_setting('fsync')")[0][0]
    return {
        "cores": len(os.sched_getaffinity(0)),
        "processor": _processor(),
        "memory_gb": round(total, 1),
        "python": platform.python_version(),
        "postgresql": version.split()[0],
        "fsync": fsync,
        "load": round(os.getloadavg()[0], 1),
    }


def _processor():
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
