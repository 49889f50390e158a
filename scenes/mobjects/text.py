"""Mobjects for words, formulas and changing numbers, typeset by Typst with bundled fonts only.

Typst source may use the roles as functions: ``formula("yellow(w) x_1")``. ``part("name", body)`` names a part of it.
``text.part("name")`` returns that part, so that a scene can move or dim one letter of a formula.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from copy import deepcopy
from functools import lru_cache

import numpy as np
import typst
from gradreel.core.arrays import FloatArray
from gradreel.core.errors import UserError
from gradreel.scenes import style
from gradreel.scenes.mobjects.svg_outlines import Outline, outlines
from gradreel.scenes.quick_mobjects import copied_mobject
from gradreel.scenes.style import EM, palette
from manim import LEFT, ManimColor, Rectangle, VGroup, VMobject

_POINTS = 10.0  # the size in all Typst documents; glyphs are scaled afterwards
_MARKER = "#0000fe"  # colour of an H after each text; its foot gives the baseline
_CJK = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
_MARKUP = re.compile(r"([\\#$*_`<>@\[\]~/=+\-])")


@lru_cache(maxsize=1)
def _typst_compiler() -> typst.Compiler:
    """Return Typst's compiler with the bundled fonts only."""
    fonts = typst.Fonts(include_system_fonts=False, include_embedded_fonts=True, font_paths=[str(style.font_folder())])
    return typst.Compiler(font_paths=fonts)


def _typst_functions_of_roles(colored: bool) -> str:
    """Return Typst functions for the roles: ``yellow(x)`` sets x in a colour that encodes the role, or plainly."""
    bodies = {role: f'ink(rgb("#0001{i:02x}"), x)' for i, role in enumerate(style.ROLES)}
    return "\n".join(f"#let {role}(x) = {body if colored else 'x'}" for role, body in bodies.items())


def _typst_document(body: str, names: tuple[str, ...], colored: bool) -> bytes:
    """Return the Typst document of ``body``. Each role has a colour of its own if ``colored``, else each part does."""
    if colored:
        part = "#let part(name, x) = x"
    else:
        table = ", ".join(f'"{name}": rgb("#0002{i:02x}")' for i, name in enumerate(names))
        part = f"#let part(name, x) = ink(({table or ':'}).at(name), x)"
    face = "Noto Sans CJK SC" if _CJK.search(body) else "Noto Sans CJK KR"  # KR: Latin quotes are not full-width
    return "\n".join(
        [
            "#set page(width: auto, height: auto, margin: 0pt, fill: none)",
            f'#set text(size: {_POINTS}pt, font: "{face}", fill: black)',
            f'#show math.equation: set text(font: ("New Computer Modern Math", "{face}"))',
            "#let ink(color, x) = text(fill: color, x)",  # needed because the role `text` hides Typst's `text`
            '#let serif(x) = text(font: "New Computer Modern Math", x)',
            _typst_functions_of_roles(colored),
            part,
            f'#box[{body}]#ink(rgb("{_MARKER}"))[H]',
        ]
    ).encode()


def _outlines_of_document(source: bytes) -> list[Outline]:
    """Return the outlines of a Typst document of one page. Raises typst.TypstError for an invalid source."""
    svg = _typst_compiler().compile(input=source, format="svg")
    assert isinstance(svg, bytes), "one page"
    return list(outlines(svg))


@lru_cache(maxsize=4096)
def _typeset_glyphs(body: str, names: tuple[str, ...]) -> tuple[tuple[FloatArray, str | None, str | None], ...]:
    """Return for each glyph of ``body``: its points, with the baseline at y = 0, its role, and its part.

    The second compilation colours the parts instead of the roles; both have the same layout.
    """
    glyphs = _outlines_of_document(_typst_document(body, names, colored=True))
    parts = _outlines_of_document(_typst_document(body, names, colored=False)) if names else glyphs
    *glyphs, marker = glyphs
    baseline = np.array([0.0, marker.points[:, 1].min(), 0.0])
    return tuple(
        (
            glyph.points - baseline,
            style.ROLES[int(glyph.fill[5:], 16)] if glyph.fill.startswith("#0001") else None,
            names[int(marked.fill[5:], 16)] if marked.fill.startswith("#0002") else None,
        )
        for glyph, marked in zip(glyphs, parts, strict=False)
    )


class Glyph(VMobject):
    """One filled outline in the colour ``ink``.

    Copying is faster than `VMobject`'s, with the same result. Manim copies everything that moves, mostly glyphs.
    """

    is_glyph = True  # `style.emphasize` keeps it readable

    def __init__(self, ink: ManimColor) -> None:
        super().__init__(stroke_width=0, fill_color=ink, fill_opacity=1)

    __deepcopy__ = copied_mobject


class TextMobject(VGroup):
    """A line of text or a formula from Typst ``source``: one filled VMobject for each glyph, with a baseline.

    Attributes: ``source``, ``font_size`` (Manim's), ``parts`` (name -> indices of glyphs). Raises UserError for an
    invalid source. ``written``: the text to quote in that error, by default the source.
    """

    def __init__(
        self, source: str, size: float, color: ManimColor | None = None, *, written: str | None = None
    ) -> None:
        super().__init__()
        self.source = source
        self.font_size = float(size)
        base = color if color is not None else palette.text
        names = tuple(dict.fromkeys(re.findall(r'part\("([^"]+)"', source)))
        self.parts: dict[str, list[int]] = {name: [] for name in names}
        try:
            glyphs = _typeset_glyphs(source, names)
        except typst.TypstError as error:
            reason = "; ".join([error.message, *error.hints[:1]])
            raise UserError(f"{source if written is None else written!r} is not valid Typst: {reason}") from None
        blanks: dict[str | None, Glyph] = {}  # by role; copying one is quicker than creating one
        for index, (points, role, part) in enumerate(glyphs):
            if role not in blanks:
                blanks[role] = Glyph(getattr(palette, role) if role else base)
            glyph = deepcopy(blanks[role])
            glyph.points = points * (EM * size / _POINTS)
            self.add(glyph)
            if part is not None:
                self.parts[part].append(index)
        # The baseline is at y = 0 now; its share of the height stays when the text is moved or scaled
        self._foot = float(-self.get_bottom()[1] / self.height) if self.height > 0 else 0.0
        self.move_to(np.zeros(3))

    def get_points_defining_boundary(self) -> FloatArray:
        """Return the ends of all Bezier curves, (n, 3), as Manim's method does, but faster."""
        points = self._all_points()
        return np.stack([points[::4], points[3::4]], axis=1).reshape(-1, 3)

    def length_over_dim(self, dim: int) -> float:
        """Return the width (0) or height (1) of the ink, as Manim's method does, but faster."""
        along = self._all_points()[:, dim]
        return float(along.max() - along.min()) if len(along) else 0.0

    def _all_points(self) -> FloatArray:
        return np.concatenate([member.points for member in self.get_family()])

    @property
    def baseline(self) -> float:
        """Return the y of the baseline, also after the text was moved or scaled."""
        return float(self.get_bottom()[1] + self._foot * self.height)

    def part(self, name: str) -> VGroup:
        """Return the glyphs of the part called ``name``. Raises KeyError that lists the parts."""
        if name not in self.parts:
            raise KeyError(f"the text {self.source!r} has no part {name!r}; it has {', '.join(self.parts) or 'none'}")
        return VGroup(*(self.submobjects[i] for i in self.parts[name]))

    def place(
        self,
        baseline: float,
        left: float | None = None,
        right: float | None = None,
        center: float | None = None,
    ) -> TextMobject:
        """Move the baseline to y = ``baseline``, and the ink's left, right or centre to the given x; return self.

        Raises ValueError unless exactly one of ``left``, ``right`` and ``center`` is given.
        """
        edges = ((left, self.get_left), (right, self.get_right), (center, self.get_center))
        moves = [x - edge()[0] for x, edge in edges if x is not None]
        if len(moves) != 1:
            raise ValueError("place() needs exactly one of left, right, center")
        self.shift([moves[0], baseline - self.baseline, 0.0])
        return self


def text(content: str, size: float = style.LABEL, color: ManimColor | None = None) -> TextMobject:
    """Return a line of words in Noto Sans, centred at the origin.

    Parameters
    ----------
    content
        The words. ``$…$`` is a formula in Typst's notation, in which the roles are functions: ``$blue(y)$``. ``$$`` is
        a dollar sign. Every other character stands for itself. Pass `literal` text for words that you did not write.
    size
        Manim's font size. 96 is one scene unit per em.
    color
        The colour of all glyphs without a role. By default ``palette.text``.

    Raises
    ------
    UserError
        A formula inside ``$…$`` is not valid Typst. The message quotes the words and Typst's reason.

    Examples
    --------
    >>> from gradreel.scenes import palette, text
    >>> label = text("slope $yellow(w)$ = 2", size=32, color=palette.dim)
    >>> len(label)  # glyphs; spaces have none
    8
    >>> round(label.place(baseline=1.5, left=-3).baseline, 6)
    1.5
    """
    pieces = re.split(r"(\$\$|\$[^$]+\$)", content)  # every other one is mathematics, or a dollar sign
    source = "".join(
        piece if k % 2 and piece != "$$" else _MARKUP.sub(r"\\\1", piece.replace("$$", "$"))
        for k, piece in enumerate(pieces)
    )
    return TextMobject(source, size, color, written=content)


words = text  # the name in the lecture's scenes


def literal(content: str) -> str:
    """Return ``content`` with each "$" doubled, so that `text` shows it as a dollar sign.

    Use it for words that nobody wrote for `text`, such as a title or a file's name.
    """
    return content.replace("$", "$$")


def formula(source: str, size: float = style.FORMULA, color: ManimColor | None = None) -> TextMobject:
    """Return a formula in display style, centred at the origin.

    Parameters
    ----------
    source
        `Typst's mathematics <https://typst.app/docs/reference/math/>`_, not LaTeX. The roles are functions:
        ``yellow(w)``. ``part("name", …)`` names a part, which ``formula(…).part("name")`` returns.
    size
        Manim's font size. 96 is one scene unit per em.
    color
        The colour of all glyphs without a role. By default ``palette.text``.

    Raises
    ------
    UserError
        ``source`` is not valid Typst. The message quotes it and Typst's reason.

    Examples
    --------
    >>> from gradreel.scenes import formula
    >>> line = formula('blue(y) = part("b", grey(b)) + yellow(w) x_1')
    >>> len(line), len(line.part("b"))  # glyphs
    (7, 1)
    """
    return TextMobject(f"$display({source})$", size, color, written=source)


def heading(content: str) -> TextMobject:
    """Return a scene's heading, at its place at the top left.

    Parameters
    ----------
    content
        The words, as for `text`.

    Examples
    --------
    >>> from gradreel.scenes import heading, style
    >>> bool(abs(heading("Gradient descent").get_left()[0] - style.LEFT_EDGE) < 1e-9)
    True
    """
    return text(content, style.HEADING).place(style.HEADING_BASELINE, left=style.LEFT_EDGE)


def caption(content: str) -> TextMobject:
    """Return the caption line at the bottom left: source, unit, "synthetic data".

    The argument of a scene must be clear without it.
    """
    return text(content, style.CAPTION, palette.dim).place(style.CAPTION_BASELINE, left=style.LEFT_EDGE)


def fitted(
    write: Callable[..., TextMobject], content: str, size: float, room: float, color: ManimColor | None = None
) -> TextMobject:
    """Return ``write(content, size, color)``, with a smaller size if it is wider than ``room`` scene units.

    ``write`` is `text` or `formula`. The size is never below ``style.SMALLEST``.
    """
    line = write(content, size, color)
    return line if line.width <= room else write(content, max(style.SMALLEST, size * room / line.width), color)


def patch_under(line: TextMobject, color: ManimColor | None = None, across: float = 0.12, up: float = 0.1) -> Rectangle:
    """Return a filled rectangle to put under a line of text, so that curves behind it do not touch its strokes.

    It is ``across`` wider and ``up`` higher than the text, in scene units. Its default colour is the background's.
    """
    patch = Rectangle(width=line.width + across, height=line.height + up, stroke_width=0)
    return patch.set_fill(palette.background if color is None else color, 1).move_to(line)


def _outlines_of_characters(characters: str, face: str) -> tuple[FloatArray, ...]:
    """Return the outlines of ``characters`` in ``face`` ("sans" or "math"), in points (1/72 inch)."""
    body = characters if face == "sans" else f"#serif[{characters}]"
    return tuple(points for points, _, _ in _typeset_glyphs(body, ()))


@lru_cache(maxsize=256)
def _advance_width(character: str, face: str) -> float:
    """Return the advance width of ``character`` in points: how far it moves two bars apart."""
    with_it, without = _outlines_of_characters(f"|{character}|", face), _outlines_of_characters("||", face)
    return float(with_it[-1][:, 0].min() - without[-1][:, 0].min())


@lru_cache(maxsize=256)
def _character_outline(character: str, face: str) -> FloatArray:
    """Return the outline of one character in points, with the left of its advance box at x = 0."""
    _, glyph = _outlines_of_characters(f"|{character}", face)
    first, second = _outlines_of_characters("||", face)
    points = glyph.copy()
    points[:, 0] -= second[:, 0].min() - first[:, 0].min()  # the advance of the bar before it
    return points


class Number(VGroup):
    """A number that can change in place: its last digit's right edge stays fixed.

    ``anchor`` is an invisible stroke at that edge, from the baseline up one em. It moves and scales with the number, so
    new digits are laid out along it. The set of glyphs never changes, only their outlines: Manim lists the moving
    mobjects once for each animation.
    """

    SPARE = 8  # empty glyphs, for a longer number

    def __init__(
        self,
        value: float,
        decimals: int = 2,
        size: float = style.CELL,
        color: ManimColor | None = None,
        face: str = "sans",
        signed: bool = False,
        group: bool = False,
    ) -> None:
        super().__init__()
        self.decimals, self.face, self.signed, self.group = decimals, face, signed, group
        self.font_size = float(size)
        self.anchor = VMobject(stroke_width=0, fill_opacity=0)
        self.anchor.set_points_as_corners([np.zeros(3), np.array([0.0, EM * size, 0.0])])
        ink = color if color is not None else palette.text
        glyphs = [Glyph(ink) for _ in self.written(value)]
        spare = [Glyph(ink) for _ in range(self.SPARE)]
        self.add(self.anchor, *glyphs, *spare)
        self.text = ""
        self.set_value(value)

    @property
    def baseline(self) -> float:
        """Return the y of the baseline."""
        return float(self.anchor.points[0][1])

    def written(self, value: float) -> str:
        """Return ``value`` as text, with a true minus sign and, if ``group``, thin spaces between thousands.

        A value that rounds to 0 has no sign.
        """
        text = f"{value:{'+' if self.signed else ''}{',' if self.group else ''}.{self.decimals}f}"
        if float(text.replace(",", "")) == 0:
            text = text.lstrip("+-")
        return text.replace("-", "\u2212").replace(",", "\u2009")

    def set_value(self, value: float) -> Number:
        """Show ``value``, rounded; return self. Raises ValueError if its text has more characters than glyphs."""
        text = self.written(value)
        self.value = float(value)
        if text == self.text:
            return self
        glyphs = self.submobjects[1:]
        if len(text) > len(glyphs):
            raise ValueError(f"{text!r} is longer than the {len(glyphs)} characters this number has room for")
        self.text = text
        foot, head = self.anchor.points[0], self.anchor.points[-1]
        scale = float(np.linalg.norm(head - foot)) / _POINTS
        x = float(foot[0])
        for glyph in glyphs[len(text) :]:
            glyph.points = np.zeros((0, 3))
        for glyph, character in zip(glyphs, reversed(text), strict=False):
            if character == "\u2009":
                x -= 0.17 * _POINTS * scale
                glyph.points = np.zeros((0, 3))
                continue
            x -= _advance_width(character, self.face) * scale
            glyph.points = _character_outline(character, self.face) * scale + np.array([x, foot[1], 0.0])
        return self

    def place(self, baseline: float, right: float) -> Number:
        """Move the last digit's right edge to x = ``right`` and the baseline to y = ``baseline``; return self."""
        self.shift(np.array([right, baseline, 0.0]) - self.anchor.points[0])
        return self

    def place_left(self, baseline: float, left: float) -> Number:
        """Move the left edge of the present digits to x = ``left``; return self. Later values keep the right edge."""
        self.place(baseline, 0.0)
        self.shift((left - self.get_critical_point(LEFT)[0]) * np.array([1.0, 0.0, 0.0]))
        return self
