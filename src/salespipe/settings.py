"""Kedro's settings of the project."""

from salespipe.config import BusinessConfigLoader
from salespipe.hooks import EngineHooks, MlflowHooks, ProgressHooks

HOOKS = (EngineHooks(), ProgressHooks(), MlflowHooks())

# kedro-telemetry would call out; nothing leaves but what the user configured
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)

CONFIG_LOADER_CLASS = BusinessConfigLoader
