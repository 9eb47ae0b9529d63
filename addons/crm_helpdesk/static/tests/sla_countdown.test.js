import { defineMailModels } from "@mail/../tests/mail_test_helpers";
import { expect, test } from "@odoo/hoot";
import { mockDate } from "@odoo/hoot-mock";
import { queryFirst } from "@odoo/hoot-dom";
import { defineModels, fields, makeMockEnv, models, mountView } from "@web/../tests/web_test_helpers";
import { formatWorkingTime } from "@crm_helpdesk/sla_countdown/working_time";

class Ticket extends models.Model {
    _name = "helpdesk.ticket";

    sla_deadline = fields.Datetime();
    sla_countdown = fields.Json();

    _records = [
        {
            id: 1,
            sla_deadline: "2026-03-02 14:00:00",
            sla_countdown: { seconds: 12000, is_late: false, is_working: true, policy: "Solved" },
        },
        {
            id: 2,
            sla_deadline: "2026-03-02 08:00:00",
            sla_countdown: { seconds: -3600, is_late: true, is_working: true, policy: "Solved" },
        },
    ];
}

defineMailModels();
defineModels([Ticket]);

const ARCH = `<form><field name="sla_deadline" widget="helpdesk_sla_countdown"/></form>`;

test("working time is said as people say it", async () => {
    await makeMockEnv(); // translations are there
    expect(formatWorkingTime(12000)).toBe("3 h 20 min");
    expect(formatWorkingTime(7200)).toBe("2 h");
    expect(formatWorkingTime(59)).toBe("0 min");
    expect(formatWorkingTime(400 * 3600 + 60)).toBe("400 h");
});

test("time left is calm, only what is late is red", async () => {
    mockDate("2026-03-02 09:00:00", 0);
    await mountView({ type: "form", resModel: "helpdesk.ticket", resId: 1, arch: ARCH });
    expect(".o_helpdesk_sla_countdown").toHaveText("3 h 20 min left");
    expect(".o_helpdesk_sla_countdown").not.toHaveClass("text-bg-danger");
    expect(queryFirst(".o_helpdesk_sla_countdown").title).toMatch(/Solved/);
});

test("late is red and says by how much", async () => {
    mockDate("2026-03-02 09:00:00", 0);
    await mountView({ type: "form", resModel: "helpdesk.ticket", resId: 2, arch: ARCH });
    expect(".o_helpdesk_sla_countdown").toHaveText("1 h late");
    expect(".o_helpdesk_sla_countdown").toHaveClass("text-bg-danger");
});
