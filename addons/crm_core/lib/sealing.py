"""Values locked with keys that are not in the database. No Odoo here.

A value is bound to the entry it belongs to: a sealed text copied to another entry does not open there.
The first key seals; all keys open, so that keys can be changed without a moment of blindness.
"""

import hashlib
import json

from cryptography.fernet import Fernet, InvalidToken, MultiFernet


class NoKeyError(Exception):
    """No key is configured."""


class BadKeyError(Exception):
    """A configured key is no Fernet key."""


class CannotOpenError(Exception):
    """None of the keys opens this value, or it belongs to another entry."""


class Sealer:
    """Seal and open values with a list of keys.

    >>> key = Fernet.generate_key().decode()
    >>> sealer = Sealer([key])
    >>> sealer.open(7, sealer.seal(7, "1980-05-12"))
    '1980-05-12'
    """

    def __init__(self, keys):
        """:param keys: Fernet keys as text, newest first

        :raise NoKeyError: the list is empty
        :raise BadKeyError: one of them is no key
        """
        keys = [key.strip() for key in keys if key.strip()]
        if not keys:
            raise NoKeyError
        try:
            self._fernet = MultiFernet([Fernet(key) for key in keys])
        except (ValueError, TypeError) as error:
            raise BadKeyError from error
        # Which key sealed a value, without telling the key.
        self.mark = hashlib.sha256(keys[0].encode()).hexdigest()[:12]

    def seal(self, entry_id, value):
        """:rtype: str"""
        return self._fernet.encrypt(json.dumps([entry_id, value]).encode()).decode()

    def open(self, entry_id, sealed):
        """:raise CannotOpenError: by none of the keys, or of another entry

        :rtype: str
        """
        try:
            owner, value = json.loads(self._fernet.decrypt((sealed or "").encode()))
        except InvalidToken as error:
            raise CannotOpenError from error
        if owner != entry_id:
            raise CannotOpenError
        return value

    def renew(self, sealed):
        """The same value, sealed with the newest key.

        :raise CannotOpenError: by none of the keys
        """
        try:
            return self._fernet.rotate(sealed.encode()).decode()
        except InvalidToken as error:
            raise CannotOpenError from error
