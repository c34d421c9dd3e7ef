"""Drift, quality and bias of champions, and what to do about it: pure functions over frames."""
