"""For every test: how hypothesis searches."""

import os

from hypothesis import HealthCheck, settings

# A busy machine is no finding; what CI looks at is the same each time, so that a change decides the result.
settings.register_profile(
    "exact",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=bool(os.environ.get("CI")),
)
settings.load_profile("exact")
