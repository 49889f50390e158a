"""Daily views: the made-up series, a CSV file, and days as examples for a network."""
