"""Collects the error messages that the tests provoke, each with its command or its function, the most usual first.

./run bench error_messages [--json FILE] [PYTEST ARGUMENTS]

A message counts once for each test that provokes it. Numbers, paths and quoted names are ignored when messages are
compared. The list is for reading: each message must say what was found, what was needed, and what to do next.
"""

from __future__ import annotations

import argparse
import json
import re
import shlex
import sys
from collections import defaultdict
from pathlib import Path
from typing import Any

import click
import gradreel.cli
import pytest
from gradreel.core.errors import UserError

ROOT = Path(__file__).resolve().parent.parent.parent
VARYING = re.compile(r"'[^']*'|\"[^\"]*\"|/\S*|\d[\d.e+-]*")


class ErrorMessages:
    """A pytest plugin that keeps each UserError that is raised and each message of a command."""

    def __init__(self) -> None:
        self.test = ""
        self.arguments: tuple[str, ...] = ()
        self.examples: dict[str, dict[str, Any]] = {}
        self.tests: defaultdict[str, set[str]] = defaultdict(set)

    def keep(self, message: str, source: str) -> None:
        """Store a message under its text without numbers, paths and names. A command's example is preferred."""
        key = VARYING.sub("…", message)
        self.tests[key].add(self.test)
        if key not in self.examples or not self.examples[key]["source"].startswith("gradreel "):
            self.examples[key] = {"message": message, "source": source, "test": self.test}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        self.test, self.arguments = item.nodeid, ()

    @pytest.fixture(autouse=True)
    def _messages(self, monkeypatch: pytest.MonkeyPatch) -> None:
        begin, complain, construct = (
            gradreel.cli.Gradreel.main,
            gradreel.cli._print_error_and_return_code,
            UserError.__init__,
        )

        def remember(group: click.Group, args: Any = None, *rest: Any, **options: Any) -> Any:
            self.arguments = tuple(map(str, args or ()))
            return begin(group, args, *rest, **options)

        def keep_complaint(message: str, code: int) -> int:
            self.keep(message, "gradreel " + shlex.join(self.arguments))
            return complain(message, code)

        def keep_error(error: UserError, *args: Any, **options: Any) -> None:
            construct(error, *args, **options)
            if args and not self.arguments:
                frame = sys._getframe(1)
                self.keep(str(error), f"{frame.f_globals.get('__name__')}.{frame.f_code.co_name}()")

        monkeypatch.setattr(gradreel.cli.Gradreel, "main", remember)
        monkeypatch.setattr(gradreel.cli, "_print_error_and_return_code", keep_complaint)
        monkeypatch.setattr(UserError, "__init__", keep_error)

    def most_usual(self) -> list[dict[str, Any]]:
        """Return the messages with the number of tests that provoke each, in falling order."""
        keys = sorted(self.examples, key=lambda key: (-len(self.tests[key]), key))
        return [{"tests": len(self.tests[key]), **self.examples[key]} for key in keys]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", type=Path, help="write the messages into this file")
    parser.add_argument("--most", type=int, default=100, help="how many to print")
    options, arguments = parser.parse_known_args()
    plugin = ErrorMessages()
    settings = ["-q", "--rootdir", str(ROOT), "-c", str(ROOT / "pyproject.toml")]
    pytest.main([*settings, *(arguments or [str(ROOT / "tests")])], plugins=[plugin])
    messages = plugin.most_usual()
    if options.json:
        options.json.write_text(json.dumps(messages, indent=1, ensure_ascii=True), encoding="utf-8")
    sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    for each in messages[: options.most]:
        print(f"\n{each['tests']} x  {each['source']}\n{each['message']}")


if __name__ == "__main__":
    main()
