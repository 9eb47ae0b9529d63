from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command, Domain
from odoo.tools import SQL, consteq, format_list, is_html_empty
from odoo.tools.mail import email_split_and_format

# What people said; the protocol of a ticket (stages, assignments) stays with it.
SAID = ("email", "comment", "email_outgoing", "auto_comment", "out_of_office")
# Who may see a ticket of such a team, the fewest first.
OPENNESS = ("followers", "invited_users", "employees", "portal")


class HelpdeskTicket(models.Model):
    """Several tickets about one matter become one: the others are put away and point to it."""

    _inherit = "helpdesk.ticket"

    merged_into_id = fields.Many2one(
        "helpdesk.ticket", string="Merged into", readonly=True, copy=False, index="btree_not_null"
    )
    merged_ids = fields.One2many(
        "helpdesk.ticket", "merged_into_id", string="Merged Tickets", context={"active_test": False}
    )
    merged_count = fields.Integer(compute="_compute_merged_count", string="Merged")

    @api.depends("merged_ids")
    def _compute_merged_count(self):
        counts = dict(
            self.with_context(active_test=False)._read_group(
                [("merged_into_id", "in", self.ids)], ["merged_into_id"], ["__count"]
            )
        )
        for ticket in self:
            ticket.merged_count = counts.get(ticket, 0)

    @api.constrains("merged_into_id", "active", "stage_id", "team_id")
    def _check_merged(self):
        merged = self.filtered("merged_into_id")
        if merged and merged._has_cycle("merged_into_id"):
            raise ValidationError(self.env._("Tickets cannot be merged in a circle."))
        for ticket in merged:
            target = ticket.merged_into_id
            if ticket.company_id != target.company_id:
                raise ValidationError(
                    self.env._(
                        "%(merged)s and %(target)s belong to different companies.",
                        merged=ticket.display_name,
                        target=target.display_name,
                    )
                )
            if ticket.active or not ticket.is_closed:
                raise ValidationError(
                    self.env._(
                        "%(merged)s was merged into %(target)s: please go on there.",
                        merged=ticket.display_name,
                        target=target.display_name,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_unless_target(self):
        sources = self.with_context(active_test=False).search([("merged_into_id", "in", self.ids)]) - self
        if sources:
            raise UserError(
                self.env._(
                    "%(sources)s were merged into %(target)s, which has their messages: delete them first.",
                    sources=format_list(self.env, sources.mapped("number")),
                    target=sources[0].merged_into_id.display_name,
                )
            )

    def _get_merge_target(self):
        """Where a ticket has gone at last; the ticket itself when it is not merged.

        :rtype: helpdesk.ticket
        """
        self.ensure_one()
        ticket = self
        while ticket.merged_into_id:  # the constraint keeps circles away
            ticket = ticket.merged_into_id
        return ticket

    # Before ------------------------------------------------------------------------

    @api.model
    def _suggest_merge_target(self, tickets):
        """Of several the one with most messages, then the oldest; of one the customer's oldest other one.

        :rtype: helpdesk.ticket
        """
        tickets = tickets.filtered(lambda ticket: not ticket.merged_into_id)
        if len(tickets) > 1:
            counts = dict(
                self.env["mail.message"]._read_group(
                    Domain("model", "=", self._name)
                    & Domain("res_id", "in", tickets.ids)
                    & Domain("message_type", "in", SAID),
                    ["res_id"],
                    ["__count"],
                )
            )
            return min(tickets, key=lambda ticket: (-counts.get(ticket.id, 0), ticket.id))
        if not tickets.commercial_partner_id:
            return self.browse()
        other = Domain("commercial_partner_id", "=", tickets.commercial_partner_id.id)
        other &= Domain("company_id", "=", tickets.company_id.id) & Domain("id", "!=", tickets.id)
        return self.search(other & Domain("is_closed", "=", False), order="id", limit=1)

    def _get_merge_warnings(self, target):
        """Sentences on what others will see after merging these tickets into the target.

        :rtype: list[str]
        """
        warnings = []
        strangers = self.filtered(lambda ticket: ticket._get_owner_key() != target._get_owner_key())
        if strangers:
            warnings.append(
                self.env._(
                    "Different customers: what %(others)s wrote becomes part of the ticket of %(customer)s.",
                    others=format_list(self.env, sorted({t._get_owner_name() for t in strangers})),
                    customer=target._get_owner_name(),
                )
            )
        rank = OPENNESS.index(target.team_id.privacy_visibility)
        closer = self.team_id.filtered(lambda team: OPENNESS.index(team.privacy_visibility) < rank)
        if closer:
            warnings.append(
                self.env._(
                    "%(teams)s: these teams show their tickets to fewer people than %(team)s does.",
                    teams=format_list(self.env, closer.mapped("name")),
                    team=target.team_id.name,
                )
            )
        return warnings

    def _get_owner_key(self):
        return self.commercial_partner_id.id or self.partner_email or self.id

    def _get_owner_name(self):
        names = (self.commercial_partner_id.name, self.partner_name, self.partner_email)
        return next(filter(None, names), self.env._("a person unknown"))

    # Merging -------------------------------------------------------------------------

    def merge_into(self, target_id):
        """Merge these tickets into another one, which goes on with everything that was said.

        Doing it twice changes nothing. What is promised to the target's customer stays as it is.

        :param int target_id: id of a ticket of the same company that is none of these
        :return: id of the ticket that has everything now
        :raise AccessError: no right to change one of them
        :raise UserError: the target is one of these, or does not exist
        """
        target = self.browse(target_id).exists()
        if not target:
            raise UserError(self.env._("The ticket to merge into does not exist any more."))
        everything = self | target
        everything.check_access("write")
        everything._wait_for_lock()
        target = target._get_merge_target()
        target.check_access("write")
        sources = self.filtered(lambda ticket: ticket._get_merge_target() != target) - target
        if target in self:
            raise UserError(self.env._("%s cannot be merged into itself.", target.display_name))
        if gone := sources.filtered("merged_into_id"):
            raise UserError(
                self.env._(
                    "%(merged)s was merged into %(target)s already.",
                    merged=gone[0].display_name,
                    target=gone[0].merged_into_id.display_name,
                )
            )
        if sources:
            sources._merge(target)
        return target.id

    def _wait_for_lock(self):
        """Whoever merges the same tickets at the same time waits, and then sees that it is done."""
        self.env.cr.execute(
            SQL("SELECT FROM helpdesk_ticket WHERE id IN %s ORDER BY id FOR UPDATE", tuple(self.ids))
        )
        self.invalidate_recordset(["merged_into_id", "active", "stage_id"])

    def _merge(self, target):
        """See :meth:`merge_into`, after the checks; addons with more on a ticket move it here."""
        # sudo: the user may change all of these tickets; what hangs on them goes with them
        sources, target_su = self.sudo(), target.sudo()
        followers = sources._merge_get_followers(target_su)
        sources._merge_description(target_su)
        sources._merge_messages(target_su)
        sources._merge_activities(target_su)
        sources._merge_links(target_su)
        target_su._merge_values(sources)
        target_su.message_subscribe(followers.ids)
        self.env["helpdesk.sla.engine"]._cancel(self)
        sources._put_away(target_su)
        for source in self:
            target.message_post(body=self.env._("%s was merged into this ticket.", source._get_html_link()))
            source.message_post(body=self.env._("Merged into %s.", target._get_html_link()))

    def _merge_get_followers(self, target):
        """Who follows the sources and will follow the target: of customers only those of the same one."""
        partners = self.message_partner_ids
        allowed = target.commercial_partner_id
        return partners.filtered(
            lambda partner: not partner.partner_share or partner.commercial_partner_id == allowed
        )

    def _merge_description(self, target):
        """A request that is no message becomes one, dated as it came, telling nobody."""
        comment = self.env.ref("mail.mt_comment").id
        self.env["mail.message"].create(
            [
                {
                    "model": self._name,
                    "res_id": target.id,
                    "message_type": "comment",
                    "subtype_id": comment,
                    "author_id": source.partner_id.id,
                    "email_from": source.partner_email,
                    "date": source.create_date,
                    "subject": source.display_name,
                    "body": source.description,
                }
                for source in self
                if not is_html_empty(source._get_portal_description())
            ]
        )

    def _merge_messages(self, target):
        """Move what was said, and files."""
        mine = Domain("model", "=", self._name) & Domain("res_id", "in", self.ids)
        self.env["mail.message"].search(mine & Domain("message_type", "in", SAID)).write(
            {"res_id": target.id}
        )
        # In SQL: the ORM refuses to give a message that is written already to another record.
        self.env.cr.execute(
            SQL(
                "UPDATE mail_scheduled_message SET res_id = %s WHERE model = %s AND res_id IN %s",
                target.id,
                self._name,
                tuple(self.ids),
            )
        )
        self.env["mail.scheduled.message"].invalidate_model(["res_id"], flush=False)
        self.env["ir.attachment"].search(
            [("res_model", "=", self._name), ("res_id", "in", self.ids), ("res_field", "=", False)]
        ).write({"res_id": target.id})

    def _merge_activities(self, target):
        """Move what is to be done; finding somebody is over."""
        activities = self.with_context(active_test=False).activity_ids
        search = self.env.ref("crm_helpdesk.mail_activity_type_unassigned", raise_if_not_found=False)
        finding = activities.filtered(lambda activity: search and activity.activity_type_id == search)
        finding.unlink()
        (activities - finding).write({"res_id": target.id})

    def _merge_links(self, target):
        """Tickets that hung on the sources hang on the target."""
        Ticket = self.with_context(active_test=False)
        for name in ("follows_id", "parent_id", "split_from_id"):
            hanging = Ticket.search([(name, "in", self.ids)]) - self
            (hanging - target).write({name: target.id})
            (hanging & target).write({name: False})
        above = self.parent_id - self - target
        if not target.parent_id and above[:1] and target not in above[:1]._get_above():
            target.parent_id = above[:1]
        related = self.related_ids - self - target
        if related:
            target.related_ids = [Command.link(ticket.id) for ticket in related]
        self.write({"parent_id": False, "related_ids": [Command.clear()]})

    def _get_above(self):
        """The tickets that this one is a part of, itself included."""
        return self.search([("id", "parent_of", self.ids)])

    def _merge_values(self, sources):
        """Tags and copied addresses together; who was answered in a source, was answered."""
        values = {}
        if new := sources.tag_ids - self.tag_ids:
            values["tag_ids"] = [Command.link(tag.id) for tag in new]
        addresses = email_split_and_format(
            ", ".join(filter(None, [self.email_cc, *sources.mapped("email_cc")]))
        )
        if joined := ", ".join(dict.fromkeys(addresses)):
            values["email_cc"] = joined
        answered = [moment for moment in sources.mapped("first_response_at") if moment]
        if answered and not self.first_response_at:
            moment = max(min(answered), self._get_opening(self.stage_log_ids.grouped("ticket_id")))
            values |= {
                "first_response_at": moment,
                "hours_to_response": self._get_hours_until(moment)[self],
            }
        if values:
            self.write(values)

    def _put_away(self, target):
        """Close and hide the sources: not as solved, for that is what becomes of the target."""
        quiet = self.with_context(helpdesk_no_rating_mail=True)
        for team, tickets in quiet.grouped("team_id").items():
            ends = {stage.kind: stage for stage in reversed(team.stage_ids)}
            stage = ends.get("cancelled") or ends["closed"]
            tickets.write({"merged_into_id": target.id, "active": False, "stage_id": stage.id})

    def _track_template(self, changes):
        # The customer is not told that a ticket is over which goes on elsewhere.
        templates = super()._track_template(changes)
        if self[:1].merged_into_id:
            templates.pop("stage_id", None)
        return templates

    # Afterwards -----------------------------------------------------------------------

    @api.model
    def _portal_get_moved(self, ticket_id, access_token=None):
        """The address of the ticket that a merged one has gone into, for who may see it; else None.

        A token of the old ticket leads on when the new one is of the same person.
        """
        ticket = self.sudo().browse(ticket_id).exists()  # sudo: only the address is told, after the checks
        if not ticket.merged_into_id:
            return None
        target = ticket._get_merge_target()
        if not self.env.user._is_public() and target.with_user(self.env.user).has_access("read"):
            return f"/my/tickets/{target.id}"
        known = access_token and ticket.access_token and consteq(ticket.access_token, access_token)
        if known and ticket.partner_id and ticket.partner_id == target.partner_id and target._is_in_portal():
            return target.get_portal_url()
        return None

    def action_open_merge_target(self):
        """The ticket that has everything now."""
        self.ensure_one()
        return self._get_merge_target().get_formview_action()

    def action_open_merged(self):
        """The tickets that went into this one."""
        self.ensure_one()
        return self._open_linked(
            self.env._("Merged into %s", self.number), [("merged_into_id", "=", self.id)]
        )
