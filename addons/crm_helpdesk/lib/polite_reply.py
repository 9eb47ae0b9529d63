"""Whether a reply says thank you and nothing else, so that it need not wake a solved ticket.

Careful by design: a reply is polite only when every word of it belongs to a polite phrase, to a greeting
or to a name of the people concerned. One word more and it is a matter for people.
"""

import re
import unicodedata

WORDS_MAX = 25
# Without one of these it is no thanks, whatever else it is.
THANKS = (
    # English, German, French, Dutch, Spanish, Italian, Portuguese
    *("thanks", "thank you", "thx", "ty", "many thanks", "much appreciated", "cheers"),
    *("danke", "dankeschon", "danke schon", "vielen dank", "besten dank", "herzlichen dank", "lieben dank"),
    *("merci", "merci beaucoup", "merci bien", "mille mercis"),
    *("bedankt", "dank u", "dank je", "dank u wel", "dank je wel", "dankjewel", "hartelijk dank"),
    *("gracias", "muchas gracias", "mil gracias", "grazie", "grazie mille", "molte grazie"),
    *("obrigado", "obrigada", "muito obrigado", "muito obrigada"),
    # Polish, Czech, Slovak, Swedish, Danish, Norwegian, Finnish, Hungarian, Romanian, Turkish
    *("dziekuje", "dziekuje bardzo", "dziekujemy", "dzieki", "dekuji", "dekujeme", "diky", "dakujem"),
    *("tack", "tack sa mycket", "tak", "mange tak", "takk", "tusen takk", "kiitos", "kiitoksia"),
    *("koszonom", "koszonjuk", "multumesc", "mersi", "tesekkurler", "tesekkur ederim"),
)
# What people put around their thanks, and what means that all is well.
AROUND = (
    *("hi", "hello", "dear", "hey", "hallo", "guten tag", "guten morgen", "liebe", "lieber", "bonjour"),
    *("salut", "dag", "beste", "hola", "ciao", "buongiorno", "ola", "bom dia", "dzien dobry", "dobry den"),
    *("hej", "hei", "moi", "szia", "buna ziua", "merhaba", "good morning", "good afternoon"),
    *("best regards", "kind regards", "regards", "best", "best wishes", "yours", "sincerely"),
    *("mit freundlichen grussen", "viele grusse", "freundliche grusse", "beste grusse", "liebe grusse"),
    *(
        "schone grusse",
        "gruss",
        "mfg",
        "lg",
        "vg",
        "cordialement",
        "bien cordialement",
        "met vriendelijke groet",
    ),
    *("vriendelijke groeten", "groeten", "mvg", "saludos", "un saludo", "cordiali saluti", "saluti"),
    *(
        "cumprimentos",
        "pozdrawiam",
        "s pozdravem",
        "med vanliga halsningar",
        "mvh",
        "vh",
        "med venlig hilsen",
    ),
    *("all", "everybody", "team", "zusammen", "a tous", "allemaal", "todos", "tutti"),
    *("very much", "so much", "a lot", "again", "sehr", "nochmals", "encore", "beaucoup", "nogmaals"),
    *("for your help", "for the help", "for your support", "for the quick help", "for the quick reply"),
    *("for the quick answer", "for the fast reply", "for your quick reply", "for everything", "for the info"),
    *("for the information", "for your answer", "for your reply", "for your time"),
    *("fur ihre hilfe", "fur die hilfe", "fur deine hilfe", "fur die schnelle hilfe", "fur die info"),
    *("fur die schnelle antwort", "fur ihre antwort", "fur die antwort", "fur ihre muhe", "fur alles"),
    *("pour votre aide", "pour votre reponse", "pour la reponse", "pour tout", "pour votre aide precieuse"),
    *("voor uw hulp", "voor je hulp", "voor de hulp", "voor de snelle hulp", "voor het antwoord"),
    *(
        "por su ayuda",
        "por tu ayuda",
        "por la ayuda",
        "por todo",
        "per l aiuto",
        "per tutto",
        "per il supporto",
    ),
    *("pela ajuda", "por tudo", "za pomoc", "za odpoved", "za odpowiedz", "for hjalpen", "for hjelpen"),
    *(
        "perfect",
        "great",
        "super",
        "excellent",
        "wonderful",
        "perfekt",
        "prima",
        "toll",
        "parfait",
        "perfecto",
    ),
    *("perfetto", "perfeito", "top", "wunderbar", "genial", "awesome", "ok", "okay", "fine"),
    *("it works", "it works now", "works now", "all good", "all good now", "that helped", "that worked"),
    *("problem solved", "solved", "es funktioniert", "es funktioniert jetzt", "funktioniert", "hat geklappt"),
    *("alles gut", "alles bestens", "ca marche", "tout est bon", "het werkt", "funciona", "funziona"),
    *("have a nice day", "have a good day", "have a nice weekend", "schonen tag", "schones wochenende"),
    *("einen schonen tag", "bonne journee", "bon week end", "fijne dag", "buen dia", "buona giornata"),
)
# Written above the words of others that a mail repeats.
REPEATED = re.compile(
    r"^\s*(>|-{2,}\s*$|_{5,}|-{3,}.*-{3,}\s*$"
    r"|(on|am|le|op|el|il|em|dnia|dne|den)\b.*(wrote|schrieb|a ecrit|schreef|escribio|ha scritto|escreveu"
    r"|napisal\w*|skrev).*:?\s*$"
    r"|(from|von|de|van|da|od|fran|fra)\s*:.*@)",
    re.IGNORECASE,
)
SENT_FROM = re.compile(
    r"^\s*(sent from|gesendet von|von meinem|envoye de|verzonden|enviado desde|inviato)\b", re.I
)


def is_thanks(text, names=()):
    """Whether a reply is a mere thank you.

    :param str text: plain text; what it repeats of others and the sender's signature may still be there
    :param names: names of people concerned, which may stand in a greeting or under it
    :rtype: bool

    >>> is_thanks("Hi Anna,\\nthank you very much!\\nIris", ["Anna Berg", "Iris"])
    True
    >>> is_thanks("Thanks, but it still leaks")
    False
    """
    if "?" in own_words(text):
        return False
    words = _words(own_words(text))
    if not words or len(words) > WORDS_MAX:
        return False
    known = {(word,) for name in names for word in _words(name)}
    said_thanks = False
    at = 0
    while at < len(words):
        phrase = _longest(words, at, known)
        if not phrase:
            return False
        said_thanks = said_thanks or phrase in _THANKS
        at += len(phrase)
    return said_thanks


def own_words(text):
    """The text until where it repeats others or is signed by a device.

    :rtype: str
    """
    lines = []
    for line in (text or "").splitlines():
        plain = _plain(line)
        if REPEATED.match(plain) or SENT_FROM.match(plain):
            break
        lines.append(line)
    return "\n".join(lines).strip()


def _plain(text):
    """Lower case without accents."""
    parts = unicodedata.normalize("NFKD", (text or "").replace("ß", "ss").casefold().replace("ł", "l"))
    return "".join(char for char in parts if not unicodedata.combining(char))


def _words(text):
    return tuple(re.findall(r"[^\W_]+", _plain(text)))


_THANKS = frozenset(_words(phrase) for phrase in THANKS)
_POLITE = _THANKS | frozenset(_words(phrase) for phrase in AROUND)
_LONGEST = max(map(len, _POLITE))


def _longest(words, at, names):
    """The longest phrase that begins at this word, () for none."""
    for length in range(min(_LONGEST, len(words) - at), 0, -1):
        phrase = words[at : at + length]
        if phrase in _POLITE or phrase in names:
            return phrase
    return ()
