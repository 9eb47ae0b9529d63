"""When a person wants to be called. No Odoo here."""


def is_within(windows, moment):
    """Whether a moment lies in one of the hours agreed; without any agreed, every hour is fine.

    :param windows: iterable of (weekday, hour_from, hour_to): Monday is 0, hours as 13.5
    :param datetime.datetime moment: local time of the person
    """
    windows = list(windows)
    hour = moment.hour + moment.minute / 60 + moment.second / 3600
    return not windows or any(
        weekday == moment.weekday() and begin <= hour < end for weekday, begin, end in windows
    )
