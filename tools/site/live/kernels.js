// Loops over numbers, for the stand-in for torch in tools/site/python/torch.py. All arrays
// are Float64Arrays, row-major; true is 1 and false 0.

const truth = (test) => (a, b) => +test(a, b);

/** x with the 11 bits of a float16, where the browser has no Math.f16round. */
function half(x) {
  if (!Number.isFinite(x)) return x;
  if (Math.abs(x) >= 65520) return x * Infinity;
  const unit = 2 ** (Math.max(Math.floor(Math.log2(Math.abs(x))), -14) - 10);
  return Math.round(x / unit) * unit;
}

const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** x with the 8 bits of a bfloat16: the upper half of a float32, rounded to even. */
function bfloat(x) {
  single[0] = x;
  if (Number.isFinite(x)) bits[0] += 0x7fff + ((bits[0] >> 16) & 1);
  bits[0] &= 0xffff0000;
  return single[0];
}

const OF_ONE = {
  abs: Math.abs,
  exp: Math.exp,
  log: Math.log,
  log2: Math.log2,
  isfinite: truth(Number.isFinite),
  invert: truth((x) => !x),
  float16: Math.f16round ?? half,
  bfloat16: bfloat,
  float32: Math.fround,
  float64: (x) => x,
  long: Math.trunc,
  bool: truth((x) => x !== 0),
};

const OF_TWO = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  truediv: (a, b) => a / b,
  floordiv: (a, b) => Math.floor(a / b),
  mod: (a, b) => a - b * Math.floor(a / b),
  eq: truth((a, b) => a === b),
  ne: truth((a, b) => a !== b),
  lt: truth((a, b) => a < b),
  le: truth((a, b) => a <= b),
  gt: truth((a, b) => a > b),
  ge: truth((a, b) => a >= b),
  and: truth((a, b) => a && b),
  or: truth((a, b) => a || b),
  maximum: Math.max,
};

const OF_MANY = {
  sum: [0, OF_TWO.add],
  amax: [-Infinity, Math.max],
  amin: [Infinity, Math.min],
  all: [1, truth((a, b) => a && b !== 0)],
  any: [0, truth((a, b) => a || b !== 0)],
};

export const array = (numbers) => Float64Array.from(numbers);
export const filled = (count, value) => new Float64Array(count).fill(value);
export const map = (name, a) => a.map(OF_ONE[name]);

/** a where the mask is 1, and b elsewhere; b may be one number. */
export function select(mask, a, b) {
  const one = typeof b === "number";
  return mask.map((on, i) => (on ? a[i] : one ? b : b[i]));
}

/** NaN becomes 0, and what is infinite the largest number of its kind. */
export const nanToNum = (a, most) =>
  a.map((value) => (value !== value ? 0 : value > most ? most : value < -most ? -most : value));

/** Each number of a with that of b, or with the one number b. */
export function pair(name, a, b) {
  const of = OF_TWO[name];
  return typeof b === "number" ? a.map((value) => of(value, b)) : a.map((value, i) => of(value, b[i]));
}

/** Each n numbers become one, `count` times; n may be 0. */
export function reduce(name, a, n, count) {
  const [start, of] = OF_MANY[name];
  const found = new Float64Array(count).fill(start);
  for (let row = 0, i = 0; row < found.length; row++) {
    for (let k = 0; k < n; k++, i++) found[row] = of(found[row], a[i]);
  }
  return found;
}

/** Where the largest of each n numbers stands; of equals the first. */
export function argmax(a, n) {
  const found = new Float64Array(a.length / n);
  for (let row = 0; row < found.length; row++) {
    for (let k = 1; k < n; k++) if (a[row * n + k] > a[row * n + found[row]]) found[row] = k;
  }
  return found;
}

/** Each n numbers in their order. */
export function sorted(a, n) {
  const found = a.slice();
  for (let i = 0; i < a.length; i += n) found.subarray(i, i + n).sort();
  return found;
}

/** A copy of a view: number (i, j, ...) is the one at offset + i * strides[0] + ... */
export function strided(a, shape, strides, offset) {
  const found = new Float64Array(shape.reduce((x, y) => x * y, 1));
  const place = shape.map(() => 0);
  for (let i = 0, from = offset; i < found.length; i++) {
    found[i] = a[from];
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += strides[axis];
      if (++place[axis] < shape[axis]) break;
      from -= strides[axis] * shape[axis];
      place[axis] = 0;
    }
  }
  return found;
}

/** Of rows of n numbers, those with these numbers. */
export function rows(a, numbers, n) {
  const found = new Float64Array(numbers.length * n);
  numbers.forEach((row, i) => found.set(a.subarray(row * n, (row + 1) * n), i * n));
  return found;
}

/** Where the numbers stand that are not 0. */
export function places(a) {
  const found = [];
  a.forEach((value, i) => value !== 0 && found.push(i));
  return Float64Array.from(found);
}

/** Matrices (maps, n, n) times columns (maps, n, 1). */
export function matvec(a, x, n) {
  const found = new Float64Array(x.length);
  for (let row = 0, i = 0; row < found.length; row++) {
    const start = row - (row % n);
    for (let k = 0; k < n; k++, i++) found[row] += a[i] * x[start + k];
  }
  return found;
}
