import { registry } from "@web/core/registry";

registry.category("crm_timeline_icons").add("pos", "fa-shopping-bag").add("pos_refund", "fa-undo");
