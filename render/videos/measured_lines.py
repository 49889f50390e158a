"""Measures spoken lines once: how loud each block is, and where the voice pauses.

The media folder keeps the results.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gradreel.core.package import PACKAGE_FOLDER
from gradreel.render.clips.file_digest import current_digest, digest_of_files, short_hash
from gradreel.render.clips.workspace import Workspace, as_json, read_json, write_json
from gradreel.render.voice.loudness import block_levels
from gradreel.render.voice.sound import pauses
from gradreel.render.voice.spoken_lines import SpokenStretch
from pydantic import BaseModel, ConfigDict, ValidationError

DECIDED_BY = ("render/voice/sound.py", "render/voice/loudness.py", "render/videos/measured_lines.py")


class LineMeasures(BaseModel):
    """The loudness and the pauses of a spoken stretch."""

    model_config = ConfigDict(frozen=True, allow_inf_nan=False)

    levels: tuple[float, ...]  # LUFS of each block, see `loudness.block_levels`
    pauses: tuple[tuple[int, int], ...]  # first sample of each pause, and the sample after it


def measured_lines(stretches: Sequence[SpokenStretch], workspace: Workspace) -> dict[SpokenStretch, LineMeasures]:
    """Return the measures of each stretch. Reads only the sounds that the media folder has no measures of.

    Raises SoundError.
    """
    code = digest_of_files(PACKAGE_FOLDER / file for file in DECIDED_BY)
    measures = {}
    for stretch in stretches:
        file = measures_file(stretch, code, workspace)
        try:
            measures[stretch] = LineMeasures.model_validate(read_json(file))
        except ValidationError:
            samples = stretch.samples
            silences = tuple((pause.start, pause.stop) for pause in pauses(samples, stretch.file))
            measures[stretch] = LineMeasures(levels=tuple(block_levels([samples])), pauses=silences)
            write_json(file, measures[stretch].model_dump(), workspace.temporary(file.name))
    return measures


def measures_file(stretch: SpokenStretch, code: str, workspace: Workspace) -> Path:
    """Return the place of a stretch's measures in the media folder."""
    content = [code, current_digest(stretch.file), stretch.start, stretch.seconds]
    return workspace.sound / f"{short_hash(as_json(content))}.json"
