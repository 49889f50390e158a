"""Frame snapshots and layout checks, the code behind the pytest plugin."""
