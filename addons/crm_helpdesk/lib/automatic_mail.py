"""What a mail says about who wrote it, by its headers alone: a person, a machine, a machine that answers."""

from email.utils import parseaddr

# Mailing lists and groups pass on what people wrote: to have come by a list says nothing about that.
BULK = frozenset({"bulk", "junk", "auto_reply"})
BY_HAND = frozenset({"", "no"})
ANSWERING_MACHINES = ("X-Autoreply", "X-Autorespond", "X-Autorespondent")
POSTMASTERS = frozenset({"mailer-daemon", "postmaster"})
NOBODY_READS = frozenset({"noreply", "no-reply", "donotreply", "do-not-reply", "no.reply"})
LISTS = ("List-Id", "List-Post", "List-Unsubscribe", "Mailing-List", "X-Mailing-List", "X-Loop")
TOLD_BY = frozenset(
    {"auto-submitted", "content-type", "from", "precedence", "return-path", "x-auto-response-suppress"}
    | {name.lower() for name in (*ANSWERING_MACHINES, *LISTS)}
)
REPORTS = frozenset({"multipart/report", "message/delivery-status", "message/disposition-notification"})


class Headers:
    """Those headers of a mail that tell who wrote it, as they are written: to parse them costs time.

    :param email.message.Message message: the mail
    """

    def __init__(self, message):
        self._values = {}
        for name, value in message.raw_items():
            if name.lower() in TOLD_BY:
                self._values.setdefault(name.lower(), str(value))

    def get(self, name):
        return self._values.get(name.lower())


def is_automatic(headers):
    """Whether nobody wrote this mail by hand: absence notice, receipt, report (RFC 3834), newsletter.

    :param headers: anything with ``get(name)``, such as :class:`Headers`
    """
    return (
        _first_word(headers, "Auto-Submitted") not in BY_HAND
        or _value(headers, "Precedence") in BULK
        or any(_value(headers, name) not in BY_HAND for name in ANSWERING_MACHINES)
        or "all" in _words(headers, "X-Auto-Response-Suppress")
        or _is_newsletter(headers)
        or is_report(headers)
    )


def is_report(headers):
    """Whether a mail system wrote it: a bounce, a delay, a receipt. Nobody can answer to it."""
    return (
        _value(headers, "Return-Path") == "<>"
        or _mailbox(headers) in POSTMASTERS
        or _first_word(headers, "Content-Type") in REPORTS
    )


def is_machine_answer(headers):
    """Whether a machine answered to something: no request of anybody, unlike the alarm of a machine."""
    return (
        is_report(headers)
        or _first_word(headers, "Auto-Submitted") == "auto-replied"
        or _value(headers, "Precedence") == "auto_reply"
        or any(_value(headers, name) not in BY_HAND for name in ANSWERING_MACHINES)
    )


def may_be_answered_automatically(headers):
    """Whether a machine of ours may answer: never to machines, to lists, or where nobody reads it."""
    return not (
        is_automatic(headers)
        or any(_value(headers, name) for name in LISTS)
        or _value(headers, "Precedence") == "list"
        or "autoreply" in _words(headers, "X-Auto-Response-Suppress")
        or _mailbox(headers) in NOBODY_READS
    )


def _is_newsletter(headers):
    """Lists to which one may write are people; those one may only leave are none."""
    return bool(_value(headers, "List-Unsubscribe")) and not (
        _value(headers, "List-Post") or _value(headers, "Precedence") == "list"
    )


def _value(headers, name):
    return str(headers.get(name) or "").strip().lower()


def _first_word(headers, name):
    return _value(headers, name).split(";")[0].strip()


def _words(headers, name):
    return {word.strip() for word in _value(headers, name).split(",")}


def _mailbox(headers):
    return parseaddr(str(headers.get("From") or ""))[1].partition("@")[0].lower()
