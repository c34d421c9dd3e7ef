"""Kedro-Viz asks nobody: no package registry for a newer version, no owner of a font."""

from __future__ import annotations

import sys
from functools import partial
from importlib.util import find_spec

POLICY = "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'"
"""What a browser may load for its page: only what Kedro-Viz itself serves."""


def keep_viz_at_home() -> None:
    """Take out the two calls that Kedro-Viz has no switch for, where it is what was started.

    Kedro reads its settings in the command and again in the server that the command starts, with
    the same arguments.
    """
    if "viz" not in sys.argv[1:2] or find_spec("kedro_viz") is None:
        return
    from kedro_viz import __version__
    from kedro_viz.api import apps
    from kedro_viz.api.rest.responses import version
    from kedro_viz.integrations import pypi
    from packaging.version import parse

    installed = parse(__version__)
    for module in (pypi, version):
        module.get_latest_version = lambda: installed
    apps.HTMLResponse = partial(apps.HTMLResponse, headers={"Content-Security-Policy": POLICY})
