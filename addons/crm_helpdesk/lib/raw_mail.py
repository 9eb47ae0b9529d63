"""Reads what can be read of a mail nobody could take in. Nothing here raises, whatever the bytes are."""

import hashlib
from email.errors import HeaderParseError
from email.header import decode_header, make_header
from email.parser import BytesHeaderParser
from email.utils import getaddresses, parseaddr

RECIPIENTS = ("To", "Cc", "Delivered-To", "X-Original-To", "Resent-To", "Resent-Cc")
TEXT_MAX = 250


def digest(raw):
    """What tells one mail from all others.

    :param bytes raw: RFC 822
    :rtype: str
    """
    return hashlib.sha256(raw).hexdigest()


def read_headers(raw):
    """The headers a person needs to know the mail by.

    :param bytes raw: RFC 822
    :return: dict of ``subject``, ``sender``, ``message_id`` (str), ``recipients`` (lower-case addresses in
        the order in which they were written), ``references`` (list of Message-Ids)
    """
    headers = BytesHeaderParser().parsebytes(raw)
    written = [text for name in RECIPIENTS for text in _all(headers, name)]
    addresses = [address.lower() for _name, address in _split(written) if "@" in address]
    references = " ".join(_all(headers, "References") + _all(headers, "In-Reply-To")).split()
    return {
        "subject": _all(headers, "Subject", [""])[0][:TEXT_MAX],
        "sender": _all(headers, "From", [""])[0][:TEXT_MAX],
        "message_id": _all(headers, "Message-Id", [""])[0].strip()[:TEXT_MAX],
        "recipients": list(dict.fromkeys(addresses)),
        "references": [reference[:TEXT_MAX] for reference in references[-32:]],
    }


def addresses_in_order(texts):
    """Lower-case addresses as they were written, each once.

    :param texts: list of header values
    """
    return list(dict.fromkeys(address.lower() for _name, address in _split(texts) if "@" in address))


def _all(headers, name, default=()):
    return [_decode(value) for value in headers.get_all(name, [])] or list(default)


def _decode(value):
    """Text of a header, also where the charset is unknown or wrong."""
    try:
        text = str(make_header(decode_header(str(value))))
    except (HeaderParseError, LookupError, UnicodeError, ValueError):
        text = str(value)
    text = text.encode("utf-8", "replace").decode("utf-8")
    return " ".join(text.replace("\0", "").split())


def _split(texts):
    try:
        return getaddresses([str(text) for text in texts])
    except (IndexError, ValueError, TypeError):
        return [parseaddr(str(text)) for text in texts]
