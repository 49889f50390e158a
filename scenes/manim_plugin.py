"""The plugin that Manim loads: with ``plugins = gradreel`` in manim.cfg, ``manim render`` uses Gradreel's engine.

Manim imports every installed plugin, in every process. So this module does nothing unless manim.cfg names it.
"""

from __future__ import annotations

from functools import wraps
from typing import Any

from manim._config import config

if "gradreel" in [name.strip() for name in config.plugins]:
    from manim.cli.render.commands import render

    by_manim = render.callback

    @wraps(by_manim)
    def by_gradreel(**options: Any) -> Any:
        from gradreel.render.manim_command import render_or_leave

        return render_or_leave(options, by_manim)

    render.callback = by_gradreel
