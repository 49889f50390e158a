"""Draws and encodes a scene inside a worker process.

worker        the tasks, called by name
describe      a scene's class as plain data, parameters checked
scene_player  plays a scene into an encoder; counts its beats in frames
leaving       tells whether a play empties the picture
added_sounds  the sounds that a scene adds, checked
drawing       Manim's renderer, which passes on only changes
cameras       Manim's cameras, which draw only changes
three_d       the three-dimensional camera
shapes        the record of each mobject as it was drawn last
quicker_manim faster versions of slow functions in Manim
encode        frames into files of each format
h264          H.264
qtrle         QuickTime Animation, which has alpha
yuv           RGBA to YUV, only the changes; the loops over pixels are pixel_loops, in C
pictures      parts of a picture, pictures as PNG
jumps         jumps in the motion
"""
