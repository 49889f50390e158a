"""The Bokeh figures of a run: Python defines their look, the page fills in the numbers.

All figures are empty here. `page.js` finds their data sources by name and fills them with the numbers of the shown
state. There is one set of figures for each theme, because a canvas takes no colours from a style sheet.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from gradreel.core.analysis.planes import BANDS
from gradreel.core.errors import UserError
from gradreel.render.export.run_numbers import MAP_SHAPE
from gradreel.scenes.themes import THEMES

if TYPE_CHECKING:
    from bokeh.plotting import figure

BOKEH = "bokeh.min.js"
FONT = "system-ui, sans-serif"
HEIGHT = 300  # pixels
TARGET, MODEL, OTHER, THIN = 4.0, 3.5, 3.0, 1.2  # widths of lines in pixels
HIGHEST = {"dark": 0.32, "light": 0.24}  # share of the text's colour in a map's highest band, as in the film
EXTRA = "page"  # the extra in pyproject.toml that installs Bokeh


def check_bokeh() -> None:
    """Raise UserError unless Bokeh is installed. Imports nothing."""
    if importlib.util.find_spec("bokeh") is None:
        raise UserError(
            "Bokeh draws the runs, and it is not installed; install it with"
            f" `pip install 'gradreel[{EXTRA}]'` (in a clone: pip install -c constraints.txt -e '.[{EXTRA}]')"
        )


def bokeh_script() -> str:
    """Return Bokeh's minified JavaScript library, from the installed wheel."""
    from bokeh.resources import Resources

    (script,) = Resources(mode="inline", components=["bokeh"], minified=True).js_raw[:1]
    return str(script)


@cache
def run_figures() -> dict[str, dict[str, Any]]:
    """Return the figures by theme and name, as JSON for `Bokeh.embed.embed_item`."""
    from bokeh.embed import json_item

    makers: dict[str, Callable[[str], figure]] = {
        "curve": _figure_of_predictions,
        "days": _figure_of_daily_views,
        "loss": _figure_over_updates,
        "loss-log": partial(_figure_over_updates, y_axis_type="log"),
        "logged": _figure_over_updates,
        "logged-log": partial(_figure_over_updates, y_axis_type="log"),
        "map-a": _figure_of_loss_map,
        "map-b": _figure_of_loss_map,
    }
    return {theme: {name: json_item(make(theme)) for name, make in makers.items()} for theme in THEMES}


def band_colours() -> dict[str, list[str]]:
    """Return, for each theme, the colours of a loss map's bands from low to high. The lowest band has no colour."""
    shares = [(band + 1) / (BANDS - 1) for band in range(BANDS - 1)]
    return {theme: [_blended_color(theme, HIGHEST[theme] * share) for share in shares] for theme in THEMES}


def _blended_color(theme: str, share: float) -> str:
    """Return the theme's text colour blended with its background: ``share`` 0 is the background, 1 the text colour."""
    text, ground = (bytes.fromhex(THEMES[theme][role][1:]) for role in ("text", "background"))
    return "#" + bytes(round(g + share * (t - g)) for t, g in zip(text, ground, strict=True)).hex()


def _empty_figure(theme: str, **settings: Any) -> figure:
    """Return a figure without tools or lines, in the theme's colours. The page sets the ranges of both axes."""
    from bokeh.models import Range1d
    from bokeh.plotting import figure

    ranges: dict[str, Any] = {
        "x_range": Range1d(start=0, end=1, name="x-range"),
        "y_range": Range1d(start=0, end=1, name="y-range"),
    }
    colours = THEMES[theme]
    size: dict[str, Any] = {"height": HEIGHT, "sizing_mode": "stretch_width"} | settings
    chart = figure(toolbar_location=None, tools="", **ranges, **size)
    chart.background_fill_color = chart.border_fill_color = colours["background"]
    chart.outline_line_color = None
    chart.min_border_right = 14
    for axis in chart.axis:
        axis.axis_line_color = axis.major_tick_line_color = colours["axis"]
        axis.minor_tick_line_color = None
        axis.major_label_text_color = colours["dim"]
        axis.major_label_text_font = FONT
        axis.major_label_text_font_size = "13px"
    chart.grid.grid_line_color = _blended_color(theme, 0.12)
    return chart


def _data_source(name: str, **columns: list[Any]) -> Any:
    """Return a data source with the name by which the page finds it; by default with empty columns x and y."""
    from bokeh.models import ColumnDataSource

    return ColumnDataSource(name=name, data=columns or {"x": [], "y": []})


def _add_line(chart: figure, name: str, color: str, width: float, **settings: Any) -> None:
    """Add an empty line to a figure, with a data source called ``name``."""
    chart.line("x", "y", source=_data_source(name), line_color=color, line_width=width, line_join="round", **settings)


def _add_dot(chart: figure, name: str, color: str, edge: str) -> None:
    """Add an empty series of filled circles to a figure, with a data source called ``name``."""
    chart.scatter("x", "y", source=_data_source(name), size=12, fill_color=color, line_color=edge, line_width=2)


def _figure_of_predictions(theme: str, **settings: Any) -> figure:
    """Return the figure of predictions over x: the target curve, the run, and the run it is compared with."""
    chart, colours = _empty_figure(theme, **settings), THEMES[theme]
    _add_line(chart, "target", colours["red"], TARGET)
    _add_line(chart, "b", colours["magenta"], OTHER, line_dash=[8, 5])
    _add_line(chart, "a", colours["blue"], MODEL)
    return chart


def _figure_of_daily_views(theme: str) -> figure:
    """Return the figure of daily views over dates, with a strip behind the test days."""
    from bokeh.models import NumeralTickFormatter

    chart, colours = _empty_figure(theme, x_axis_type="datetime"), THEMES[theme]
    chart.vstrip(
        x0="x0",
        x1="x1",
        source=_data_source("unseen", x0=[], x1=[]),
        fill_color=_blended_color(theme, 0.09),
        line_width=0,
    )
    _add_line(chart, "target", colours["red"], THIN + 0.6)
    _add_line(chart, "b", colours["magenta"], THIN, line_dash=[6, 4])
    _add_line(chart, "a", colours["blue"], THIN + 0.6)
    chart.yaxis.formatter = NumeralTickFormatter(format="0.[00]a")
    return chart


def _figure_over_updates(theme: str, **settings: Any) -> figure:
    """Return the figure of losses, or of another logged number, over updates, with a dot at the shown state."""
    chart, colours = _empty_figure(theme, **settings), THEMES[theme]
    _add_line(chart, "batch", _blended_color(theme, 0.45), THIN)
    _add_line(chart, "unseen", colours["orange"], MODEL, line_dash=[2, 4])
    _add_line(chart, "b", colours["magenta"], OTHER, line_dash=[8, 5])
    _add_line(chart, "a", colours["blue"], MODEL)
    _add_dot(chart, "at-b", colours["magenta"], colours["background"])
    _add_dot(chart, "at-a", colours["blue"], colours["background"])
    return chart


def _figure_of_loss_map(theme: str) -> figure:
    """Return the loss map: filled bands, the whole path, the path so far, its start and the shown state."""
    width, height = MAP_SHAPE
    chart, colours = (
        _empty_figure(theme, aspect_ratio=width / height, height=None, sizing_mode="scale_width"),
        THEMES[theme],
    )
    chart.grid.grid_line_color = None
    chart.axis.visible = False
    chart.outline_line_color = colours["axis"]
    bands = _data_source("bands", xs=[], ys=[], fill=[])
    edge = _blended_color(theme, 0.4)
    chart.multi_polygons("xs", "ys", source=bands, fill_color="fill", line_color=edge, line_width=0.8)
    _add_line(chart, "whole", _blended_color(theme, 0.6), THIN)
    _add_line(chart, "path", colours["orange"], MODEL)
    chart.scatter(
        "x", "y", source=_data_source("start"), size=11, fill_color=None, line_color=colours["text"], line_width=2
    )
    _add_dot(chart, "at", colours["orange"], colours["background"])
    return chart
