"""A workbook of tables and charts, written row by row: what it needs of memory does not grow with the rows.

A thin layer over XlsxWriter. A text is always written as a text, whatever it begins with: a formula in a name
is never run (OWASP, CSV injection).
"""

import datetime

import xlsxwriter

ROWS_MAX = 1_048_576  # of a sheet, by the format
TEXT_MAX = 32_767  # characters of a cell, by the format
# Kinds of columns: number format of the cells.
FORMATS = {
    "text": {},
    "wrapped": {"text_wrap": True, "valign": "top"},
    "integer": {"num_format": "#,##0"},
    "number": {"num_format": "#,##0.00"},
    "money": {"num_format": "#,##0"},
    "percent": {"num_format": "0.0%"},
    "date": {"num_format": "yyyy-mm-dd"},
    "month": {"num_format": "yyyy-mm"},
    "any": {},
}


class Book:
    """A workbook; use it in a ``with`` statement.

    :param target: path or file to write to
    """

    def __init__(self, target):
        options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
        self.book = xlsxwriter.Workbook(target, options)
        self.formats = {kind: self.book.add_format(spec) for kind, spec in FORMATS.items()}
        self.heading = self.book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.title = self.book.add_format({"bold": True, "font_size": 14})
        self.names = set()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.book.close()

    def sheet(self, name):
        """:return: a new :class:`Sheet`; sheets are written one after the other"""
        name = self._get_free_name(name)
        self.names.add(name.lower())
        return Sheet(self, self.book.add_worksheet(name), name)

    def _get_free_name(self, name):
        """A name the format takes: 31 characters, none of a few, and no other sheet of that name."""
        name = "".join("-" if char in "[]:*?/\\" else char for char in name).strip("'")[:31] or "Sheet"
        free, number = name, 2
        while free.lower() in self.names:
            suffix = f" {number}"
            free, number = name[: 31 - len(suffix)] + suffix, number + 1
        return free


class Sheet:
    """A sheet, written from top to bottom. ``row`` is the next one."""

    def __init__(self, book, sheet, name):
        self.book = book
        self.sheet = sheet
        self.name = name
        self.row = 0

    def line(self, text, is_title=False):
        """A line of text alone."""
        self._write(self.row, 0, text, self.book.title if is_title else self.book.formats["text"])
        self.row += 1

    def skip(self, rows=1):
        """Leave rows empty."""
        self.row += rows

    def table(self, columns, rows, *, freeze=False):
        """A table with headings.

        :param columns: list of (heading, kind of :data:`FORMATS`, width in characters)
        :param rows: iterable of lists of values; None leaves a cell empty. What no longer fits on the sheet
            is left out.
        :return: (first row, last row) of the body; the last is before the first where there is none
        """
        for place, (heading, _kind, width) in enumerate(columns):
            self.sheet.set_column(place, place, width)
            self._write(self.row, place, heading, self.book.heading)
        if freeze:
            self.sheet.freeze_panes(self.row + 1, 1)
        self.row += 1
        first, kinds = self.row, [self.book.formats[kind] for _heading, kind, _width in columns]
        for values in rows:
            if self.row >= ROWS_MAX:
                break
            for place, (value, kind) in enumerate(zip(values, kinds, strict=True)):
                self._write(self.row, place, value, kind)
            self.row += 1
        return first, self.row - 1

    def _write(self, row, column, value, cell_format):
        if value is None:
            return
        if isinstance(value, bool):
            if value:
                self.sheet.write_string(row, column, "x", cell_format)
        elif isinstance(value, int | float):
            if value == value and abs(value) != float("inf"):
                self.sheet.write_number(row, column, value, cell_format)
        elif isinstance(value, datetime.date | datetime.datetime):
            self.sheet.write_datetime(row, column, value, cell_format)
        else:
            self.sheet.write_string(row, column, str(value)[:TEXT_MAX], cell_format)

    def color(self, first, last, columns, *, kind="3_color_scale"):
        """Color cells by their value.

        :param first, last: rows of :meth:`table`, :param columns: (first, last) column
        """
        if last >= first:
            self.sheet.conditional_format(first, columns[0], last, columns[1], {"type": kind})

    def chart(self, kind, body, labels, values, *, title, place):
        """A native chart of columns of a table that is on this sheet.

        :param kind: ``line``, ``column``, ``bar``, :param body: rows of :meth:`table`
        :param labels: column, :param values: columns, with their names: [(column, name)]
        :param place: cell at its upper left corner, "H2"
        """
        first, last = body
        if last < first:
            return
        chart = self.book.book.add_chart({"type": kind})
        for column, name in values:
            chart.add_series(
                {
                    "name": name,
                    "categories": [self.name, first, labels, last, labels],
                    "values": [self.name, first, column, last, column],
                }
            )
        chart.set_title({"name": title, "name_font": {"size": 12}})
        chart.set_legend({"position": "bottom"} if len(values) > 1 else {"none": True})
        chart.set_size({"width": 720, "height": 320})
        self.sheet.insert_chart(place, chart)
