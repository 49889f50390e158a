"""Which clips and runs there are and which are missing, told by digests; the media folder that keeps them.

plan          what has to be trained and rendered
fingerprint   what a clip depends on; the digest of that is its name
toolchain     of that, what all clips are drawn by
configuration of that, what Manim is told, and the hash seed
import_graph  of that, the files of code
staleness     why a clip that stands under its name does not count
file_digest   digests of files and folders
file_tracker  which files a scene opens while it is played
ownership     whose a file is
clip_files    a clip and its description on disk
claim         the right to make what another run may be making
workspace     the media folder: paths, locks, renames, errors of its disk
memo_cache    what is slow to work out, kept between commands
beat_range    which beats -n may ask for
beat_lines    a beat's line, filled again
"""
