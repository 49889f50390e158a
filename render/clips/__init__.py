"""Which clips and runs there are, and which are missing or stale; the media folder that keeps them.

plan          what has to be trained and rendered
dependencies  results kept with the files that were read while they were made
fingerprint   what is known of a result before it is made; the digest of that is its key
toolchain     of that, what all clips are drawn by
configuration of that, what Manim is told, and the hash seed
staleness     explains why a clip is stale
file_digest   states of files and folders
file_tracker  which files a scene reads while it is played
own_files     the user's files that a scene is written in
ownership     whose a file is
clip_files    a clip and its description on disk
claim         the right to make what another run may be making
workspace     the media folder: paths, locks, renames, errors of its disk
beat_range    which beats -n may ask for
beat_lines    a beat's line, filled again
"""
