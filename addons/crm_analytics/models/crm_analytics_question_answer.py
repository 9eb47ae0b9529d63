import ast
from datetime import datetime, time, timedelta

import pytz

from odoo import api, models
from odoo.fields import Domain
from odoo.tools import formatLang

ROWS = 100  # more tell nothing on a screen
SERIES = 5
CELLS = 2000
CUSTOMERS = 10_000  # opened from a row
EMPTY = "–"


class CrmAnalyticsQuestion(models.Model):
    """From a question to a table and a chart: one grouped query per period, no SQL of anybody."""

    _inherit = "crm.analytics.question"

    def _get_answer_for(self, user):
        """The answer with the rights of an employee."""
        # sudo: reads the question itself alone, which somebody else may own
        question = self.sudo()
        copied = question.env[self._name].with_user(user).new(question._copy_question())
        return copied._answer()

    def _copy_question(self):
        names = ("company_id", "subject_id", "measure_id", "dimension_id", "second_dimension_id")
        plain = ("name", "customer_domain", "period", "date_from", "date_to", "compare", "chart")
        return {
            **{name: self[name].id for name in names},
            **{name: self[name] for name in plain},
        }

    def _answer(self):
        """The answer with the rights of the reader.

        :return: ``columns`` (labels), ``rows`` (``label``, ``values`` one per column, ``shown`` the same in
            words, ``domain`` of the records behind), ``total`` (in words, or empty), ``kind``, ``chart``,
            ``is_cut``, ``sentence``; ``problem`` instead of all where there is no answer
        :rtype: dict
        :raise UserError: in words, where it can't be answered
        """
        self.ensure_one()
        if not self.subject_id or not self.measure_id:
            return {"problem": self.env._("Choose what to show.")}
        self.subject_id._check_may_ask()
        domain = self._get_domain(self._get_days())
        rows = self._read(domain, self.dimension_id)
        before = self._get_days_before()
        if self.second_dimension_id:
            cells = self._read(domain, self.dimension_id, self.second_dimension_id)
            columns, rows = self._spread(rows, cells)
        elif before:
            columns, rows = self._join(rows, self._read(self._get_domain(before), self.dimension_id))
        else:
            columns, rows = [self.measure_id.name], [self._as_row(group) for group in rows]
        is_cut = len(rows) > ROWS
        for row in rows:
            row["shown"] = [self._show(value) for value in row["values"]]
        return {
            "columns": columns,
            "rows": rows[:ROWS],
            "total": self._show(self._read_total(domain)) if self.measure_id.is_additive else "",
            "kind": self.measure_id.kind,
            "chart": self._choose_chart(),
            "is_cut": is_cut,
            "sentence": self._put_in_words(),
            "subject_id": self.subject_id.id,
            "currency_id": self.company_id.currency_id.id,
        }

    def _get_domain(self, days):
        """Conditions on the records of a period, for the customers asked about."""
        subject = self.subject_id
        domain = Domain(ast.literal_eval(subject.domain)) & Domain(
            subject.company_field, "in", [self.company_id.id, False]
        )
        customers = self._get_customer_domain()
        if not customers.is_true():
            domain &= Domain(subject.customer_field, "any", customers)
        if not subject.date_field:
            return domain
        first, last = days
        is_instant = self.env[subject.model]._fields[subject.date_field].type == "datetime"
        if first:
            domain &= Domain(subject.date_field, ">=", self._start_of(first) if is_instant else first)
        if last:
            after = last + timedelta(days=1)
            domain &= Domain(subject.date_field, "<", self._start_of(after) if is_instant else after)
        return domain

    def _start_of(self, day):
        """The first instant of a local day, in UTC."""
        zone = pytz.timezone(self.company_id._crm_timezone())
        return zone.localize(datetime.combine(day, time.min)).astimezone(pytz.utc).replace(tzinfo=None)

    def _read(self, domain, *dimensions):
        """Groups of records: [(labels, keys, value, domain)]; one without a dimension."""
        dimensions = [dimension for dimension in dimensions if dimension]
        specs, aggregate = [dimension.groupby for dimension in dimensions], self.measure_id.aggregate
        order = ", ".join(specs) if not specs or self.dimension_id.is_time else f"{aggregate} desc"
        groups = (
            self.env[self.subject_id.model]
            .with_context(tz=self.company_id._crm_timezone())
            .formatted_read_group(domain, specs, [aggregate], order=order, limit=CELLS)
        )
        return [
            (
                [self._label(dimension, group[dimension.groupby]) for dimension in dimensions],
                tuple(str(group[spec]) for spec in specs),
                group[aggregate] or 0,
                list(domain & Domain(group["__extra_domain"])),
            )
            for group in groups
        ]

    def _read_total(self, domain):
        Model = self.env[self.subject_id.model]
        ((total,),) = Model._read_group(domain, [], [self.measure_id.aggregate])
        return total or 0

    def _label(self, dimension, value):
        """What a group is called."""
        if isinstance(value, tuple | list):
            return str(value[1] or EMPTY)
        if value is False or value is None:
            return self.env._("None")
        Model, path = self.env[self.subject_id.model], dimension.groupby.partition(":")[0].split(".")
        for name in path[:-1]:
            Model = self.env[Model._fields[name].comodel_name]
        field = Model._fields[path[-1]]
        if field.type == "selection":
            return dict(field._description_selection(self.env)).get(value, value)
        if field.type == "boolean":
            return self.env._("Yes") if value else self.env._("No")
        return str(value)

    def _as_row(self, group):
        labels, _key, value, domain = group
        return {"label": " / ".join(labels) or self.env._("Total"), "values": [value], "domain": domain}

    def _join(self, groups, earlier):
        """A second column for another period; times are set side by side in their order, everything else by
        what it is.
        """
        rows = [self._as_row(group) for group in groups]
        by_key = {group[1]: group[2] for group in earlier}
        for number, (row, group) in enumerate(zip(rows, groups, strict=True)):
            if self.dimension_id.is_time:
                row["values"].append(earlier[number][2] if number < len(earlier) else 0)
            else:
                row["values"].append(by_key.get(group[1], 0))
        compared = dict(self._fields["compare"]._description_selection(self.env))[self.compare]
        return [self.measure_id.name, compared], rows

    def _spread(self, groups, cells):
        """The second dimension as columns: the largest ones, the others together where they add up."""
        sizes, names = {}, {}
        for labels, key, value, _domain in cells:
            sizes[key[1]] = sizes.get(key[1], 0) + abs(value)
            names[key[1]] = labels[1]
        kept = sorted(sizes, key=lambda key: -sizes[key])[:SERIES]
        adds_up = self.measure_id.is_additive and len(sizes) > len(kept)
        rows = {
            group[1][0]: {**self._as_row(group), "values": [0] * (len(kept) + adds_up)} for group in groups
        }
        for _labels, (first, second), value, _domain in cells:
            if first not in rows:
                continue
            if second in kept:
                rows[first]["values"][kept.index(second)] = value
            elif adds_up:
                rows[first]["values"][-1] += value
        columns = [names[key] for key in kept] + ([self.env._("Others")] if adds_up else [])
        return columns, list(rows.values())

    def _show(self, value):
        kind = self.measure_id.kind
        if kind == "money":
            return formatLang(self.env, value, currency_obj=self.company_id.currency_id)
        if kind == "share":
            return f"{100 * value:.0f} %"
        return formatLang(self.env, value, digits=0 if float(value).is_integer() else 1)

    def _choose_chart(self):
        if self.chart != "auto":
            return self.chart
        return "line" if self.dimension_id.is_time else "bar"

    def _put_in_words(self):
        """The question as a sentence: the title of the answer."""
        by = [dimension.name for dimension in (self.dimension_id, self.second_dimension_id) if dimension]
        period = dict(self._fields["period"]._description_selection(self.env))[self.period]
        if self.period == "custom":
            period = f"{self.date_from} – {self.date_to}"
        parts = [f"{self.measure_id.name}, {self.subject_id.name}"]
        if by:
            parts.append(self.env._("by %s", self.env._(" and ").join(by)))
        if self.subject_id.date_field:
            parts.append(period)
        return ", ".join(parts)

    @api.model
    def crm_open_rows(self, subject_id, domain, name=""):
        """Action that opens the records behind a row, as the reader may see them.

        :param subject_id: of what the question was about
        :param domain: of the row
        :param name: title
        """
        subject = self.env["crm.analytics.subject"].browse(subject_id)
        subject._check_may_ask()
        # sudo: which kinds of views there are is no secret
        views = self.env["ir.ui.view"].sudo().search([("model", "=", subject.model)])
        kinds = [
            kind for kind in ("list", "kanban", "pivot", "graph", "form") if kind in views.mapped("type")
        ]
        return {
            "type": "ir.actions.act_window",
            "name": name or subject.name,
            "res_model": subject.model,
            "views": [(False, kind) for kind in kinds or ["list"]],
            "domain": domain,
            "context": {"create": False},
        }

    @api.model
    def crm_open_customers(self, subject_id, domain, name=""):
        """Action that opens the customers behind a row: from there offers, target groups and activities."""
        subject = self.env["crm.analytics.subject"].browse(subject_id)
        subject._check_may_ask()
        groups = self.env[subject.model]._read_group(
            Domain(domain), [subject.customer_field], [], limit=CUSTOMERS
        )
        customers = self.env["res.partner"].union(*(group[0] for group in groups)).commercial_partner_id
        action = self.env["ir.actions.act_window"]._for_xml_id("crm_core.crm_customer_stat_action")
        return {
            **action,
            "name": name or action["name"],
            "domain": [("partner_id", "in", customers.ids)],
            "context": {},
        }
