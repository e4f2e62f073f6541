"""One cell of the matrix: what is done, and what must be true at once and in the end."""

from tests.faults import traps

OPEN = ("pending", "sending", "waiting", "unclear")
# Seconds that pass between two looks of whoever waits.
PATIENCE = (61, 61, 120, 300, 600, 900, 900, 1800, 3600, 3600)


def run(world, step, trouble) -> list[str]:
    """Play one cell; what is wrong, nothing where all is well."""
    world.fresh()
    subject = step.prepare(world)
    try:
        wrong = trouble.strike(world, step, subject)
        if trouble.plan and trouble.plan.get("times", 1) and world.sim.faults.list():
            wrong.append("the call was not made")
    finally:
        traps.disarm()
        world.sim.faults.clear()
    world.quiet()
    before = _look(world, step, subject, trouble, wrong)
    minutes = _settle(world, step, subject, trouble, wrong)
    if minutes > trouble.longest:
        wrong.append(f"took {minutes} min")
    step.afterwards(world)
    _final(world, step, subject, trouble, before, wrong)
    return wrong + world.errors.found


def _look(world, step, subject, trouble, wrong):
    """Whether each record says what is so, right after it happened; states by exchange."""
    number = step.count(world, subject)
    with world.env() as env:
        exchanges = subject.all(env)
        main = subject.of(env)
        if len(main) == 1:
            if main.state == "done" and number != step.want:
                wrong.append(f"says done, {number} in Exact")
            if main.state in ("failed", "cancelled") and not trouble.person:
                wrong.append(f"given up: {main.message}")
            if (
                main.state == "failed"
                and step.writes
                and number == step.want
                and not trouble.person
            ):
                wrong.append("says failed, and is in Exact")
        for exchange in exchanges.filtered(lambda e: e.state in ("failed", "waiting", "unclear")):
            if not exchange.message:
                wrong.append(f"{exchange.kind} {exchange.state} without a word")
        return {exchange.id: exchange.state for exchange in exchanges}


def _settle(world, step, subject, trouble, wrong) -> int:
    """Let time pass and the driver work until nothing is open; the minutes it took."""
    passed = 0
    for seconds in (0, *PATIENCE):
        with world.env() as env:
            states = set(subject.all(env).mapped("state"))
            expired = world.of(env).state == "expired"
        if expired:
            if step.name != "token refresh":
                wrong.append("the connection is dead")
            world.reconnect()
        if "failed" in states and trouble.person:
            with world.env() as env:
                subject.all(env).filtered(lambda e: e.state == "failed").action_retry()
            continue
        if not states & set(OPEN):
            break
        if seconds:
            world.pass_time(seconds)
            passed += seconds
        world.driver.run_due(world)
        world.quiet()
    return passed // 60


def _final(world, step, subject, trouble, before, wrong):
    """Once in Exact, nothing lost, and the record tells what became of it."""
    number = step.count(world, subject)
    if number != step.want:
        wrong.append(f"{number} in Exact")
    with world.env() as env:
        for exchange in subject.all(env):
            if exchange.state not in ("done", "cancelled"):
                wrong.append(f"{exchange.kind} ends {exchange.state}: {exchange.message}")
            elif before.get(exchange.id) == "unclear" and not exchange.notes:
                wrong.append(f"{exchange.kind} does not say what was found")
        wrong += step.check(env, subject)
