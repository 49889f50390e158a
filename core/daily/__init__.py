"""Daily views: the made-up series, series from CSV files, and days as examples for a network."""
