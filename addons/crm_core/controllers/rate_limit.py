from functools import wraps

from werkzeug.exceptions import TooManyRequests

from odoo.http import request


def rate_limited(scope, limit, minutes):
    """Let a client use a route so often within so many minutes; then it answers 429.

    Put below ``@http.route``. Whoever is signed in counts as himself, whatever network he shares.

    :param str scope: routes of the same scope are counted together
    """

    def decorate(handler):
        @wraps(handler)
        def limited(self, *args, **kwargs):
            check_rate(scope, limit, minutes)
            return handler(self, *args, **kwargs)

        return limited

    return decorate


def check_rate(scope, limit, minutes):
    """As :func:`rate_limited`, within a route.

    :raise werkzeug.exceptions.TooManyRequests: too often
    """
    user = request.env.user
    who = request.httprequest.remote_addr if user._is_public() else f"user {user.id}"
    # sudo: counters that no role may read or write
    if not request.env["crm.rate.limit"].sudo()._allow(scope, who, limit, minutes):
        raise TooManyRequests(
            request.env._("That was too often in a short time. Please try again later."),
            retry_after=minutes * 60,
        )
