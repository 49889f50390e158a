"""Clips into videos.

publishing        video, subtitles, poster and manifest, given their names at once
video             clips joined, their packets copied
sound_track       all that is heard, mixed and encoded
narration_track   what is spoken: where, how loud, when each clause
subtitles         cues from beats
burned_subtitles  cues drawn into the picture
results           who made which result, and what may be replaced
output_stamp      whether a video is there as it would be written now
estimates         how long what is planned will take
"""
