"""Numbers as text on the screen and in narration."""

from __future__ import annotations

from decimal import Decimal

THIN_SPACE = "\u2009"


def number_text(value: float, decimals: int | None = None) -> str:
    """Return ``value`` as text with a minus sign (−) and thin spaces between thousands; never "−0".

    With ``decimals`` it has so many decimals. By default it has up to ten significant digits, without trailing zeros.

    Examples
    --------
    >>> number_text(-1.50), number_text(2.0, 1)
    ('−1.5', '2.0')
    """
    if decimals is None:
        text = f"{Decimal(repr(float(f'{value:.10g}'))):,f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        text = f"{value:,.{decimals}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text.replace("-", "\u2212").replace(",", THIN_SPACE)


def signed_text(value: float, decimals: int | None = None) -> str:
    """Return ``value`` as text with its sign: "+3", "−2", "0"."""
    text = number_text(value, decimals)
    return text if text.startswith("\u2212") or not text.strip("0.") else f"+{text}"
