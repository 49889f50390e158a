"""The lesson "From numbers to classes": a line with two sides, a bent plane, three classes, handwritten digits."""
