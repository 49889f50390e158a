"""Joins clips into videos and publishes them.

publishing        publishes video, subtitles, poster and manifest together
video             joins clips by copying their packets
sound_track       mixes all sounds and encodes the mix
sound_pieces      encodes a track in pieces and keeps them
measured_lines    loudness and pauses of spoken lines, measured once
narration_track   places spoken lines in the film: time, loudness, clauses
music             where music plays, how loud, under the voice
subtitles         cues from beats
burned_subtitles  cues drawn into the picture
results           which maker wrote which result, and which files may be replaced
output_stamp      tells if a video is up to date
estimates         how long the planned work will take
"""
