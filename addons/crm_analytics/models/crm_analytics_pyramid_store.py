from datetime import timedelta

import numpy as np

from odoo import api, models
from odoo.tools import SQL

from ..lib.pyramid import LEVELS

COMPARED = 30  # days at least between what is compared
STORED = ("partner_id", "segment_id", *LEVELS, "known_levels", "parts", "lift_part", "lift")


class CrmAnalyticsPyramid(models.Model):
    """How what was found goes back: a set at a time, never record by record."""

    _inherit = "crm.analytics.pyramid"

    @api.model
    def _list_columns(self, known, partners, segments, built, found):
        """Columns of the table that the rows are written from: {name: kind}, {name: array}.

        Unknown levels and scores are NaN; ``part`` is the number of what would lift most, 0 for none.
        """
        columns = {
            "partner_id": ("int", partners),
            "segment_id": ("int", segments),
            **{level: ("float", built.levels[level]) for level in LEVELS},
            "part": ("int", built.lift_part + 1),
            "lift": ("float", np.round(built.lift, 1)),
        }
        for place, name in enumerate(known):
            _share, count, measure = found[name]
            columns[f"score{place}"] = ("float", np.round(built.parts[name], 1))
            columns[f"count{place}"] = ("int", count.astype(int))
            columns[f"measure{place}"] = ("float", np.round(measure, 1))
        return (
            {name: kind for name, (kind, _values) in columns.items()},
            {name: values for name, (_kind, values) in columns.items()},
        )

    @api.model
    def _get_fresh_query(self, parts, known):
        """SELECT of the columns of :data:`STORED` from what was copied in."""
        json = SQL(
            "jsonb_strip_nulls(jsonb_build_object(%s))",
            SQL(", ").join(
                SQL(
                    "%s, CASE WHEN %s != 'NaN' THEN jsonb_build_array(%s, %s, NULLIF(%s, 'NaN')) END",
                    name,
                    *(
                        SQL.identifier(f"{column}{place}")
                        for column in ("score", "score", "count", "measure")
                    ),
                )
                for place, name in enumerate(known)
            ),
        )
        words = [SQL("CASE WHEN %s != 'NaN' THEN %s END", SQL.identifier(name), name) for name in LEVELS]
        values = {
            "partner_id": SQL("partner_id"),
            "segment_id": SQL("NULLIF(segment_id, 0)"),
            **{level: SQL("NULLIF(%s, 'NaN')::numeric", SQL.identifier(level)) for level in LEVELS},
            "known_levels": SQL("concat_ws(' ', %s)", SQL(", ").join(words)),
            "parts": json,
            "lift_part": SQL("(%s::varchar[])[part]", [part.name for part in parts]),
            "lift": SQL("lift"),
        }
        return SQL(
            "SELECT %s FROM crm_analytics_served",
            SQL(", ").join(SQL("%s AS %s", values[name], SQL.identifier(name)) for name in STORED),
        )

    @api.model
    def _get_store_queries(self, company, as_of, parts, known):
        """Write rows; what there was is kept, once a month, to compare with."""
        names = {
            "company": company.id,
            "as_of": as_of,
            "columns": SQL(", ").join(map(SQL.identifier, STORED)),
            "fresh": self._get_fresh_query(parts, known),
            "own": SQL(", ").join(SQL.identifier("old", name) for name in STORED),
            "new": SQL(", ").join(SQL.identifier("fresh", name) for name in STORED),
            "due": SQL("COALESCE(kept_on <= %s, FALSE)", as_of - timedelta(days=COMPARED)),
            "past": SQL(
                "jsonb_strip_nulls(jsonb_build_object(%s))",
                SQL(", ").join(SQL("%s, parts -> %s -> 0", part.name, part.name) for part in parts),
            ),
            "change": self._get_change_expression(known),
        }
        yield SQL(
            """
            DELETE FROM crm_analytics_pyramid old
             WHERE old.company_id = %(company)s
               AND NOT EXISTS (SELECT FROM crm_analytics_served fresh WHERE fresh.partner_id = old.partner_id)
            """,
            **names,
        )
        yield SQL(
            """
            UPDATE crm_analytics_pyramid old
               SET (as_of, %(columns)s, earlier, earlier_on, kept, kept_on, change)
                   = ROW(%(as_of)s, %(new)s, past.earlier, past.earlier_on, past.kept, past.kept_on,
                         %(change)s)
              FROM (%(fresh)s) AS fresh
              JOIN (SELECT id, partner_id,
                           CASE WHEN %(due)s THEN kept ELSE earlier END AS earlier,
                           CASE WHEN %(due)s THEN kept_on ELSE earlier_on END AS earlier_on,
                           CASE WHEN %(due)s OR kept IS NULL THEN %(past)s ELSE kept END AS kept,
                           CASE WHEN %(due)s OR kept IS NULL THEN as_of ELSE kept_on END AS kept_on
                      FROM crm_analytics_pyramid
                     WHERE company_id = %(company)s
                    OFFSET 0) AS past USING (partner_id)
             WHERE old.id = past.id
               -- The same again on the same day writes nothing.
               AND (old.as_of, old.kept_on, %(own)s) IS DISTINCT FROM (%(as_of)s, past.kept_on, %(new)s)
            """,
            **names,
        )
        yield SQL(
            """
            INSERT INTO crm_analytics_pyramid (company_id, as_of, %(columns)s)
            SELECT %(company)s, %(as_of)s, %(columns)s
              FROM (%(fresh)s) AS fresh
             WHERE NOT EXISTS (SELECT FROM crm_analytics_pyramid old
                                WHERE old.company_id = %(company)s AND old.partner_id = fresh.partner_id)
             ORDER BY partner_id
            """,
            **names,
        )

    @api.model
    def _get_change_expression(self, known):
        """Points by which the known parts moved on average since what they are compared with."""
        moved = [
            SQL(
                "(fresh.parts -> %s ->> 0)::float8 - (COALESCE(past.earlier, past.kept) ->> %s)::float8",
                name,
                name,
            )
            for name in known
        ]
        return SQL(
            "(SELECT avg(points) FROM (VALUES %s) AS moved (points))",
            SQL(", ").join(SQL("(%s)", points) for points in moved) or SQL("(NULL::float8)"),
        )
