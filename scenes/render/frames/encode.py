"""Frames into files: one stream per clip, written by one thread while the next frame is drawn.

Neither Manim nor the scenes are known here: frames are arrays, see `sinks`.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from queue import Empty, Queue
from threading import Thread

import numpy as np
from gradreel.scenes.render.frames.pictures import Boxes, Pixels
from gradreel.scenes.render.frames.sinks import open_sink
from gradreel.scenes.render.lessons.settings import RenderSettings

QUEUE_LENGTH = 6  # frames drawn ahead of the encoder; at 1080p 8 MB each

_Task = Callable[[], None]


class ClipEncoder:
    """Takes frames and writes them from a thread of its own, in order; counts them.

    The arrays are the encoder's from then on. An error of the thread is raised by the next ``write`` or by ``close``.
    """

    def __init__(self, path: Path, settings: RenderSettings) -> None:
        self.frames = 0
        self.shape = settings.height, settings.width, 4  # of a frame
        self._sink = open_sink(path, settings)
        self.takes_boxes = self._sink.takes_boxes
        self._queue: Queue[_Task | None] = Queue(maxsize=QUEUE_LENGTH)
        self._free: Queue[Pixels] = Queue()  # buffers that have served
        self.error: BaseException | None = None  # what the thread raised
        self._thread = Thread(target=self._run, name="clip-encoder", daemon=True)
        self._thread.start()

    def buffer(self) -> Pixels:
        """An array of a frame's shape, to be given to `write`; what it holds is of no meaning."""
        try:
            return self._free.get_nowait()  # new memory is dear
        except Empty:
            return np.empty(self.shape, np.uint8)

    def write(self, pixels: Pixels, repeat: int = 1, boxes: Boxes | None = None) -> None:
        """The next frame, ``repeat`` times.

        ``boxes``, where the encoder ``takes_boxes``: where it may differ from the frame before, at even columns; what
        ``pixels`` hold elsewhere is of no meaning then.
        """
        if self.error is not None:
            raise self.error
        self.frames += repeat
        self._queue.put(partial(self._write, pixels, repeat, boxes))

    def cut(self) -> None:
        """What comes next is another part: its bytes in the file will depend on its own frames alone."""
        self._queue.put(self._sink.cut)

    def close(self) -> None:
        """Complete the file. Raises what the thread raised."""
        self._queue.put(None)
        self._thread.join()
        if self.error is not None:
            raise self.error
        self._sink.close()

    def discard(self) -> None:
        """Give up; what has been written is of no use."""
        self._queue.put(None)
        self._thread.join()
        self._sink.discard()

    def _run(self) -> None:
        while (task := self._queue.get()) is not None:
            if self.error is None:  # after an error frames are taken and dropped, so that nobody waits for ever
                try:
                    task()
                except BaseException as error:
                    self.error = error

    def _write(self, pixels: Pixels, repeat: int, boxes: Boxes | None) -> None:
        self._sink.write(pixels, repeat, boxes)
        if self.takes_boxes and pixels.shape == self.shape and pixels.base is None:
            self._free.put(pixels)
