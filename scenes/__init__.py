"""All that knows Manim: the lecture's scenes, what they draw with, their words, and the renderer."""
