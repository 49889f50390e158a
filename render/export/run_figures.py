"""The pictures of a run to touch, drawn by Bokeh: in Python what they look like, in the page what they show.

Each figure is empty here. Its sources have names, which `page.js` fills with the numbers of the state that is shown;
one set of figures for each theme, since a canvas takes no colours from a style sheet.
"""

from __future__ import annotations

import importlib.util
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
EXTRA = "page"  # of pyproject.toml


def check_bokeh() -> None:
    """Raises UserError where the library is not installed that a run is drawn with."""
    if importlib.util.find_spec("bokeh") is None:
        raise UserError(
            "runs to touch are drawn by Bokeh, which is not installed; install it with"
            f" `pip install 'gradreel[{EXTRA}]'` (in a clone: pip install -c constraints.txt -e '.[{EXTRA}]')"
        )


def bokeh_script() -> str:
    """The library for the browser, which the wheel has."""
    from bokeh.resources import Resources

    (script,) = Resources(mode="inline", components=["bokeh"], minified=True).js_raw[:1]
    return str(script)


@cache
def run_figures() -> dict[str, dict[str, Any]]:
    """By theme and name, as `Bokeh.embed.embed_item` takes them."""
    from bokeh.embed import json_item

    makers = {
        "curve": _curve,
        "days": _days,
        "loss": _loss,
        "loss-log": partial(_loss, y_axis_type="log"),
        "map-a": _map,
        "map-b": _map,
    }
    return {theme: {name: json_item(make(theme)) for name, make in makers.items()} for theme in THEMES}


def band_colours() -> dict[str, list[str]]:
    """By theme: the colours of a map's bands above its lowest, from low to high."""
    shares = [(band + 1) / (BANDS - 1) for band in range(BANDS - 1)]
    return {theme: [_mixed(theme, HIGHEST[theme] * share) for share in shares] for theme in THEMES}


def _mixed(theme: str, share: float) -> str:
    """The text's colour at ``share``, the rest background."""
    text, ground = (bytes.fromhex(THEMES[theme][role][1:]) for role in ("text", "background"))
    return "#" + bytes(round(g + share * (t - g)) for t, g in zip(text, ground, strict=True)).hex()


def _empty(theme: str, **settings: Any) -> figure:
    """A figure without tools, in the film's colours; what it shows of x and y the page says."""
    from bokeh.models import Range1d
    from bokeh.plotting import figure

    ranges: dict[str, Any] = {
        "x_range": Range1d(start=0, end=1, name="x-range"),
        "y_range": Range1d(start=0, end=1, name="y-range"),
    }
    colours = THEMES[theme]
    size: dict[str, Any] = {"height": HEIGHT, "sizing_mode": "stretch_width"} | settings
    made = figure(toolbar_location=None, tools="", **ranges, **size)
    made.background_fill_color = made.border_fill_color = colours["background"]
    made.outline_line_color = None
    made.min_border_right = 14
    for axis in made.axis:
        axis.axis_line_color = axis.major_tick_line_color = colours["axis"]
        axis.minor_tick_line_color = None
        axis.major_label_text_color = colours["dim"]
        axis.major_label_text_font = FONT
        axis.major_label_text_font_size = "13px"
    made.grid.grid_line_color = _mixed(theme, 0.12)
    return made


def _source(name: str, **columns: list[Any]) -> Any:
    from bokeh.models import ColumnDataSource

    return ColumnDataSource(name=name, data=columns or {"x": [], "y": []})


def _line(made: figure, name: str, color: str, width: float, **settings: Any) -> None:
    made.line("x", "y", source=_source(name), line_color=color, line_width=width, line_join="round", **settings)


def _dot(made: figure, name: str, color: str, edge: str) -> None:
    made.scatter("x", "y", source=_source(name), size=12, fill_color=color, line_color=edge, line_width=2)


def _curve(theme: str, **settings: Any) -> figure:
    made, colours = _empty(theme, **settings), THEMES[theme]
    _line(made, "target", colours["red"], TARGET)
    _line(made, "b", colours["magenta"], OTHER, line_dash=[8, 5])
    _line(made, "a", colours["blue"], MODEL)
    return made


def _days(theme: str) -> figure:
    from bokeh.models import NumeralTickFormatter

    made, colours = _empty(theme, x_axis_type="datetime"), THEMES[theme]
    made.vstrip(x0="x0", x1="x1", source=_source("unseen", x0=[], x1=[]), fill_color=_mixed(theme, 0.09), line_width=0)
    _line(made, "target", colours["red"], THIN + 0.6)
    _line(made, "b", colours["magenta"], THIN, line_dash=[6, 4])
    _line(made, "a", colours["blue"], THIN + 0.6)
    made.yaxis.formatter = NumeralTickFormatter(format="0.[00]a")
    return made


def _loss(theme: str, **settings: Any) -> figure:
    made, colours = _empty(theme, **settings), THEMES[theme]
    _line(made, "batch", _mixed(theme, 0.45), THIN)
    _line(made, "unseen", colours["orange"], MODEL, line_dash=[2, 4])
    _line(made, "b", colours["magenta"], OTHER, line_dash=[8, 5])
    _line(made, "a", colours["blue"], MODEL)
    _dot(made, "at-b", colours["magenta"], colours["background"])
    _dot(made, "at-a", colours["blue"], colours["background"])
    return made


def _map(theme: str) -> figure:
    width, height = MAP_SHAPE
    made, colours = _empty(theme, aspect_ratio=width / height, height=None, sizing_mode="scale_width"), THEMES[theme]
    made.grid.grid_line_color = None
    made.axis.visible = False
    made.outline_line_color = colours["axis"]
    bands = _source("bands", xs=[], ys=[], fill=[])
    edge = _mixed(theme, 0.4)
    made.multi_polygons("xs", "ys", source=bands, fill_color="fill", line_color=edge, line_width=0.8)
    _line(made, "whole", _mixed(theme, 0.6), THIN)
    _line(made, "path", colours["orange"], MODEL)
    made.scatter("x", "y", source=_source("start"), size=11, fill_color=None, line_color=colours["text"], line_width=2)
    _dot(made, "at", colours["orange"], colours["background"])
    return made
