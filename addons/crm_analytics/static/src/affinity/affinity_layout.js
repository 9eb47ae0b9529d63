// Room for names.
const MARGIN_X = 125;
const MARGIN_Y = 40;
const NAME_WIDTH = 200;
const NAME_HEIGHT = 36;

/**
 * Places for the nodes of a network: what is tied is drawn together, everything else apart (Fruchterman &
 * Reingold, Software: Practice and Experience 21 (1991) 1129-1164). The same network gives the same picture.
 *
 * @param {{id: number}[]} nodes
 * @param {{from: number, to: number}[]} edges
 * @returns {Object<number, {x: number, y: number}>} within width and height
 */
export function placeNodes(nodes, edges, width, height) {
    const rounds = 300;
    const ideal = 0.75 * Math.sqrt((width * height) / Math.max(nodes.length, 1));
    const points = nodes.map((node, number) => {
        const angle = (2 * Math.PI * number) / nodes.length;
        return {
            id: node.id,
            x: width / 2 + (width / 3) * Math.cos(angle),
            y: height / 2 + (height / 3) * Math.sin(angle),
        };
    });
    const byId = Object.fromEntries(points.map((point) => [point.id, point]));
    for (let round = 0; round < rounds; round++) {
        const step = (width / 10) * (1 - round / rounds);
        const moves = points.map(() => ({ x: 0, y: 0 }));
        for (const [one, point] of points.entries()) {
            for (let two = one + 1; two < points.length; two++) {
                push(point, points[two], moves[one], moves[two], (distance) => ideal ** 2 / distance);
            }
            // Loose parts stay in the picture.
            moves[one].x += (width / 2 - point.x) * 0.05;
            moves[one].y += (height / 2 - point.y) * 0.05;
        }
        for (const { from, to } of edges) {
            const [one, two] = [points.indexOf(byId[from]), points.indexOf(byId[to])];
            push(points[one], points[two], moves[one], moves[two], (distance) => -(distance ** 2) / ideal);
        }
        for (const [number, point] of points.entries()) {
            const { x, y } = moves[number];
            const length = Math.hypot(x, y) || 1;
            point.x = clamp(point.x + (x / length) * Math.min(length, step), MARGIN_X, width - MARGIN_X);
            point.y = clamp(point.y + (y / length) * Math.min(length, step), MARGIN_Y, height - MARGIN_Y);
        }
    }
    keepNamesApart(points, height);
    return byId;
}

/** Move dots whose names would stand on each other up and down, until they don't or there is no room. */
function keepNamesApart(points, height) {
    for (let round = 0; round < 60; round++) {
        let isDone = true;
        for (const [number, one] of points.entries()) {
            for (const two of points.slice(number + 1)) {
                const near = Math.abs(one.x - two.x) < NAME_WIDTH && NAME_HEIGHT - Math.abs(one.y - two.y);
                if (near > 0.5) {
                    const [upper, lower] = one.y <= two.y ? [one, two] : [two, one];
                    upper.y = clamp(upper.y - near / 2, MARGIN_Y, height - MARGIN_Y);
                    lower.y = clamp(lower.y + near / 2, MARGIN_Y, height - MARGIN_Y);
                    isDone = false;
                }
            }
        }
        if (isDone) {
            break;
        }
    }
}

function push(one, two, moveOne, moveTwo, getForce) {
    const [dx, dy] = [one.x - two.x, one.y - two.y];
    const distance = Math.max(Math.hypot(dx, dy), 0.1);
    const force = getForce(distance) / distance;
    moveOne.x += dx * force;
    moveOne.y += dy * force;
    moveTwo.x -= dx * force;
    moveTwo.y -= dy * force;
}

function clamp(value, low, high) {
    return Math.min(Math.max(value, low), high);
}
