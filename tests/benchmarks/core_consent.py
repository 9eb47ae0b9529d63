"""Consent of many persons at once: three statements each, blacklists, limits of contacts."""

import statistics

from harness import duration, timed

STATEMENTS = 3
ROUNDS = 5
FILL = """
INSERT INTO crm_consent_event (partner_id, purpose_id, channel, company_id, action, legal_basis,
                               occurred_at, source, user_id, recorded_at)
SELECT person, %(purpose)s, (ARRAY['email', 'phone', NULL])[1 + abs(hashint4(person + round)) %% 3],
       %(company)s,
       (ARRAY['granted', 'granted', 'withdrawn', 'requested'])[1 + abs(hashint4(person * 7 + round)) %% 4],
       'consent', now() - (1 + abs(hashint4(person * 13 + round)) %% 900) * interval '1 day',
       'import', 1, now()
  FROM unnest(%(persons)s) AS person, generate_series(1, %(statements)s) AS round
"""
WISHES = """
INSERT INTO crm_contact_preference (partner_id, contact_limit, contact_limit_days)
SELECT person, 2, 7 FROM unnest(%(persons)s) AS person WHERE person %% 5 = 0
"""
ADDRESSES = """
UPDATE res_partner SET email = 'p' || id || '@example.com', email_normalized = 'p' || id || '@example.com'
 WHERE id = ANY(%(persons)s)
"""
BLACKLIST = """
INSERT INTO mail_blacklist (email, active)
SELECT 'p' || person || '@example.com', TRUE FROM unnest(%(persons)s) AS person WHERE person %% 20 = 0
"""
GRANTED = [
    (
        "crm_consent_state_ids",
        "any",
        [("purpose_id.code", "=", "offers"), ("channel", "=", "email"), ("status", "=", "granted")],
    )
]


def consents(env, person_ids):
    """Check all of these persons, and find those who agreed.

    :return: rows of the report: (task, measured, goal)
    """
    values = {
        "persons": list(person_ids),
        "purpose": env.ref("crm_core.consent_purpose_offers").id,
        "company": env.company.id,
        "statements": STATEMENTS,
    }
    for statement in (ADDRESSES, FILL, WISHES, BLACKLIST):
        env.cr.execute(statement, values)
    env.cr.execute("ANALYZE crm_consent_event, crm_contact_preference, mail_blacklist, res_partner")
    env.invalidate_all()
    persons = env["res.partner"].browse(values["persons"])
    many = [timed(lambda: persons._crm_may_contact_batch("email", "offers")) for _round in range(ROUNDS)]
    one = [timed(lambda i=i: persons[i]._crm_may_contact("email", "offers")) for i in range(ROUNDS * 10)]
    found = [timed(lambda: env["res.partner"].search_count(GRANTED)) for _round in range(ROUNDS)]
    size = f"{len(persons):,} persons, {STATEMENTS * len(persons):,} statements"
    return [
        (f"Consent of {size}, median of {ROUNDS}", duration(statistics.median(many)), "5 s"),
        (f"Consent of one person, median of {len(one)}", duration(statistics.median(one)), "–"),
        (f"Search of those who agreed, median of {ROUNDS}", duration(statistics.median(found)), "–"),
    ]
