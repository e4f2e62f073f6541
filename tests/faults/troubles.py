"""What goes wrong around one call, and what may be expected of the record at once and in the end."""

import json
from dataclasses import dataclass
from unittest.mock import patch

from psycopg2.errors import LockNotAvailable

from tests.faults import traps

HTML = "<html><body><h1>Bad gateway</h1></body></html>"
# A fault of Exact's own, in its own shape (API 4.2).
WORDS = "A problem has occurred. The cause of this issue will be investigated as soon as possible."
REFUSAL = json.dumps({"error": {"code": "", "message": {"lang": "", "value": WORDS}}})
SKEW = 5 * 3600


@dataclass(frozen=True)
class Trouble:
    """One column of the matrix.

    :param plan: fault of the simulator for the call
    :param trap: what happens in the worker instead: see ``_trap``
    :param served: Exact has done it; so it makes no sense for a call that only reads
    :param person: somebody has to press "Try again"
    :param longest: so many minutes may pass until all is well
    """

    name: str
    plan: dict | None = None
    trap: str = ""
    served: bool = False
    person: bool = False
    longest: int = 200

    def concerns(self, step) -> bool:
        """Whether it makes sense for this call."""
        if self.name == "401 once" and step.name == "token refresh":
            return False  # that is a dead connection, see the tests of tokens
        return step.writes or not self.served

    def strike(self, world, step, subject):
        """Run what is due while it happens; what a person was told, where it is wrong."""
        if self.plan:
            world.sim.faults.add(method=step.method, path=step.path, **self.plan)
        return getattr(self, f"_{self.trap or 'run'}")(world, step, subject) or []

    def _run(self, world, step, subject):
        world.driver.run_due(world)
        return []

    def _late(self, world, step, subject):
        traps.arm(traps.Trap(step.method, step.path, patience=0.15))
        return self._run(world, step, subject)

    # === THE WORKER === #

    def _dies(self, world, step, moment):
        traps.arm(traps.Trap(step.method, step.path, moment, traps.kill))
        killed, text = world.fork(lambda: world.driver.run_due(world)).wait()
        return [] if killed else [f"the call was not made {text}"]

    def _kill_before(self, world, step, subject):
        return self._dies(world, step, "before")

    def _kill_during(self, world, step, subject):
        return self._dies(world, step, "during")

    def _kill_after(self, world, step, subject):
        return self._dies(world, step, "after")

    def _database(self, world, step, subject):
        """The database goes away under a worker; what a restart of the server is to it."""

        def cut():
            world.sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

        trap = traps.Trap(step.method, step.path, "after", cut)
        traps.arm(trap)
        world.fork(lambda: world.driver.run_due(world)).wait()
        return []

    # === SEVERAL AT ONCE === #

    def _conflict(self, world, step, subject):
        """Somebody saves the same document and customer while Exact answers."""

        kept_waiting = []

        def save():
            for table, number in (("account_move", subject.move), ("res_partner", subject.partner)):
                try:
                    if number:
                        world.sql(f"UPDATE {table} SET write_uid = 1 WHERE id = %s", number)
                except LockNotAvailable:
                    kept_waiting.append(f"a lock on {table} is held while Exact answers")

        traps.arm(traps.Trap(step.method, step.path, "after", save))
        return self._run(world, step, subject) + kept_waiting

    def _again(self, world, step, subject):
        """Odoo runs the request of a button again, since its last write met another one."""
        from odoo.service.model import retrying

        tries = []

        def request(env):
            answer = step.press(env, subject)
            tries.append(answer)
            if len(tries) == 1:
                env.cr.execute("SELECT 1 FROM ir_config_parameter LIMIT 1")
                world.sql("UPDATE ir_config_parameter SET write_uid = 1 WHERE key = 'web.base.url'")
                env.cr.execute(
                    "UPDATE ir_config_parameter SET write_uid = 1 WHERE key = 'web.base.url'"
                )
            return answer

        with patch("odoo.service.model.time.sleep"), world.env() as env:
            retrying(lambda: request(env), env)
        return [] if len(tries) == 2 else [f"the request ran {len(tries)} times"]

    def _at_once(self, world, step, subject):
        """Two people press the button while the driver does its work."""
        from odoo.service.model import retrying

        def press(user):
            with world.env(user) as env:
                retrying(lambda: step.press(env, subject), env)

        workers = [
            world.fork(lambda: press(world.other)),
            world.fork(lambda: press(2)),
            world.fork(lambda: world.driver.run_due(world)),
        ]
        told = [worker.wait()[1] for worker in workers]
        return [text for text in told if text and "UserError" not in text]

    # === CLOCKS === #

    def _clock(self, world, step, subject, seconds):
        """This server's clock is wrong while the answer is lost; then it is set right."""
        with world.wrong_clock(seconds):
            return self._run(world, step, subject)

    def _ahead(self, world, step, subject):
        return self._clock(world, step, subject, SKEW)

    def _behind(self, world, step, subject):
        return self._clock(world, step, subject, -SKEW)

    def _set_back(self, world, step, subject):
        """Every clock was ahead, the database's too; then all are set right, and other work comes along.

        Odoo's own scheduler has its next time in the future too: it looks again at the next call of it.
        """
        found = self._run(world, step, subject)
        world.pass_time(-SKEW)
        with world.env() as env:
            env["exact.exchange"]._schedule()
        return found

    # === EXACT === #

    def _exact_restart(self, world, step, subject):
        found = self._run(world, step, subject)
        world.quiet()
        world.restart_exact()
        return found


def _answer(**values):
    return {"kind": "body", **values}


TROUBLES = {
    trouble.name: trouble
    for trouble in (
        Trouble("cut before", {"kind": "drop_before"}),
        Trouble("cut during", {"kind": "truncate"}),
        Trouble("cut after", {"kind": "drop_after"}, served=True),
        Trouble("late", {"kind": "delay", "seconds": 0.35}, "late"),
        Trouble("empty", _answer(body="")),
        Trouble("HTML, 200", _answer(body=HTML)),
        Trouble("HTML, 502", {"kind": "status", "status": 502, "body": HTML}),
        Trouble("500 before", {"kind": "status", "status": 500, "body": HTML}),
        Trouble("500 after", _answer(body=HTML, status=500), served=True),
        Trouble("refused", {"kind": "say", "status": 500, "text": WORDS}, person=True),
        Trouble("refused, but done", _answer(body=REFUSAL, status=500), served=True, person=True),
        Trouble("503", {"kind": "status", "status": 503}),
        Trouble("429, no headers", {"kind": "status", "status": 429}),
        Trouble("401 once", {"kind": "status", "status": 401}),
        Trouble("kill -9 before", trap="kill_before"),
        Trouble("kill -9 during", trap="kill_during"),
        Trouble("kill -9 after", trap="kill_after"),
        Trouble("database gone", trap="database"),
        Trouble("save conflict", trap="conflict"),
        Trouble("request run again", trap="again"),
        Trouble("three at once", {"kind": "delay", "seconds": 0.15, "times": 0}, "at_once"),
        Trouble("clock +5 h", {"kind": "truncate"}, "ahead", longest=60),
        Trouble("clock -5 h", {"kind": "truncate"}, "behind", longest=60),
        Trouble("all clocks +5 h", {"kind": "truncate"}, "set_back", longest=60),
        Trouble("Exact restarted", {"kind": "truncate"}, "exact_restart"),
    )
}
