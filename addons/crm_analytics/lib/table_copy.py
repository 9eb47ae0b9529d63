"""Tables in and out of PostgreSQL as arrays, by the binary format of ``COPY``.

https://www.postgresql.org/docs/current/sql-copy.html: a header, then per row the number of its columns and,
for each column, the length of its value and the value, all big-endian. With columns of fixed length and
without NULL every row is as long as every other, so that a buffer of rows is an array as it stands.

Kinds of columns: ``int`` (int4), ``float`` (float8), ``bool``, ``date`` (date; arrays hold days since 1970)
and, for writing alone, ``money`` (numeric with up to four decimals).
"""

import io
from collections import deque
from concurrent.futures import ThreadPoolExecutor

import numpy as np

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
TRAILER = b"\xff\xff"
DAYS_TO_2000 = 10957  # PostgreSQL counts days from 2000 on
CHUNK = 1 << 23  # bytes
AHEAD = 2  # chunks that wait to be taken
MOST = 9e14  # the largest amount that four decimals leave room for
# A numeric: digits of base 10000, weight of the first, sign, decimals shown, then the digits.
WHOLE, FRACTION = 4, 1
MONEY = np.dtype(
    [
        ("count", ">i2"),
        ("weight", ">i2"),
        ("sign", ">u2"),
        ("scale", ">i2"),
        ("digits", ">i2", WHOLE + FRACTION),
    ]
)
TYPES = {"int": ">i4", "float": ">f8", "bool": "u1", "date": ">i4", "money": MONEY}


def row_type(kinds):
    """How a row lies in the buffer.

    :param kinds: list of kinds
    :rtype: numpy.dtype
    """
    fields = [("columns", ">i2")]
    for place, kind in enumerate(kinds):
        fields += [(f"length{place}", ">i4"), (f"value{place}", TYPES[kind])]
    return np.dtype(fields)


class Reader(io.RawIOBase):
    """What ``COPY ... TO STDOUT (FORMAT binary)`` writes into: the ``file`` of a ``with`` statement.

    The file is written in row by row, millions of times, so it is one of C. Rows are handed over in a thread
    of its own, in their order, while the database sends the next: numpy lets other threads go on meanwhile.

    :param kinds: list of kinds of the columns, none of which may be NULL
    :param take: called with a list of arrays, one per column, for some thousands of rows at a time
    :raise ValueError: at the end, a value was NULL or of another type than said
    """

    def __init__(self, kinds, take):
        super().__init__()
        self.kinds, self.type, self.take = kinds, row_type(kinds), take
        self.rest, self.is_begun, self.is_over = b"", False, False
        self.aside, self.waiting = ThreadPoolExecutor(1), deque()

    def __enter__(self):
        self.file = io.BufferedWriter(self, CHUNK)
        return self.file

    def __exit__(self, error, *_more):
        file, self.file = self.file, None  # or each would keep the other, and a chunk, for a while
        with self.aside:
            self.is_over = error is not None
            if not self.is_over:
                file.flush()
                while self.waiting:
                    self.waiting.popleft().result()
                if self.rest != TRAILER:
                    raise ValueError("The rows are not of the columns that were asked for.")

    def writable(self):
        return True

    def _keep(self, data):
        if self.is_over:  # what was still in the file when it was thrown away
            return len(data)
        if len(self.waiting) == AHEAD:
            self.waiting.popleft().result()
        self.waiting.append(self.aside.submit(self._hand_over, bytes(data)))
        return len(data)

    write = _keep  # as a file has it

    def _hand_over(self, data):
        data = self.rest + data
        if not self.is_begun:
            data, self.is_begun = data[len(HEADER) :], True
        count = len(data) // self.type.itemsize
        rows = np.frombuffer(data, self.type, count)
        self.rest = data[count * self.type.itemsize :]
        if count:
            if (rows["columns"] != len(self.kinds)).any():
                raise ValueError("The rows are not of the columns that were asked for.")
            self.take([_read(kind, rows[f"value{place}"]) for place, kind in enumerate(self.kinds)])


def _read(kind, values):
    if kind == "bool":
        return values != 0
    if kind == "date":
        return values.astype(np.int64) + DAYS_TO_2000
    return values.astype(np.int64 if kind == "int" else np.float64)


def to_file(kinds, columns, decimals=2):
    """Arrays as a file for ``COPY ... FROM STDIN (FORMAT binary)``.

    :param kinds: list of kinds
    :param columns: list of arrays, one per column
    :param int decimals: of ``money``, four at most
    """
    type_ = row_type(kinds)
    rows = np.zeros(len(columns[0]), dtype=type_)
    rows["columns"] = len(kinds)
    for place, (kind, values) in enumerate(zip(kinds, columns, strict=True)):
        rows[f"length{place}"] = np.dtype(TYPES[kind]).itemsize
        if kind == "money":
            _write_money(rows[f"value{place}"], np.asarray(values, dtype=float), min(decimals, 4))
        else:
            rows[f"value{place}"] = np.asarray(values) - (DAYS_TO_2000 if kind == "date" else 0)
    return io.BytesIO(HEADER + rows.tobytes() + TRAILER)


def _write_money(target, amounts, decimals):
    """Numerics with leading zeros; the database drops them."""
    rounded = np.rint(np.clip(amounts, -MOST, MOST) * 10**decimals).astype(np.int64)
    rest = np.abs(rounded) * 10 ** (4 - decimals)
    for place in range(WHOLE + FRACTION - 1, -1, -1):
        rest, digit = np.divmod(rest, 10_000)
        target["digits"][:, place] = digit
    target["count"] = WHOLE + FRACTION
    target["weight"] = WHOLE - 1
    target["sign"] = np.where(rounded < 0, 0x4000, 0)
    target["scale"] = decimals
