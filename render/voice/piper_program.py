"""A program of its own: Piper's, in one thread. ``python -m gradreel.render.voice.piper_program`` takes its options.

onnxruntime's telemetry is off. Otherwise its import writes an identifier to ``~/.cache/Microsoft`` for use in uploads.

By itself Piper begins as many threads as there are cores: then the last bits of a sound depend on their number, and the
threads wait for each other by spinning, which takes half as much time again when two of it run at once.
"""

from __future__ import annotations

import os
import runpy

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # onnxruntime reads it when it is imported

import onnxruntime

options = onnxruntime.SessionOptions


def in_one_thread() -> onnxruntime.SessionOptions:
    """What a session of onnxruntime is begun with by default, but for its threads."""
    found = options()
    found.intra_op_num_threads = 1
    return found


if __name__ == "__main__":
    onnxruntime.SessionOptions = in_one_thread
    runpy.run_module("piper", run_name="__main__", alter_sys=True)
