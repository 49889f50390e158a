"""Clips into videos: joined, published with subtitles; how long all of it takes."""
