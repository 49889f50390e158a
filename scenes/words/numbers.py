"""Numbers as they are written on screen and in narration."""

from __future__ import annotations

from decimal import Decimal

THIN_SPACE = "\u2009"


def number_text(value: float, decimals: int | None = None) -> str:
    """``value`` as it is written on screen: a real minus sign, thin spaces between thousands, no trailing zeros."""
    if decimals is None:
        text = f"{Decimal(repr(float(f'{value:.10g}'))):,f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        text = f"{value:,.{decimals}f}"
    if not text.strip("-0.,"):
        text = text.lstrip("-")
    return text.replace("-", "\u2212").replace(",", THIN_SPACE)


def signed_text(value: float, decimals: int | None = None) -> str:
    """``value`` with its sign: "+3", "−2", "0"."""
    text = number_text(value, decimals)
    return text if text.startswith("\u2212") or not text.strip("0.") else f"+{text}"
