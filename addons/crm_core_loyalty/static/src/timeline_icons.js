import { registry } from "@web/core/registry";

registry.category("crm_timeline_icons").add("points", "fa-gift");
