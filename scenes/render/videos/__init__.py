"""Clips into videos: divided into parts, joined, published with subtitles; how long all of it takes."""
