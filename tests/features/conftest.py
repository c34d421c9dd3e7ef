"""Every test here runs on every engine."""

from tests.engines import engine
from tests.engines import on_every_engine as pytest_generate_tests

__all__ = ["engine", "pytest_generate_tests"]
