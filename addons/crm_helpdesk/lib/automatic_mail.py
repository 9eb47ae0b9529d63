"""Whether a mail was written by a machine, by its headers."""

# Mailing lists and groups pass on what people wrote: a list's headers say nothing here.
BULK = frozenset({"bulk", "junk", "auto_reply"})
BY_HAND = frozenset({"", "no"})
ANSWERING_MACHINES = ("X-Autoreply", "X-Autorespond")


def is_automatic(headers):
    """Whether nobody wrote this mail by hand: an absence notice, a receipt, a report (RFC 3834).

    :param headers: anything with ``get(name)``, such as ``email.message.EmailMessage``
    """

    def value(name):
        return str(headers.get(name) or "").strip().lower()

    return (
        value("Auto-Submitted").split(";")[0].strip() not in BY_HAND
        or value("Precedence") in BULK
        or value("Return-Path") == "<>"
        or any(value(name) not in BY_HAND for name in ANSWERING_MACHINES)
    )
