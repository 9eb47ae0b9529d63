"""What a person typed, made ready for PostgreSQL's full text search."""

import re

WORDS_MAX = 30
# How PostgreSQL calls the languages whose words it knows to bring to their stem.
CONFIGS = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "el": "greek",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "id": "indonesian",
    "it": "italian",
    "nb": "norwegian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}
PLAIN = "simple"


def config_of(lang):
    """The text search configuration of a language code of the ERP.

    >>> config_of("de_CH"), config_of("cs_CZ"), config_of(None)
    ('german', 'simple', 'simple')
    """
    return CONFIGS.get((lang or "").split("_")[0], PLAIN)


def any_word(text):
    """A ``to_tsquery`` text that finds any of the words; the last one may be half typed. Empty: no word.

    >>> any_word("Toner leaks & (powd")
    'toner | leaks | powd:*'
    >>> any_word("'); --")
    ''
    """
    words = list(dict.fromkeys(re.findall(r"[^\W_]{2,}", (text or "").lower())))[:WORDS_MAX]
    return " | ".join([*words[:-1], f"{words[-1]}:*"]) if words else ""
