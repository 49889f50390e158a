"""Measures how plain the prose of the code is: docstrings, their sentences, and names of variables, by folder.

    ./run bench prose [FOLDER ...] [--list]     --list prints each docstring, sentence and name that is counted

The figures are a proxy. A low share does not make a docstring clear; a high one shows where to look.
"""

from __future__ import annotations

import argparse
import ast
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = ("cli.py", "core", "render", "scenes", "scenes/lecture", "tests")
"""Folders that are measured by default. A folder inside another is counted once, on its own line."""
LONGEST = 25
"""Words of a plain sentence, at most."""

OPENING = re.compile(r"(What|Whatever|Who|Whoever|Whose|Where|Whether|Which|That|Those|Of|It|Its|By)\b")
"""Words that a plain docstring does not begin with: they hide the subject or the verb."""
TURN = re.compile(
    r"\b(is another|are others?|is others|is told|are told|told of|of which|of whom|what is|what was|what are|what it"
    r"|who|whoever|whom|is none|are none|what of|comes? of|but for|let be)\b",
    re.IGNORECASE,
)
"""Turns that a plain sentence does without."""
VAGUE_NAMES = {"found", "known", "made", "given", "whose", "one", "there", "what", "its", "told", "said", "others"}
"""Names of variables that do not say what a value holds."""


@dataclass
class Prose:
    """Counts for one folder, with the counted texts and names."""

    definitions: int = 0
    documented: int = 0
    docstrings: int = 0
    sentences: int = 0
    openings: list[str] = field(default_factory=list)
    turns: list[str] = field(default_factory=list)
    long: list[str] = field(default_factory=list)
    names: Counter[str] = field(default_factory=Counter)
    places: list[str] = field(default_factory=list)  # of these names


def docstrings_in(tree: ast.Module) -> Iterator[tuple[ast.AST, str | None, int]]:
    """Yield each module, class and function with its docstring (None without) and the line it begins in.

    A string below an assignment documents a constant; it is yielded with the assignment.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text = ast.get_docstring(node)
            yield node, text, node.body[0].lineno if text else getattr(node, "lineno", 1)
            for before, after in pairwise(node.body):
                match after:
                    case ast.Expr(ast.Constant(str(text))) if isinstance(before, ast.Assign | ast.AnnAssign):
                        yield before, text, after.lineno


def sentences_of(docstring: str) -> list[str]:
    """Return the sentences of a docstring, without code blocks, tables and sections of NumPy style."""
    lines: list[str] = []
    for line in docstring.expandtabs().splitlines():
        if re.match(r"\s*(>>>|\.\.\. |[-=]{3,})", line) or re.match(r" {4,}\S", line):
            line = ""
        lines.append(line.strip())
    sentences: list[str] = []
    for paragraph in re.split(r"\n\s*\n", "\n".join(lines)):
        text = " ".join(paragraph.split())
        sentences += [part for part in re.split(r"(?<=[.!?;:])\s+(?=[A-Z`\"(])", text) if part]
    return sentences


def words_in(sentence: str) -> int:
    """Return how many words a sentence has. Code in backticks counts as one word."""
    plain = re.sub(r"`+[^`]*`+", "code", sentence)
    return len([word for word in plain.split() if re.search(r"\w", word)])


def vague_names_in(tree: ast.Module) -> Iterator[tuple[str, int]]:
    """Yield each assignment to a vague name, parameters of functions included, with its line."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in VAGUE_NAMES:
            yield node.id, node.lineno
        elif isinstance(node, ast.arg) and node.arg in VAGUE_NAMES:
            yield node.arg, node.lineno


def prose_of(files: list[Path]) -> Prose:
    """Return the counts over the Python files."""
    prose = Prose()
    for file in files:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        place = file.relative_to(ROOT)
        for node, text, line in docstrings_in(tree):
            if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                prose.definitions += 1
                prose.documented += text is not None
            if not text:
                continue
            prose.docstrings += 1
            where = f"{place}:{line}"
            if OPENING.match(text.strip()):
                prose.openings.append(f"{where}: {text.strip().splitlines()[0]}")
            for sentence in sentences_of(text):
                prose.sentences += 1
                if TURN.search(re.sub(r"`+[^`]*`+", "code", sentence)):
                    prose.turns.append(f"{where}: {sentence}")
                if words_in(sentence) > LONGEST:
                    prose.long.append(f"{where}: {sentence}")
        for name, line in vague_names_in(tree):
            prose.names[name] += 1
            prose.places.append(f"{place}:{line}: {name}")
    return prose


def files_in(folder: str, others: list[str]) -> list[Path]:
    """Return the Python files below ``folder``, without those of a folder in ``others`` that lies deeper."""
    path = ROOT / folder
    deeper = [ROOT / other for other in others if other != folder and (ROOT / other).is_relative_to(path)]
    files = [path] if path.is_file() else sorted(path.rglob("*.py"))
    return [file for file in files if not any(file.is_relative_to(other) for other in deeper)]


def percent(part: int, whole: int) -> str:
    """Return a share in per cent with one decimal, such as "4.2 %"; "–" of nothing."""
    return f"{100 * part / whole:.1f} %" if whole else "–"


def main() -> None:
    """Print a row for each folder; with ``--list``, also the counted texts and names."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", default=FOLDERS, help="relative to the checkout")
    parser.add_argument("--list", action="store_true", help="print what is counted")
    arguments = parser.parse_args()
    folders = list(arguments.folders)
    print(f"{'':24}{'documented':>11}{'docstrings':>11}{'openings':>10}{'turns':>8}{'long':>8}{'names':>7}")
    for folder in folders:
        prose = prose_of(files_in(folder, folders))
        print(
            f"{folder:24}{percent(prose.documented, prose.definitions):>11}{prose.docstrings:>11}"
            f"{percent(len(prose.openings), prose.docstrings):>10}{percent(len(prose.turns), prose.sentences):>8}"
            f"{percent(len(prose.long), prose.sentences):>8}{sum(prose.names.values()):>7}"
        )
        if arguments.list:
            lists = {"openings": prose.openings, "turns": prose.turns, "long": prose.long, "names": prose.places}
            for title, entries in lists.items():
                print(f"\n{title}", *entries, sep="\n  ")
            print()


if __name__ == "__main__":
    main()
