"""Frame snapshots and layout checks, which the pytest plugin offers."""
