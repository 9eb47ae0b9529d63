"""What a person agreed to: the state as a fold of what was said, in order. No Odoo here.

A *cell* is one purpose over one channel with one company. Its events are folded from the oldest to the
newest:

- ``granted`` opens the cell, until ``valid_until`` where that is set;
- ``requested`` asks the person to confirm; nothing is allowed by it;
- ``confirmed`` opens the cell, where a request has been made since the last refusal: a link in an old
  mail does not undo a later no;
- ``withdrawn`` and ``objected`` close it until the next grant.
"""

from typing import NamedTuple

REFUSALS = ("withdrawn", "objected")
# From the weakest to the strongest: what counts when two persons turn out to be one. A no of either
# beats a yes of the other; that nothing is known says nothing.
STRICTNESS = ("none", "pending", "granted", "withdrawn", "objected")


class Event(NamedTuple):
    """One statement; ``valid_until`` is the last day of a grant (None: no end)."""

    action: str
    occurred_at: object
    valid_until: object = None


class State(NamedTuple):
    """Where a cell stands. ``since`` is when the deciding event occurred."""

    status: str = "none"
    since: object = None
    valid_until: object = None

    def is_granted(self, day):
        """Whether consent is given and still valid on a day."""
        return self.status == "granted" and (self.valid_until is None or self.valid_until >= day)


def fold(events):
    """The state after these events of one cell.

    :param events: iterable of :class:`Event`, oldest first
    :rtype: State
    """
    state, is_asked = State(), False
    for event in events:
        if event.action in REFUSALS:
            state, is_asked = State(event.action, event.occurred_at), False
        elif event.action == "granted" or (event.action == "confirmed" and is_asked):
            state = State("granted", event.occurred_at, event.valid_until)
        elif event.action == "requested":
            is_asked = True
            if state.status in ("none", "pending"):
                state = State("pending", event.occurred_at)
    return state


def stricter(states):
    """The state that counts when these persons are one; among equals the latest.

    :param states: iterable of :class:`State`
    :rtype: State
    """
    return max(
        states,
        key=lambda state: (STRICTNESS.index(state.status), state.since is not None, state.since),
        default=State(),
    )


def mend_after_merge(states, merged):
    """What has to be recorded so that the fold of the common events is as strict as the strictest.

    :param states: :class:`State` of each person before
    :param State merged: fold of the events of all of them
    :return: an action, or None
    """
    wanted = stricter(states).status
    if merged.status == wanted:
        return None
    if wanted in REFUSALS:
        return wanted
    # Only events that no screen records lead here: a confirmation that answers nobody's request.
    return "withdrawn" if merged.status == "granted" else None
