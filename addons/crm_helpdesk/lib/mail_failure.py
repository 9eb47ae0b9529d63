"""Says what went wrong with a mail without a word of the mail: errors quote names and addresses."""

import traceback

FRAMES = 3


def describe(error):
    """What an administrator needs to find the cause: kind of error, what the database names, where it was.

    :param Exception error: as it was caught
    :rtype: str
    """
    lines = [_kind(error)]
    diagnostics = getattr(error, "diag", None)
    for label, name in (("table", "table_name"), ("column", "column_name"), ("rule", "constraint_name")):
        if value := getattr(diagnostics, name, None):
            lines.append(f"{label}: {value}")
    lines += [
        f"{_short(frame.filename)}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)[-FRAMES:]
    ]
    return "\n".join(lines)


def _kind(error):
    kind = type(error)
    return kind.__name__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__name__}"


def _short(path):
    """The file within its addon or package: where it is installed says nothing."""
    parts = path.replace("\\", "/").split("/")
    start = parts.index("addons") + 1 if "addons" in parts else max(len(parts) - 3, 0)
    return "/".join(parts[start:])
