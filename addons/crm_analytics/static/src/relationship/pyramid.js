import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";

// The picture: three slices of one triangle, the base below. In percent of width, in units of height.
const SLICES = {
    relationship: { top: 0, left: 50, right: 50, wide: [33, 67] },
    reliability: { top: 1, left: 33, right: 67, wide: [17, 83] },
    response: { top: 2, left: 17, right: 83, wide: [0, 100] },
};
const HEIGHT = 60;

/** What a score means, in a word and a color of Bootstrap. */
export function judge(score) {
    if (score === null) {
        return { level: "secondary", word: _t("not known") };
    }
    if (score >= 70) {
        return { level: "success", word: _t("good") };
    }
    return score >= 40 ? { level: "warning", word: _t("middling") } : { level: "danger", word: _t("poor") };
}

/** Up or down, with a sign. */
export function formatChange(change) {
    return change > 0 ? `▲ ${change}` : change < 0 ? `▼ ${-change}` : "";
}

/** Three levels, one on the other: response carries reliability carries relationship. */
export class Pyramid extends Component {
    static template = "crm_analytics.Pyramid";
    static props = { levels: Array };

    get slices() {
        return [...this.props.levels].reverse().map((level) => {
            const { top, left, right, wide } = SLICES[level.key];
            const y = top * HEIGHT;
            return {
                ...level,
                points: `${left},${y} ${right},${y} ${wide[1]},${y + HEIGHT - 2} ${wide[0]},${y + HEIGHT - 2}`,
                ...judge(level.score),
                change: formatChange(level.change),
            };
        });
    }
}

/** The parts of the levels: score, measure, how it came to be. */
export class PyramidParts extends Component {
    static template = "crm_analytics.PyramidParts";
    static props = { levels: Array };

    color(part) {
        return part.can_act ? judge(part.score).level : "info";
    }

    formatChange(part) {
        return formatChange(part.change);
    }

    count(part) {
        if (part.count === 1) {
            return _t("1 case");
        }
        return part.count ? _t("%s cases", part.count) : "";
    }
}
