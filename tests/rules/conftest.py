"""Property tests without a deadline: a busy machine is no reason to fail. `make check` takes few examples of each."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile("whole", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("quick", settings.get_profile("whole"), max_examples=10)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "whole"))
