// The few rules of the doctor in helpers/inspection/shapes that the page uses. A test
// compares them with Python's on 500 tensors; the numbers come from there.

/** The axis along which the weights sum to 1, the last if several do; null if none. */
export function softmaxAxis({ shape, data }) {
  const tolerance = isHalf(data) ? 1.2e-2 : 5e-3;
  if (data.length > 1 && data.every((value) => value === data[0])) return null;
  if (data.some((value) => value < -1e-6)) return null;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] > 1 && sumsToOne(shape, data, axis, tolerance)) return axis;
  }
  return null;
}

/** True if every number is one of bfloat16, or every number one of float16. */
function isHalf(data) {
  const bits = new Uint32Array(Float32Array.from(data).buffer);
  const numbers = data.filter(Number.isFinite);
  return (
    bits.every((word, i) => !Number.isFinite(data[i]) || !(word & 0xffff)) ||
    (Math.f16round ? numbers.every((value) => Math.f16round(value) === value) : false)
  );
}

/** NaN and zeros aside. */
function sumsToOne(shape, data, axis, tolerance) {
  const inner = shape.slice(axis + 1).reduce((a, b) => a * b, 1);
  const sums = new Float64Array(data.length / shape[axis]);
  data.forEach((value, i) => {
    sums[Math.floor(i / (inner * shape[axis])) * inner + (i % inner)] += value;
  });
  const counted = sums.filter((sum) => Number.isFinite(sum) && sum !== 0);
  return counted.length > 0 && counted.every((sum) => Math.abs(sum - 1) <= tolerance);
}

/**
 * Grids of cells, with as many other keys in front as published encoders have, that
 * count to N; the likeliest first. They only count: none is proven.
 * @param {number[] | null} imageSize [H, W]
 * @param {number | null} patchSize
 * @returns {{h: number, w: number, extras: number, source: string, likely: boolean}[]}
 */
export function propose(N, imageSize, patchSize, known) {
  const grids = imageSize ? gridsOf(imageSize, patchSize, known) : factors(N, known);
  const found = [];
  for (const [key, [source, likely]] of grids) {
    const [h, w] = key.split(" ").map(Number);
    const extras = N - h * w;
    if (extras in known.extras && h * w > extras) found.push({ h, w, extras, source, likely });
  }
  const rank = known.order;
  const place = ({ likely, extras }) => (likely ? 0 : rank.length) + rank.indexOf(extras);
  return found.sort((a, b) => place(a) - place(b));
}

/** "h w" -> [where it comes from, whether that is usual], the likeliest first. */
function gridsOf([H, W], patchSize, known) {
  const more = Array.from({ length: 31 }, (_, i) => i + 2);
  const steps = patchSize
    ? [[patchSize, `patch ${patchSize}`]].concat(
        known.merges.map((m) => [patchSize * m, `patch ${patchSize}, ${m} x ${m} merged`]),
      )
    : [...known.strides, ...more].map((step) => [step, `a cell every ${step} pixels`]);
  const grids = new Map();
  steps.forEach(([step, why], number) => {
    const likely = number < (patchSize ? 3 : known.strides.length);
    for (const [round, end, usual] of [
      [Math.floor, "", likely],
      [Math.ceil, ", rounded up", likely && (number === 0 || !patchSize)],
    ]) {
      const [h, w] = [round(H / step), round(W / step)];
      const enough = h * w >= known.smallest || (usual && Math.min(h, w) > 1);
      if (enough && !grids.has(`${h} ${w}`)) grids.set(`${h} ${w}`, [why + end, usual]);
    }
  });
  return grids;
}

/** Grids of N cells, or of some fewer, at most 2.5 times as wide as high. */
function factors(N, known) {
  const [squares, others] = [new Map(), new Map()];
  for (const extras of known.order) {
    const cells = N - extras;
    for (let h = Math.floor(Math.sqrt(Math.max(cells, 0))); h > 1; h--) {
      const w = Math.floor(cells / h);
      if (w > 2.5 * h) break;
      if (cells % h) continue;
      if (h === w) squares.set(`${h} ${w}`, ["a square grid", true]);
      else if (cells >= known.smallest) {
        others.set(`${h} ${w}`, ["a grid of this many cells, or on its side", false]);
      }
    }
  }
  return new Map([...squares, ...others]);
}
