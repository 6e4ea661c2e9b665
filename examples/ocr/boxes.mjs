/**
 * From a map of probabilities to boxes around lines of text: pixels above a threshold that touch
 * each other are one piece of text; a piece that is likely enough becomes a box, grown a little,
 * because the model marks only the core of the letters.
 */
const pixelThreshold = 0.3;
const boxThreshold = 0.5;
const growth = 1.6;
const smallestSide = 3;

/** Boxes { left, top, right, bottom } in pixels of the map. */
export function findBoxes(map, width, height) {
  const isSeen = new Uint8Array(width * height);
  const boxes = [];
  for (let start = 0; start < map.length; start += 1) {
    if (isSeen[start] || map[start] <= pixelThreshold) continue;
    const { box, score } = boxAround(flood(map, { width, height, start, isSeen }), map, width);
    const isTooSmall = Math.min(box.right - box.left, box.bottom - box.top) < smallestSide;
    if (score > boxThreshold && !isTooSmall) boxes.push(grow(box, width, height));
  }
  return boxes;
}

/** All pixels that hang together with `start`. */
function flood(map, { width, height, start, isSeen }) {
  const pixels = [start];
  isSeen[start] = 1;
  for (let next = 0; next < pixels.length; next += 1) {
    const x = pixels[next] % width;
    const y = (pixels[next] - x) / width;
    for (let dy = -1; dy <= 1; dy += 1) {
      for (let dx = -1; dx <= 1; dx += 1) {
        const isInside = x + dx >= 0 && x + dx < width && y + dy >= 0 && y + dy < height;
        const neighbour = pixels[next] + dy * width + dx;
        if (!isInside || isSeen[neighbour] || map[neighbour] <= pixelThreshold) continue;
        isSeen[neighbour] = 1;
        pixels.push(neighbour);
      }
    }
  }
  return pixels;
}

function boxAround(pixels, map, width) {
  const box = { left: Infinity, top: Infinity, right: 0, bottom: 0 };
  let sum = 0;
  for (const pixel of pixels) {
    const x = pixel % width;
    const y = (pixel - x) / width;
    box.left = Math.min(box.left, x);
    box.top = Math.min(box.top, y);
    box.right = Math.max(box.right, x + 1);
    box.bottom = Math.max(box.bottom, y + 1);
    sum += map[pixel];
  }
  return { box, score: sum / pixels.length };
}

/** On each side by area * growth / perimeter. */
function grow({ left, top, right, bottom }, width, height) {
  const boxWidth = right - left;
  const boxHeight = bottom - top;
  const by = (boxWidth * boxHeight * growth) / (2 * (boxWidth + boxHeight));
  return {
    left: Math.max(0, left - by),
    top: Math.max(0, top - by),
    right: Math.min(width, right + by),
    bottom: Math.min(height, bottom + by),
  };
}

/** From the top, from the left: boxes whose middles lie on one height are one row. */
export function groupIntoRows(boxes) {
  const rows = [];
  const middle = ({ top, bottom }) => (top + bottom) / 2;
  for (const box of boxes.toSorted((a, b) => middle(a) - middle(b))) {
    const row = rows.at(-1);
    const isSameRow = row !== undefined && middle(box) < row[0].bottom && middle(row[0]) > box.top;
    if (isSameRow) row.push(box);
    else rows.push([box]);
  }
  return rows.map((row) => row.toSorted((a, b) => a.left - b.left));
}
