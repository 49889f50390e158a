"""What a worker process does with a scene: it is described, played and drawn, its frames encoded.

worker        the tasks, called by name
describe      a scene's class in plain data, parameters checked
scene_player  a scene played into an encoder, its beats counted in frames
leaving       whether a play empties the picture
added_sounds  what it wants to be heard, checked
drawing       Manim's renderer, handing on only what has changed
cameras       Manim's cameras, drawing only what has changed
three_d       of these, the one in three dimensions
shapes        what was drawn last of each mobject
quicker_manim what Manim itself spends much time with, in fewer steps
encode        frames into files of each format
h264          of these, H.264
qtrle         of these, QuickTime Animation, which has alpha
yuv           RGBA to YUV, only where a frame differs from the one before; the loops over pixels are pixel_loops, in C
pictures      parts of a picture, pictures as PNG
jumps         jumps in the motion
"""
