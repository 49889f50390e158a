"""Kokoro's phonemes: the symbols that the model knows, and the IPA of espeak-ng written in them."""

from __future__ import annotations

import re

# By place: the symbol of each token. "\0" fills places that have none. From Kokoro-82M's config.json (Apache-2.0).
_SYMBOLS = (
    '\0;:,.!?\0\0—…"()“” \u0303ʣʥʦʨᵝꭧAI\0\0\0\0\0O\0Q\0ST\0\0W\0Yᵊabcdef\0hijklmnopqrstuvwxyzɑɐɒæ\0\0βɔɕç\0ɖðʤə\0ɚɛɜ'
    "\0\0ɟ\0ɡ\0\0\0\0\0\0ɥ\0ɨɪʝ\0\0\0\0\0\0ɯɰŋɳɲɴø\0ɸθœ\0\0ɹ\0ɾɻ\0ʁɽʂʃʈʧ\0ʊʋ\0ʌɣɤ\0χʎ\0\0\0ʒʔ\0\0\0\0\0\0\0ˈˌː\0\0\0ʰ\0ʲ"
    "\0\0\0\0↓\0→↗↘\0\0\0ᵻ"
)
TOKENS = {symbol: token for token, symbol in enumerate(_SYMBOLS) if symbol != "\0"}
"""The number of each symbol. 0 begins and ends what the model is given."""

# After misaki's table for espeak (Apache-2.0), whose symbols Kokoro learned from; here without ties between letters
_BOTH = (
    ("eɪ", "A"), ("aɪ", "I"), ("aʊ", "W"), ("ɔɪ", "Y"), ("tʃ", "ʧ"), ("dʒ", "ʤ"), ("e", "A"), ("ɚ", "əɹ"), ("r", "ɹ"),
    ("x", "k"), ("ç", "k"), ("ɐ", "ə"), ("ɬ", "l"), ("ʲ", ""), ("\u0303", ""),
)  # fmt: skip
_BRITISH = (("eə", "ɛː"), ("iə", "ɪə"), ("əʊ", "Q"), *_BOTH)
_AMERICAN = (("oʊ", "O"), *_BOTH, ("ɜːɹ", "ɜɹ"), ("ɜː", "ɜɹ"), ("ɪə", "iə"), ("ː", ""))
_LATER = (("o", "ɔ"), ("ɾ", "T"), ("ʔ", "t"))
_SYLLABIC = "\u0329"  # a line below a consonant
_VOWEL = "AIOQWYaiuɑæɒɔəɛɜɪʊʌᵊᵻ"


def english_symbols(ipa: str, british: bool = False) -> str:
    """Return a clause of espeak-ng's English IPA in Kokoro's symbols."""
    text = re.sub(r"(?<=[a-zɹː])(?=h[ˈˌ]ʌndɹɪd)", " ", ipa)  # espeak writes "two hundred" as one word
    for old, new in (*(_BRITISH if british else _AMERICAN), *_LATER):
        text = text.replace(old, new)
    text = re.sub(rf"(\S){_SYLLABIC}", r"ᵊ\1", text)
    text = re.sub(rf"əl(?![ˈˌ]?[{_VOWEL}])", "ᵊl", text)  # "little"; but "alone"
    text = re.sub("ɹɹ+", "ɹ", text)  # "neuron"
    return text if british else re.sub("(?<=nˈIn)ti(?!n)", "di", text)  # "ninety", but "nineteen"
