"""Measures the service and its machine in one run; scripts/bench starts it."""
