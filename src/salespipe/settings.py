"""Kedro's settings of the project."""

from salespipe.config import BusinessConfigLoader
from salespipe.hooks import EngineHooks, MlflowHooks, ProgressHooks
from salespipe.viz import keep_viz_at_home

keep_viz_at_home()

HOOKS = (EngineHooks(), ProgressHooks(), MlflowHooks())

# kedro-telemetry would call out; nothing leaves but what the user configured
DISABLE_HOOKS_FOR_PLUGINS = ("kedro-telemetry",)

CONFIG_LOADER_CLASS = BusinessConfigLoader
# Kedro hands the loader defaults of its own: without --env the folder `local` would be a business
CONFIG_LOADER_ARGS = {"base_env": "base", "default_run_env": "demo"}
