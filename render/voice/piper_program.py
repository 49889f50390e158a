"""Runs Piper in one thread. ``python -m gradreel.render.voice.piper_program`` takes Piper's options.

onnxruntime's telemetry is off. Otherwise its import writes an identifier to ``~/.cache/Microsoft`` for use in uploads.

Piper alone starts a thread for each core. Then the last bits of a sound depend on the number of cores. Its threads also
wait by spinning, so two Pipers at the same time take 1.5 times as long.
"""

from __future__ import annotations

import os
import runpy

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # onnxruntime reads this on import

import onnxruntime

options = onnxruntime.SessionOptions


def in_one_thread() -> onnxruntime.SessionOptions:
    """Return onnxruntime's default session options, with one thread."""
    one_thread = options()
    one_thread.intra_op_num_threads = 1
    return one_thread


if __name__ == "__main__":
    onnxruntime.SessionOptions = in_one_thread
    runpy.run_module("piper", run_name="__main__", alter_sys=True)
