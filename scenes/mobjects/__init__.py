"""What the scenes of several parts draw with: texts, plots, formulas, networks, losses."""
