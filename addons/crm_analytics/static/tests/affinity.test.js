import { describe, expect, test } from "@odoo/hoot";

import { placeNodes } from "@crm_analytics/affinity/affinity_layout";

describe.current.tags("desktop");

const nodes = Array.from({ length: 18 }, (_, id) => ({ id }));
const edges = nodes.slice(1).map(({ id }) => ({ from: id % 5, to: id }));

test("names stand apart and inside of the picture, on the phone as well", () => {
    for (const [width, height] of [
        [1000, 560],
        [640, 1100],
    ]) {
        const places = Object.values(placeNodes(nodes, edges, width, height));
        for (const [number, one] of places.entries()) {
            expect(one.x).toBeWithin(125, width - 125);
            expect(one.y).toBeWithin(40, height - 40);
            for (const two of places.slice(number + 1)) {
                expect(Math.abs(one.x - two.x) >= 200 || Math.abs(one.y - two.y) >= 20).toBe(true);
            }
        }
    }
});

test("the same network gives the same picture", () => {
    expect(placeNodes(nodes, edges, 640, 1100)).toEqual(placeNodes(nodes, edges, 640, 1100));
});
