"""``python -m exact_simulator``: a local Exact Online on one port."""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading

from .server import Simulator


def _whole(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m exact_simulator",
        description="A local Exact Online for practice and tests: the Netherlands at /, "
        "Belgium at /be.",
    )
    parser.add_argument("--port", type=_whole, default=8070, help="0 takes a free one (8070)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--seed", choices=("demo", "empty"), default="demo", help="what is in it")
    parser.add_argument("--accounts", type=_whole, metavar="N", help="customers per division (40)")
    parser.add_argument("--data", metavar="DIR", help="keep the state here across restarts")
    parser.add_argument("--journal", metavar="FILE", help="append every call as a line of JSON")
    return parser


def _describe(simulator: Simulator) -> str:
    lines = [f"Exact Online simulator on {simulator.url} (stop with Ctrl-C)"]
    if simulator.restored:
        lines.append(f"  state taken from {simulator.data}")
    for code, name, prefix in (("nl", "Netherlands", ""), ("be", "Belgium", "/be")):
        country = simulator.countries[code]
        lines.append(f"  {name}: {simulator.url}{prefix}/")
        for app in country.apps.values():
            lines.append(f"    client id {app.client_id}  secret {app.client_secret}")
        for user in country.users.values():
            divisions = ", ".join(str(d) for d in sorted(user.divisions))
            lines.append(f"    login {user.login} / {user.password}  (divisions {divisions})")
    return "\n".join(lines)


def main(argv: list[str] | None = None) -> int:
    """Serve until stopped; 1 when the port is taken or the kept state cannot be read."""
    args = _parser().parse_args(argv)
    try:
        simulator = Simulator(args.seed, args.accounts, args.journal, args.data)
    except (OSError, RuntimeError) as error:
        print(error, file=sys.stderr)
        return 1
    try:
        simulator.serve(args.host, args.port)
    except (OSError, OverflowError) as error:
        reason = os.strerror(error.errno) if getattr(error, "errno", 0) else str(error)
        where = f"{args.host}:{args.port}"
        print(f"Cannot listen on {where}: {reason}. Choose another --port.", file=sys.stderr)
        return 1
    done = threading.Event()
    for sign in (signal.SIGINT, signal.SIGTERM):
        signal.signal(sign, lambda *_: done.set())
    print(_describe(simulator), flush=True)
    done.wait()
    simulator.stop()
    return 0


if __name__ == "__main__":
    sys.exit(main())
