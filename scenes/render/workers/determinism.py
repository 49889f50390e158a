"""What makes sets of texts have one order in all processes that play scenes: a fixed hash seed, and code as written."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.machinery import SourceFileLoader
from pathlib import Path
from typing import Any

from gradreel.scenes.render.clips.ownership import is_installed
from gradreel.scenes.render.clips.toolchain import HASH_SEED

_seeding = threading.Lock()  # held while the environment is another


@contextmanager
def fixed_hash_seed() -> Iterator[None]:
    """Processes that are started within it hash texts alike.

    Python reads the seed from the environment when it starts. That of this process is its caller's, and is put back.
    """
    with _seeding:
        before = os.environ.get("PYTHONHASHSEED")
        os.environ["PYTHONHASHSEED"] = HASH_SEED
        try:
            yield
        finally:
            del os.environ["PYTHONHASHSEED"]
            if before is not None:
                os.environ["PYTHONHASHSEED"] = before


def compile_the_users_modules() -> None:
    """In this process the user's modules are compiled from their sources, and Python's cache of them is not used.

    A set that is written in code, ``for name in {"a", "b"}``, has one order when it was compiled and may have another
    when it was read from the cache: that keeps its texts in an order of its own.
    """
    cached = SourceFileLoader.get_code

    def get_code(loader: SourceFileLoader, name: str) -> Any:
        path = loader.get_filename(name)
        if is_installed(Path(os.path.abspath(path))):
            return cached(loader, name)
        return loader.source_to_code(loader.get_data(path), path)

    SourceFileLoader.get_code = get_code  # type: ignore[method-assign,assignment]
