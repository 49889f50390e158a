"""Checks the claims of a lesson's lines, without training where that is possible, and words the messages."""

from __future__ import annotations

from collections.abc import Iterable

from gradreel.render.clips.clip_files import intact_description
from gradreel.render.stages import BeatSpan, Clip, Plan
from gradreel.render.workers.pool import Workers
from gradreel.scenes.words.claims import Claim, failed
from gradreel.scenes.words.narration import NEUTRAL


def claims_in(beats: Iterable[BeatSpan]) -> tuple[Claim, ...]:
    """Return the claims that the lines of ``beats`` make."""
    return tuple(each for beat in beats for each in beat.claims)


def broken_claims(clip: Clip, claims: Iterable[Claim]) -> list[str]:
    """Return a message for each of the clip's ``claims`` that does not hold."""
    broken = failed(claims)
    return list(clip.request.narration().broken_claims(clip.narrated_as, broken)) if broken else []


def known_claims(planned: Plan, jobs: int) -> dict[str, tuple[Claim, ...]]:
    """Return, by scene, the claims that can be checked without training.

    The description of an up-to-date clip holds its claims. Workers, ``jobs`` at a time, compute those of other scenes
    that have neutral lines and need no training.
    """
    claims: dict[str, tuple[Claim, ...]] = {}
    for clip in planned.clips:
        content = intact_description(clip.path) if clip.up_to_date and clip.path is not None else None
        if content is not None:
            claims[clip.scene] = claims_in(map(BeatSpan.from_json, content["beats"]))
    untrained = {scene for run in planned.runs for scene in run.shown_by}
    unknown = [clip for clip in planned.clips if clip.scene not in untrained | claims.keys() and _has_neutral(clip)]
    if unknown:
        with Workers(jobs) as workers:
            futures = {
                clip.scene: workers.submit("claims", clip.request, timeout=clip.request.settings.timeout)
                for clip in unknown
            }
            claims |= {scene: future.result() for scene, future in futures.items()}
    return claims


def _has_neutral(clip: Clip) -> bool:
    """Return whether the scene has a neutral line in any of the film's languages."""
    return any(NEUTRAL in scenes.get(clip.narrated_as, {}) for scenes in clip.request.narration().scenes.values())
