from odoo import api, fields, models
from odoo.tools import SQL

# From this score on a pair is shown.
SCORE_MIN = 45
# A value that more partners share than this says nothing about any two of them: the phone of a switchboard,
# an address nobody answers. It keeps the number of pairs bounded, too.
SHARED_MAX = 30


class CrmDuplicateCandidate(models.Model):
    """How pairs are found: what partners share, in one statement over all of them."""

    _inherit = "crm.duplicate.candidate"

    # ------------------------------------------------------------------
    # Finding
    # ------------------------------------------------------------------

    @api.model
    def _cron_find(self):
        self._find()
        self.env["ir.cron"]._commit_progress(1, remaining=0)

    @api.model
    def _find(self, partner_ids=None):
        """Find the pairs worth a look; one statement over all partners.

        Open pairs that are none any more go; decisions stay.

        :param partner_ids: only pairs with one of these partners; None for all
        """
        self.flush_model()
        self.env["res.partner"].flush_model()
        among = old = SQL("TRUE")
        if partner_ids is not None:
            ids = list(partner_ids)
            among = SQL("(one_id = ANY(%s) OR two_id = ANY(%s))", ids, ids)
            old = SQL("(old.partner_id = ANY(%s) OR old.other_id = ANY(%s))", ids, ids)
        self.env.cr.execute(
            SQL(
                """
                WITH %(pairs)s, found AS (
                    SELECT * FROM scored WHERE score >= %(score_min)s
                ), gone AS (
                    DELETE FROM crm_duplicate_candidate old
                     WHERE old.state = 'open'
                       AND %(old)s
                       AND (old.partner_id, old.other_id) NOT IN (SELECT one_id, two_id FROM found)
                )
                INSERT INTO crm_duplicate_candidate AS known
                       (partner_id, other_id, state, score, same_email, same_phone, same_vat, same_place,
                        name_similarity, create_uid, create_date, write_uid, write_date)
                SELECT one_id, two_id, 'open', LEAST(score, 100), same_email, same_phone, same_vat,
                       same_place, similarity, %(uid)s, %(now)s, %(uid)s, %(now)s
                  FROM found
                ON CONFLICT (partner_id, other_id) WHERE other_id IS NOT NULL DO UPDATE
                   SET score = excluded.score, same_email = excluded.same_email,
                       same_phone = excluded.same_phone, same_vat = excluded.same_vat,
                       same_place = excluded.same_place, name_similarity = excluded.name_similarity
                 WHERE known.state = 'open'
                """,
                pairs=self._get_pairs_sql(among),
                old=old,
                score_min=SCORE_MIN,
                uid=self.env.uid,
                now=fields.Datetime.now(),
            )
        )
        self.invalidate_model()

    @api.model
    def _get_pairs_sql(self, among):
        """Parts of a WITH that end in ``scored``: pairs of partners that share something, and what.

        Only partners that share a value are compared: an e-mail address, a phone number, a tax ID, the name,
        or in one place the first four letters of a word of the name. So a name may differ in spelling, and
        nobody is compared with everybody.

        :param SQL among: condition on ``pair`` (one_id, two_id)
        """
        return SQL(
            """
            person AS MATERIALIZED (
                SELECT id, commercial_partner_id AS customer_id, is_company, company_id, country_id,
                       lower(%(name)s) AS name,
                       NULLIF(email_normalized, '') AS email,
                       -- Of a number that is none by the rules of its country, the digits.
                       COALESCE(NULLIF(phone_sanitized, ''),
                                substring(regexp_replace(phone, '[^0-9]', '', 'g') FROM '^.{6,}$')) AS phone,
                       -- Contacts have the tax ID of their company.
                       CASE WHEN id = commercial_partner_id
                            THEN NULLIF(upper(regexp_replace(vat, '[^[:alnum:]]', '', 'g')), '') END AS vat,
                       NULLIF(lower(%(city)s), '') AS city,
                       NULLIF(upper(regexp_replace(zip, '[^[:alnum:]]', '', 'g')), '') AS zip
                  FROM res_partner
                 WHERE active AND partner_share AND name IS NOT NULL
                   AND COALESCE(type, 'contact') = 'contact'
            ), clue AS (
                SELECT id, 'email' AS kind, email AS value FROM person WHERE email IS NOT NULL
                UNION ALL
                SELECT id, 'phone', phone FROM person WHERE phone IS NOT NULL
                UNION ALL
                SELECT id, 'vat', vat FROM person WHERE vat IS NOT NULL
                UNION ALL
                SELECT id, 'name', name FROM person
                UNION ALL
                SELECT id, 'word', left(word, 4) || ' ' || place
                  FROM person
                 CROSS JOIN LATERAL regexp_split_to_table(name, '[^[:alnum:]]+') AS word
                 CROSS JOIN LATERAL (VALUES (zip), (city)) AS places (place)
                 WHERE length(word) > 2 AND place IS NOT NULL
            ), block AS (
                SELECT array_agg(DISTINCT id) AS ids
                  FROM clue
                 GROUP BY kind, value
                HAVING count(*) > 1 AND count(DISTINCT id) BETWEEN 2 AND %(shared_max)s
            ), pair AS (
                SELECT DISTINCT one_id, two_id
                  FROM block
                 CROSS JOIN LATERAL unnest(ids) AS one_id
                 CROSS JOIN LATERAL unnest(ids) AS two_id
                 WHERE one_id < two_id
            ), compared AS (
                SELECT one_id, two_id,
                       COALESCE(one.email = two.email, FALSE) AS same_email,
                       COALESCE(one.phone = two.phone, FALSE) AS same_phone,
                       COALESCE(one.vat = two.vat, FALSE) AS same_vat,
                       COALESCE(one.vat != two.vat, FALSE) AS other_vat,
                       COALESCE(one.city = two.city OR one.zip = two.zip, FALSE) AS same_place,
                       COALESCE(one.country_id = two.country_id, FALSE) AS same_country,
                       COALESCE(one.country_id != two.country_id, FALSE) AS other_country,
                       one.customer_id = two.customer_id AS same_customer,
                       one.id = one.customer_id AND two.id = two.customer_id AS are_customers,
                       one.is_company AND two.is_company AS are_companies,
                       %(similarity)s AS similarity
                  FROM pair
                  JOIN person one ON one.id = pair.one_id
                  JOIN person two ON two.id = pair.two_id
                 WHERE %(among)s
                   -- A company and one of its people are related, not doubles.
                   AND (one.customer_id != two.customer_id
                        OR one.customer_id NOT IN (one.id, two.id))
                   AND (one.company_id IS NULL OR two.company_id IS NULL OR one.company_id = two.company_id)
            ), scored AS (
                SELECT compared.*,
                       round(60 * same_vat::int + 50 * same_email::int + 35 * same_phone::int
                             + CASE WHEN similarity < 0.3 THEN 0
                                    WHEN are_companies OR same_place OR same_customer THEN 50 * similarity
                                    ELSE 20 * similarity END
                             + 15 * same_place::int + 5 * same_country::int
                             - 30 * other_country::int - 40 * other_vat::int)::int AS score
                  FROM compared
                 -- By the name alone: customers, or people at one customer, who share much else.
                 WHERE (same_vat OR same_email OR same_phone
                        OR (similarity >= 0.6 AND (are_customers OR same_customer)))
                   AND (similarity >= 0.6 OR NOT same_customer)
            )
            """,
            name=self._without_accents_sql(SQL("name")),
            city=self._without_accents_sql(SQL("city")),
            shared_max=SHARED_MAX,
            similarity=self._get_similarity_sql(),
            among=among,
        )

    @api.model
    def _without_accents_sql(self, text):
        """The letters of a text without their accents; needs no extension of the database."""
        return SQL("regexp_replace(normalize(%s, NFD), '[\u0300-\u036f]', '', 'g')", text)

    @api.model
    def _get_similarity_sql(self):
        """How alike two names are, by trigrams; where the database has none, whether they are the same."""
        if self.env.registry.has_trigram:
            return SQL("similarity(one.name, two.name)")
        return SQL("(one.name = two.name)::int::real")

    # ------------------------------------------------------------------
    # Following the partners
    # ------------------------------------------------------------------

    @api.model
    def _forget_partners(self, ids):
        """Open pairs and decisions about deleted partners go; that something was merged stays."""
        self.flush_model()
        self.env.cr.execute(
            SQL(
                """
                DELETE FROM crm_duplicate_candidate
                 WHERE (partner_id = ANY(%(ids)s) OR other_id = ANY(%(ids)s)) AND state != 'merged'
                """,
                ids=list(ids),
            )
        )
        self.env.cr.execute(
            SQL("UPDATE crm_duplicate_candidate SET partner_id = NULL WHERE partner_id = ANY(%s)", list(ids))
        )
        self.invalidate_model()

    @api.model
    def _merge_partners(self, gone_ids, survivor_id):
        """That somebody is no duplicate of the one that is gone holds for the one that is left."""
        self.flush_model()
        moved = SQL(
            """
            SELECT id, LEAST(a, b) AS partner_id, GREATEST(a, b) AS other_id
              FROM (SELECT id,
                           CASE WHEN partner_id = ANY(%(gone)s) THEN %(survivor)s ELSE partner_id END AS a,
                           CASE WHEN other_id = ANY(%(gone)s) THEN %(survivor)s ELSE other_id END AS b
                      FROM crm_duplicate_candidate
                     WHERE state = 'dismissed'
                       AND (partner_id = ANY(%(gone)s) OR other_id = ANY(%(gone)s))) AS pair
             WHERE a != b
            """,
            gone=list(gone_ids),
            survivor=survivor_id,
        )
        self.env.cr.execute(
            SQL(
                """
                WITH moved AS (
                    SELECT DISTINCT ON (partner_id, other_id) * FROM (%(moved)s) AS moved
                )
                DELETE FROM crm_duplicate_candidate known
                 USING moved
                 WHERE known.partner_id = moved.partner_id AND known.other_id = moved.other_id
                """,
                moved=moved,
            )
        )
        self.env.cr.execute(
            SQL(
                """
                UPDATE crm_duplicate_candidate known
                   SET partner_id = moved.partner_id, other_id = moved.other_id
                  FROM (SELECT DISTINCT ON (partner_id, other_id) * FROM (%(moved)s) AS moved) AS moved
                 WHERE known.id = moved.id
                """,
                moved=moved,
            )
        )
        self.env.cr.execute(
            SQL(
                "UPDATE crm_duplicate_candidate SET partner_id = %s WHERE partner_id = ANY(%s)"
                " AND state = 'merged'",
                survivor_id,
                list(gone_ids),
            )
        )
        self.invalidate_model()
