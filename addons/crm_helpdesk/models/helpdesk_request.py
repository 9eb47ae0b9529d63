from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

DRAFT_DAYS = 1
# Written by the methods of this model alone.
GUARDED = frozenset({"state", "res_model", "res_id", "done_user_id", "done_at"})


class HelpdeskRequest(models.Model):
    """What a ticket asks of accounting, stock or sales, and the document that came of it.

    Whoever has the rights carries it out; whoever has not asks for it. Another addon adds a kind: to the
    selection, to :meth:`_get_document_models`, and a method ``_carry_out_<kind>``.
    """

    _name = "helpdesk.request"
    _description = "After-Sales Request"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"

    ticket_id = fields.Many2one("helpdesk.ticket", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="ticket_id.company_id", store=True, index=True)
    partner_id = fields.Many2one(related="ticket_id.partner_id", related_sudo=True)
    ticket_name = fields.Char(related="ticket_id.display_name", string="About", related_sudo=True)
    kind = fields.Selection(
        [
            ("refund", "Credit Note"),
            ("return", "Return"),
            ("exchange", "Exchange"),
            ("quotation", "Quotation"),
            ("opportunity", "Opportunity"),
        ],
        required=True,
    )
    state = fields.Selection(
        [
            ("draft", "Being Written"),
            ("requested", "Requested"),
            ("done", "Carried Out"),
            ("refused", "Refused"),
            ("withdrawn", "Withdrawn"),
        ],
        required=True,
        default="draft",
        readonly=True,
        copy=False,
        index=True,
    )
    note = fields.Text(string="Reason", help="Why, and what the one who carries it out should know.")
    product_id = fields.Many2one(
        "product.product", domain="[('company_id', 'in', [False, company_id])]", index="btree_not_null"
    )
    quantity = fields.Float(default=1.0, digits="Product Unit")
    invoice_id = fields.Many2one(
        "account.move",
        index="btree_not_null",
        domain="[('company_id', '=', company_id), ('move_type', '=', 'out_invoice'), "
        "('state', '=', 'posted'), ('commercial_partner_id', 'parent_of', partner_id)]",
        help="The invoice that is credited.",
    )
    picking_id = fields.Many2one(
        "stock.picking",
        string="Delivery",
        index="btree_not_null",
        domain="[('company_id', '=', company_id), ('picking_type_code', '=', 'outgoing'), "
        "('state', '=', 'done'), ('partner_id.commercial_partner_id', 'parent_of', partner_id)]",
        help="The delivery of which something comes back.",
    )
    user_id = fields.Many2one(
        "res.users",
        string="For",
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Who carries it out.",
    )
    done_user_id = fields.Many2one("res.users", string="Carried out by", readonly=True, copy=False)
    done_at = fields.Datetime(string="Carried out on", readonly=True, copy=False)
    res_model = fields.Char(readonly=True, copy=False)
    res_id = fields.Many2oneReference(model_field="res_model", readonly=True, copy=False)
    document_name = fields.Char(string="Document", compute="_compute_document", compute_sudo=True)
    document_state = fields.Char(
        string="State of the Document", compute="_compute_document", compute_sudo=True
    )
    can_carry_out = fields.Boolean(compute="_compute_can_carry_out")

    _document_idx = models.Index("(res_model, res_id) WHERE res_id IS NOT NULL")

    @api.depends("kind", "ticket_id.number")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for request in self:
            number = request.sudo().ticket_id.number  # sudo: the number alone, as in ticket_name
            request.display_name = (
                f"{labels.get(request.kind, '')} ({number})" if number else labels.get(request.kind)
            )

    @api.depends("res_model", "res_id")
    def _compute_document(self):
        """Name and state alone are for everybody who sees the ticket, whatever rights he has."""
        found = {
            model: self.env[model].browse(requests.mapped("res_id")).exists()
            for model, requests in self.filtered("res_id").grouped("res_model").items()
            if model in self.env
        }
        for request in self:
            request.document_name = request.document_state = False
            document = found.get(request.res_model)
            document = document and document.browse(request.res_id) & document
            if document:
                request.document_name, request.document_state = request._describe_document(document)
            elif request.res_id:
                request.document_state = self.env._("Deleted")

    @api.depends("kind", "state")
    @api.depends_context("uid")
    def _compute_can_carry_out(self):
        for request in self:
            request.can_carry_out = (
                request.state in ("draft", "requested") and request.kind and request._has_rights()
            )

    @api.constrains("ticket_id", "invoice_id", "picking_id", "product_id", "quantity")
    def _check_documents(self):
        for request in self:
            customer = request.ticket_id.commercial_partner_id
            for document in (request.invoice_id, request.picking_id):
                if not document:
                    continue
                if document.company_id != request.company_id or (
                    customer and document.partner_id.commercial_partner_id != customer
                ):
                    raise ValidationError(
                        self.env._("%s belongs to another customer or company.", document.display_name)
                    )
            if request.quantity <= 0:
                raise ValidationError(self.env._("The quantity must be more than nothing."))

    # Create and write ---------------------------------------------------------

    @api.model
    def default_get(self, fields):
        values = super().default_get(fields)
        ticket = self.env["helpdesk.ticket"].browse(self.env.context.get("default_ticket_id"))
        if ticket:
            found = ticket._get_after_sales_defaults()
            values.update({name: value for name, value in found.items() if name in fields})
        return values

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su and any(not GUARDED.isdisjoint(vals) for vals in vals_list):
            raise AccessError(self.env._("The state of a request follows from what is done with it."))
        # Whoever may not open the documents has not chosen among them either.
        tickets = self.env["helpdesk.ticket"]
        return super().create(
            [
                {**tickets.browse(vals.get("ticket_id"))._get_after_sales_defaults(), **vals}
                for vals in vals_list
            ]
        )

    def write(self, vals):
        if not self.env.su:
            if not GUARDED.isdisjoint(vals):
                raise AccessError(self.env._("The state of a request follows from what is done with it."))
            for request in self:
                may_choose = (
                    request.state == "requested"
                    and request._has_rights()
                    and self._get_choices().issuperset(vals)
                )
                if request.state != "draft" and not may_choose:
                    raise UserError(self.env._("Withdraw the request and write a new one."))
        return super().write(vals)

    # Buttons ------------------------------------------------------------------

    def action_request(self):
        """Ask those with the rights for it."""
        self.ensure_one()
        self._check_open(("draft",))
        team = self.ticket_id.team_id
        responsible = self.user_id or team.request_user_id or team.user_id
        # sudo: the state is written by this model alone; whoever asks may write the draft
        self.sudo().write({"state": "requested", "user_id": responsible.id})
        if responsible:
            self.sudo().activity_schedule(  # sudo: a task for somebody who may see no tickets
                "crm_helpdesk.mail_activity_type_request",
                user_id=responsible.id,
                summary=self.display_name,
                note=self.note,
            )
        self._tell_ticket(self.env._("Requested: %s", self.display_name))
        return {"type": "ir.actions.act_window_close"}

    def action_carry_out(self):
        """Open what makes the document, filled in.

        :return: window action
        """
        self.ensure_one()
        self._check_open(("draft", "requested"))
        if not self._has_rights():
            raise AccessError(
                self.env._("You may request this, and somebody with the rights carries it out.")
            )
        return getattr(self, f"_carry_out_{self.kind}")()

    def action_refuse(self):
        """Those with the rights say no; the one who asked is told."""
        for request in self:
            request._check_open(("requested",))
            if not request._has_rights():
                raise AccessError(self.env._("Only those who could carry it out may refuse it."))
            request._end("refused", self.env._("Refused: %s", request.display_name))
        return True

    def action_withdraw(self):
        """Whoever works on the ticket takes the request back."""
        for request in self:
            request.ticket_id.check_access("write")
            request._check_open(("draft", "requested"))
            request._end("withdrawn", self.env._("Withdrawn: %s", request.display_name))
        return True

    def action_open_document(self):
        """The document that came of it."""
        self.ensure_one()
        document = self._get_document()
        if not document:
            raise UserError(self.env._("There is no document."))
        document.check_access("read")
        return {
            "type": "ir.actions.act_window",
            "res_model": document._name,
            "res_id": document.id,
            "views": [[False, "form"]],
        }

    # Private steps ------------------------------------------------------------

    @api.model
    def _get_document_models(self):
        """:return: {kind: model of the document that comes of it}"""
        return {
            "refund": "account.move",
            "return": "stock.picking",
            "exchange": "stock.picking",
            "quotation": "sale.order",
            "opportunity": "crm.lead",
        }

    @api.model
    def _get_tools(self):
        """:return: {kind: model of the window that makes the document}, where there is one"""
        return {
            "refund": "account.move.reversal",
            "return": "stock.return.picking",
            "exchange": "stock.return.picking",
        }

    @api.model
    def _get_choices(self):
        """:return: names of fields that those who carry it out may still choose"""
        return {"invoice_id", "picking_id", "product_id", "quantity", "user_id"}

    def _has_rights(self):
        needed = {self._get_document_models()[self.kind], self._get_tools().get(self.kind)}
        return all(self.env[model].has_access("create") for model in needed if model)

    def _get_document(self):
        self.ensure_one()
        if not self.res_id or self.res_model not in self.env:
            return None
        return self.env[self.res_model].browse(self.res_id).exists()

    def _describe_document(self, document):
        """:return: (name, state in words)"""
        if document._name == "crm.lead":
            return document.display_name, document.stage_id.name
        if document._name == "account.move" and document.state == "posted":
            labels = dict(document._fields["payment_state"]._description_selection(self.env))
            return document.display_name, labels.get(document.payment_state)
        labels = dict(document._fields["state"]._description_selection(self.env))
        return document.display_name, labels.get(document.state)

    def _check_open(self, states):
        """Two people at once: the second waits, and is told."""
        # sudo: a lock, no more
        self.sudo().lock_for_update()
        self.invalidate_recordset(["state"])
        if self.state not in states:
            raise UserError(self.env._("This has been dealt with meanwhile: %s", self.display_name))

    def _end(self, state, text):
        # sudo: see GUARDED; the rights have been checked
        own = self.sudo()
        own.write({"state": state, "done_user_id": self.env.uid, "done_at": fields.Datetime.now()})
        own.activity_ids.action_feedback()
        self._tell_ticket(text)

    def _link_document(self, document):
        """The document is there.

        :param document: record of the model of the kind
        """
        self.ensure_one()
        self._check_open(("draft", "requested"))
        # sudo: see GUARDED; whoever makes the document had the right to
        self.sudo().write({"res_model": document._name, "res_id": document.id})
        self._end("done", self.env._("Carried out: %s", self.display_name))

    @api.model
    def _link_from_context(self, document):
        """Called by what makes documents: link one that was made for a request."""
        request = self.browse(self.env.context.get("helpdesk_request_id")).exists()
        # sudo: whoever carries it out may see no tickets
        if request and request.kind and self._get_document_models()[request.kind] == document._name:
            request._link_document(document)

    def _tell_ticket(self, text):
        """A note on the ticket, for who asked as well."""
        asker = self.create_uid.partner_id - self.env.user.partner_id
        # sudo: whoever carries it out may see no tickets; the note names the kind alone
        self.ticket_id.sudo().message_post(
            body=text,
            subtype_xmlid="mail.mt_note",
            partner_ids=asker.ids,
            author_id=self.env.user.partner_id.id,
        )

    # What makes the documents -------------------------------------------------

    def _carry_out_refund(self):
        if not self.invoice_id:
            raise UserError(self.env._("Choose the invoice that is credited."))
        return self._open_wizard(
            "account.action_view_account_move_reversal", self.invoice_id, default_reason=self.note
        )

    def _carry_out_return(self):
        if not self.picking_id:
            raise UserError(self.env._("Choose the delivery of which something comes back."))
        return self._open_wizard("stock.act_stock_return_picking", self.picking_id)

    def _carry_out_exchange(self):
        return self._carry_out_return()

    def _open_wizard(self, xml_id, document, **context):
        document.check_access("read")
        # sudo: the definition of a window; the wizard works with the rights of the user
        action = self.env["ir.actions.act_window"].sudo()._for_xml_id(xml_id)
        return {
            **action,
            "context": {
                "active_model": document._name,
                "active_id": document.id,
                "active_ids": document.ids,
                "helpdesk_request_id": self.id,
                **context,
            },
        }

    def _get_customer(self):
        ticket = self.ticket_id.sudo()  # sudo: whoever carries it out may see no tickets
        if not ticket.partner_id:
            raise UserError(self.env._("Say first who the customer is."))
        return ticket.partner_id.with_env(self.env)

    def _carry_out_quotation(self):
        values = {
            "partner_id": self._get_customer().id,
            "company_id": self.company_id.id,
            "origin": self.sudo().ticket_id.number,
        }
        if self.product_id:
            line = {"product_id": self.product_id.id, "product_uom_qty": self.quantity}
            values["order_line"] = [fields.Command.create(line)]
        return self._make_document("sale.order", values)

    def _carry_out_opportunity(self):
        ticket = self.sudo().ticket_id  # sudo: subject and number of the ticket it is about
        values = {
            "type": "opportunity",
            "name": ticket.name,
            "partner_id": self._get_customer().id,
            "company_id": self.company_id.id,
            "referred": ticket.number,
            "description": self.note,
        }
        return self._make_document("crm.lead", values)

    def _make_document(self, model, values):
        document = self.env[model].with_company(self.company_id).create(values)
        self._link_document(document)
        return self.action_open_document()

    @api.autovacuum
    def _gc_drafts(self):
        """Dialogs that were closed without a button."""
        before = fields.Datetime.subtract(fields.Datetime.now(), days=DRAFT_DAYS)
        self.search(Domain("state", "=", "draft") & Domain("write_date", "<", before)).unlink()
