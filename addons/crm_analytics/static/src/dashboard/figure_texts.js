import { _t } from "@web/core/l10n/translation";

/**
 * What each figure means, how it is made, and where it misleads. `predicts`: the hold-out of the model is
 * shown beside it.
 */
export const FIGURE_TEXTS = {
    revenue: {
        title: _t("Revenue"),
        means: _t("What all customers brought in the period, untaxed and net of refunds."),
        formula: _t("Sum of the days of purchase: confirmed orders or posted invoices, as the company counts."),
        weakness: _t("A refund goes back to the day it was bought, so past months can still change."),
    },
    customers: {
        title: _t("Customers"),
        means: _t("Who bought at least once in the period."),
        formula: _t("Commercial entities with a day of purchase; several contacts of a company are one."),
        weakness: _t("Merging duplicates lowers it."),
    },
    new: {
        title: _t("New customers"),
        means: _t("Who bought for the first time ever in the period."),
        formula: _t("First day of purchase within the period."),
        weakness: _t("Where the history begins with this system, old customers look new at first."),
    },
    repeat: {
        title: _t("Repeat rate"),
        means: _t("How many of the customers of the period have bought more than once."),
        formula: _t("Customers of the period with two or more days of purchase until then, over all of the period."),
        weakness: _t("Many new customers lower it without anybody having left."),
    },
    average: {
        title: _t("Value of a purchase"),
        means: _t("What one day of purchase brings on average."),
        formula: _t("Revenue over days of purchase; orders of one day are one purchase."),
        weakness: _t("A few large orders pull the mean up."),
    },
    kept: {
        title: _t("Revenue kept"),
        means: _t("What those who bought in the period before bring now, against what they brought then."),
        formula: _t("Revenue now of who bought before, over their revenue before. Above 100 %: they grew."),
        weakness: _t("Says nothing about new customers, and one large customer can decide it."),
    },
    stake: {
        title: _t("Money at stake"),
        means: _t("Revenue of 12 months that may not come again."),
        formula: _t("For each customer: revenue of 12 months × chance that nothing comes in 90 days; summed up."),
        weakness: _t("Who only buys once a year seems at risk for most of the year."),
        predicts: true,
    },
    expected: {
        title: _t("Revenue expected"),
        means: _t("What today's customers will bring in the next 12 months."),
        formula: _t("Orders expected (MBG/NBD or BG/NBD) × value of a purchase (Gamma-Gamma); summed up."),
        weakness: _t("Knows no season, price or campaign, and no customer who has not come yet."),
        predicts: true,
    },
    grid: {
        title: _t("Recency and frequency"),
        means: _t("How lately and how often customers buy, each from 1 to 5 (best)."),
        formula: _t("Fifths of all customers by days since the last purchase and by days of purchase; equal customers score equally."),
        weakness: _t("Compares customers with each other: somebody is always among the worst fifth. To rank customers, what they spent is as good."),
    },
    segments: {
        title: _t("Segments and who moved"),
        means: _t("Named parts of the grid, and who is in another one than before."),
        formula: _t("The first segment whose ranges of recency, frequency and money fit. Who came back meanwhile has not moved; a first segment is no move."),
        weakness: _t("Who waits for the next order moves towards the worse ones for a while."),
    },
    value: {
        title: _t("Value pyramid"),
        means: _t("How few customers bring how much of the revenue of 12 months."),
        formula: _t("A: the customers who make the first 80 % of the revenue; B: the next 15 %; C: the rest."),
        weakness: _t("Revenue is no margin. Customers without a score are left out."),
    },
    cohorts: {
        title: _t("Cohorts"),
        means: _t("Of the customers who came first in a month: how many bought so many months later, and what they brought."),
        formula: _t("Customers with a purchase in the month over all of the cohort; the average is weighted by size."),
        weakness: _t("Of fewer than 30 customers a share says little: the interval (Wilson, 95 %) is on the cell. The month that runs is not over: it is marked and in no average."),
    },
    months: {
        title: _t("New, returning, reactivated, lost"),
        means: _t("Who buys in each month, and who stopped."),
        formula: _t("Reactivated: bought again after more than 12 months. Lost: the 12 months that ended with the month before had no purchase."),
        weakness: _t("Somebody is called lost a year late; he may come back and is reactivated then."),
    },
    risk: {
        title: _t("Who may leave"),
        means: _t("The customers with the most revenue at stake."),
        formula: _t("Chance that nothing comes in 90 days × revenue of 12 months. High above 66 %, medium above 33 %."),
        weakness: _t("The model sees purchases alone: no complaint, no call, no season."),
        predicts: true,
    },
    loyalty: {
        title: _t("Loyalty"),
        means: _t("How many buy again, and how often."),
        formula: _t("Usual gap: days from first to last purchase over the purchases after the first."),
        weakness: _t("Who just began has no rhythm yet."),
    },
};
