"""Property tests without a deadline: a busy machine is no reason to fail."""

from hypothesis import HealthCheck, settings

settings.register_profile("swarmnet", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("swarmnet")
