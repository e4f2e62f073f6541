"""The clock that all servers share: the database's.

Odoo's servers may be several, and the clock of one of them wrong by hours. Who judges whether an attempt
has died, or whether it is time to ask again, has to read the same clock as who wrote the time down.
"""

import time
from datetime import timedelta
from time import time as system_time

from odoo import fields

# What was written so much later than now was written by a clock that has been set right since.
FUTURE = timedelta(minutes=2)
# So long a comparison of the two clocks is believed, and so far they may be apart without a word, in seconds.
BELIEVED, ALIKE = 60.0, 2.0

_measured = {}


def skew(env) -> timedelta:
    """How far the database's clock is ahead of this server's."""
    system, steady = system_time(), time.monotonic()
    # Set anew since, this server's clock shows it against the one that only counts.
    offset = system - steady
    known = _measured.get(env.cr.dbname)
    if not known or steady - known[0] > BELIEVED or abs(offset - known[1]) > ALIKE:
        env.cr.execute("SELECT extract(epoch FROM clock_timestamp())")
        apart = float(env.cr.fetchone()[0]) - system_time()
        known = (steady, offset, apart if abs(apart) > ALIKE else 0.0)
        _measured[env.cr.dbname] = known
    return timedelta(seconds=round(known[2]))


def now(env):
    """The present moment by the shared clock, naive UTC, as Odoo stores it."""
    return fields.Datetime.now() + skew(env)
