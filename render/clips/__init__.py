"""Decides which clips and runs are missing or stale, and keeps clips in the media folder.

In reading order:

workspace     the media folder: paths, locks, renames, and clear messages for errors of its disk
plan          lists what must be trained and rendered
fingerprint   the inputs that are known before a result is made; their digest is its key
toolchain     the part of these inputs that all clips share: versions of Manim and other libraries
configuration manim.cfg and the hash seed, a part of the toolchain
dependencies  stores each result with the files that were read for it
file_tracker  records the files that a scene reads
file_digest   states of files and folders
ownership     tells our files, the user's files and installed files apart
own_files     lists the user's modules and assets of a scene, without running it
staleness     explains why a clip is stale
clip_files    stores a clip with its description
claim         locks of several commands that make the same clip
beat_range    checks the beats that -n names
beat_lines    fills the current text of a line with the stored values
"""
