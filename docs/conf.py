"""Settings of the documentation, which ``./run docs`` builds with Sphinx."""

from __future__ import annotations

import sys
from importlib import metadata
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "Gradreel"
author = "Gradreel contributors"
copyright = "Gradreel contributors, MIT licence"
release = metadata.version("gradreel")

extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_click",
    "sphinx_copybutton",
    "directives",  # docs/directives.py
]
exclude_patterns = ["build"]
default_role = "code"  # in docstrings, a name between single backticks
myst_heading_anchors = 3
myst_enable_extensions = ["deflist"]
suppress_warnings = ["myst.header"]

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
napoleon_use_ivar = True

smartquotes = False
html_theme = "furo"  # no font, script or style from the network; its search works without a server
html_title = "Gradreel"
html_static_path = ["static"]
html_css_files = ["gradreel.css"]
html_show_sourcelink = False
html_copy_source = False
