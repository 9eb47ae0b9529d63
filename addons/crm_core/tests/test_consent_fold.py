import random
from datetime import date, datetime, timedelta

from odoo.tests import TransactionCase, tagged

from ..lib import consent
from ..lib.consent import Event, State, fold, mend_after_merge, stricter

START = datetime(2026, 1, 1, 12)
SEEDS = range(400)


def random_events(chance, names=consent.STRICTNESS):
    """A random history; some of it in the same second, some confirmations answer nothing."""
    actions = ("requested", "granted", "confirmed", "withdrawn", "objected")
    moment, events = START, []
    for _number in range(chance.randrange(7)):
        moment += timedelta(minutes=chance.choice((0, 1, 5)))
        action = chance.choice(actions)
        until = chance.choice((None, date(2026, 1, 10), date(2030, 1, 1)))
        events.append(Event(action, moment, until if action in ("granted", "confirmed") else None))
    return events


@tagged("post_install", "-at_install")
class TestConsentFold(TransactionCase):
    """The state of a consent as a fold of what was said."""

    def status(self, *actions):
        return fold(Event(action, START + timedelta(days=day)) for day, action in enumerate(actions)).status

    def test_what_was_said_last_counts(self):
        self.assertEqual(self.status(), "none")
        self.assertEqual(self.status("granted"), "granted")
        self.assertEqual(self.status("granted", "withdrawn"), "withdrawn")
        self.assertEqual(self.status("objected", "granted"), "granted")
        self.assertEqual(self.status("granted", "requested"), "granted")

    def test_request_allows_nothing_until_it_is_confirmed(self):
        self.assertEqual(self.status("requested"), "pending")
        self.assertEqual(self.status("requested", "confirmed"), "granted")
        self.assertEqual(self.status("withdrawn", "requested"), "withdrawn")
        self.assertEqual(self.status("withdrawn", "requested", "confirmed"), "granted")

    def test_old_link_does_not_undo_a_later_no(self):
        self.assertEqual(self.status("requested", "withdrawn", "confirmed"), "withdrawn")
        self.assertEqual(self.status("confirmed"), "none")

    def test_a_yes_ends_with_its_last_day(self):
        state = fold([Event("granted", START, date(2026, 1, 10))])
        self.assertTrue(state.is_granted(date(2026, 1, 10)))
        self.assertFalse(state.is_granted(date(2026, 1, 11)))

    def test_no_of_either_person_beats_the_yes_of_the_other(self):
        early_no = State("withdrawn", START)
        late_yes = State("granted", START + timedelta(days=9))
        self.assertEqual(stricter([early_no, late_yes]), early_no)
        self.assertEqual(stricter([State(), late_yes]), late_yes)
        self.assertEqual(stricter([]), State())

    def test_merged_history_is_as_strict_as_the_strictest(self):
        mended = 0
        for seed in SEEDS:
            chance = random.Random(seed)
            persons = [random_events(chance) for _person in range(chance.choice((2, 3)))]
            states = [fold(events) for events in persons]
            union = sorted((event for events in persons for event in events), key=lambda e: e.occurred_at)
            merged = fold(union)
            action = mend_after_merge(states, merged)
            if action:
                mended += 1
                merged = fold([*union, Event(action, START + timedelta(days=1))])
            with self.subTest(seed=seed):
                wanted = stricter(states).status
                if wanted in ("none", "pending"):
                    self.assertNotEqual(merged.status, "granted")
                else:
                    self.assertEqual(merged.status, wanted)
        self.assertGreater(mended, 20, "the property is tried where it matters")

    @tagged("post_install", "-at_install", "thorough")
    def test_sql_gives_what_the_fold_gives(self):
        """Random histories of many persons, with statements about every channel and every company."""
        purpose = self.env.ref("crm_core.consent_purpose_offers")
        company, other = self.env.company, self.env["res.company"].create({"name": "Other"})
        persons = self.env["res.partner"].create([{"name": f"P{seed}"} for seed in SEEDS])
        histories, values = {}, []
        for seed, person in zip(SEEDS, persons, strict=True):
            chance = random.Random(seed)
            events = random_events(chance)
            chance.shuffle(events)
            histories[person.id] = kept = []
            for event in events:
                channel = chance.choice(("email", "phone", False))
                whose = chance.choice((company, other, self.env["res.company"]))
                if channel != "phone" and whose != other:
                    kept.append(event)
                values.append(
                    {
                        "partner_id": person.id,
                        "purpose_id": purpose.id,
                        "channel": channel,
                        "company_id": whose.id,
                        **event._asdict(),
                    }
                )
        Event_ = self.env["crm.consent.event"]
        Event_.create(values)
        Event_.flush_model()
        folded = {
            id_: fold(sorted(events, key=lambda event: event.occurred_at))
            for id_, events in histories.items()
        }
        query = Event_._state_query(Event_._cell_statements(persons.ids, purpose, "email", company))
        rows = self.env.execute_query(query)
        batch = {row[1]: State(*row[5:]) for row in rows}
        self.assertEqual({id_: batch.get(id_, State()) for id_ in persons.ids}, folded)
        self.assertGreater(len(batch), 100)

        seen = self.env["crm.consent.state"].search(
            [
                ("partner_id", "in", persons.ids),
                ("channel", "=", "email"),
                ("company_id", "=", company.id),
            ]
        )
        shown = {row.partner_id.id: (row.status, row.since, row.valid_until or None) for row in seen}
        today = company._crm_today()
        for id_, state in folded.items():
            status = state.status
            if status == "granted" and not state.is_granted(today):
                status = "expired"
            expected = (status, state.since, state.valid_until) if status != "none" else None
            self.assertEqual(shown.get(id_), expected)
