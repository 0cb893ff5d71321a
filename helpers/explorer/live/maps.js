// From the weights of a caption to one map per word, to pixels, and to a score.
// Names and numbers as in helpers/maps and helpers/captioning/metrics.py.

/**
 * One map per word, (T, h, w). layer, head: a number; their mean, if there is none of that number.
 * @param {{weights: Float32Array, shape: object}} caption
 * @returns {Float32Array[]} T maps of h * w numbers
 */
export function allMaps({ weights, shape: { L, A, T, h, w } }, layer = "mean", head = "mean") {
  const chosen = (which, count) => (which < count ? [which] : [...Array(count).keys()]);
  const [layers, heads] = [chosen(layer, L), chosen(head, A)];
  const N = h * w;
  return Array.from({ length: T }, (_, t) => {
    const map = new Float32Array(N);
    for (const l of layers) {
      for (const a of heads) {
        const from = ((l * A + a) * T + t) * N;
        for (let n = 0; n < N; n++) map[n] += weights[from + n] / layers.length / heads.length;
      }
    }
    return map;
  });
}

export const largest = (map) => map.reduce((a, b) => Math.max(a, b));
export const smallest = (map) => map.reduce((a, b) => Math.min(a, b));

/**
 * (low, high) for the colours of maps: from 0, so that an even map is one colour, and to
 * `even` times the mean at least, so that it is a faint one.
 */
export function colorRange(maps, even) {
  const low = Math.min(0, ...maps.map(smallest));
  const means = maps.map((map) => map.reduce((a, b) => a + b) / map.length);
  const mean = means.reduce((a, b) => a + b) / maps.length;
  const high = Math.max(...maps.map(largest), even * mean);
  return high > low ? [low, high] : [low, low + 1];
}

const KERNELS = {
  nearest: [0.5, (x) => (x > -0.5 && x <= 0.5 ? 1 : 0)],
  bilinear: [1, (x) => Math.max(0, 1 - Math.abs(x))],
  bicubic: [
    2,
    (x, a = -0.5) => {
      x = Math.abs(x);
      if (x < 1) return ((a + 2) * x - (a + 3)) * x * x + 1;
      return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
    },
  ],
};
export const UPSAMPLE = Object.keys(KERNELS);

/** For each of `many` places, which of `few` cells it is read from, and how much. */
function taps(few, many, kind) {
  const [reach, kernel] = KERNELS[kind];
  return Array.from({ length: many }, (_, i) => {
    const center = ((i + 0.5) * few) / many - 0.5;
    const cells = [];
    for (let n = Math.ceil(center - reach); n <= center + reach; n++) {
      const weight = n < 0 || n >= few ? 0 : kernel(n - center);
      if (weight) cells.push([n, weight]);
    }
    const total = cells.reduce((sum, [, weight]) => sum + weight, 0);
    return cells.map(([n, weight]) => [n, weight / total]);
  });
}

/** A map (h, w) stretched to (H, W), as Pillow does it; within the map's own range. */
export function upsample(map, [h, w], [H, W], kind) {
  const [low, high] = [smallest(map), largest(map)];
  const wide = new Float32Array(h * W); // (h, W)
  taps(w, W, kind).forEach((cells, x) => {
    for (let r = 0; r < h; r++) {
      for (const [c, weight] of cells) wide[r * W + x] += weight * map[r * w + c];
    }
  });
  const large = new Float32Array(H * W); // (H, W)
  taps(h, H, kind).forEach((cells, y) => {
    for (const [r, weight] of cells) {
      for (let x = 0; x < W; x++) large[y * W + x] += weight * wide[r * W + x];
    }
  });
  if (kind !== "bicubic") return large; // the others stay in the range by themselves
  return large.map((weight) => Math.min(Math.max(weight, low), high));
}

/** [row, column] of the largest cell; null for a map that is the same everywhere. */
export function peakCell(map, w) {
  const high = largest(map);
  const n = map.indexOf(high);
  return high > smallest(map) ? [Math.floor(n / w), n % w] : null;
}

/** Pixels from a point to the nearest pixel of a mask of width W; 0 on it. */
export function distanceTo(mask, W, [x, y]) {
  if (mask[Math.floor(y) * W + Math.floor(x)]) return 0;
  let gap = Infinity;
  mask.forEach((on, i) => {
    if (on) gap = Math.min(gap, Math.hypot((i % W) + 0.5 - x, Math.floor(i / W) + 0.5 - y));
  });
  return gap;
}

/**
 * How well a map (h, w) points at an object.
 * @param {Uint8Array} mask (H, W), H and W multiples of h and w; 1 on the object
 * @returns {{off: number, mass: number}} off: pixels from the peak to the object;
 *   mass: the share of the map's weight on it, a cell counting with the part it covers
 */
export function score(map, [h, w], mask, [H, W]) {
  const [tall, wide] = [H / h, W / w];
  let [on, total] = [0, 0];
  mask.forEach((inside, i) => {
    if (inside) on += map[Math.floor((i % W) / wide) + w * Math.floor(i / W / tall)];
  });
  for (const weight of map) total += weight;
  const [row, column] = peakCell(map, w) ?? [NaN, NaN];
  const off = distanceTo(mask, W, [(column + 0.5) * wide, (row + 0.5) * tall]);
  return { off, mass: on / (tall * wide) / total };
}
