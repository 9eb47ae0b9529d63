import { registry } from "@web/core/registry";

registry.category("crm_timeline_icons").add("mailing", "fa-bullhorn");
