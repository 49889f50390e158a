"""From a scene's name to its mp4: commands, the lesson, training, frames, clips, videos."""
