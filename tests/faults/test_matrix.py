"""Booked once, nothing lost, the state honest: every call of the product times everything that can go wrong (R56).

CI plays a slice in which each step and each trouble occurs; ``make faults`` plays all of it and writes
``docs/faults.md``. EXACT_FAULTS: ``all``, or words that names of steps or troubles hold, separated by commas.
"""

import os

import pytest

from tests.faults import cell
from tests.faults.drivers import DRIVERS
from tests.faults.steps import STEPS
from tests.faults.troubles import TROUBLES


def chosen():
    """The cells to play: (driver, step, trouble)."""
    words = [word for word in os.environ.get("EXACT_FAULTS", "").split(",") if word]
    met = set()
    for driver in DRIVERS:
        for row, step in enumerate(STEPS.values()):
            fitting = [t for t in TROUBLES.values() if t.concerns(step)]
            if not words:
                # Each step meets one trouble, each trouble is met; a second driver takes a part.
                first = driver == next(iter(DRIVERS))
                turn = (row * 7 + len(driver)) % len(fitting)
                turned = fitting[turn:] + fitting[:turn]
                new = [trouble for trouble in turned if first and trouble.name not in met]
                fitting = (new or turned)[:1] if first or row % 6 == 5 else []
                met.update(trouble.name for trouble in fitting)
            for trouble in fitting:
                name = f"{driver}: {step.name} / {trouble.name}"
                if not words or words == ["all"] or all(word in name for word in words):
                    yield pytest.param(driver, step.name, trouble.name, id=name)


@pytest.mark.parametrize(("driver", "step", "trouble"), chosen())
def test_r56_booked_once_nothing_lost_state_honest(worlds, driver, step, trouble, record_property):
    wrong = cell.run(worlds(driver), STEPS[step], TROUBLES[trouble])
    record_property("cell", (driver, step, trouble, wrong))
    assert not wrong
