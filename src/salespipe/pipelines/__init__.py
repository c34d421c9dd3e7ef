"""Kedro wiring: one folder a pipeline."""
