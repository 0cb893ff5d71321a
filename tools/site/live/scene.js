// Scenes, drawn by the rules of helpers/captioning/drawing.py and captioned by those of
// scenes.py. A test compares pictures, masks, captions and doubts with Python's.

/**
 * One object of a scene; x, y and radius in pixels.
 * @typedef {{shape: string, color: string, x: number, y: number, radius: number}} Thing
 */

const box = (x, y, halfWidth, halfHeight) =>
  Math.max(Math.abs(x) - halfWidth, Math.abs(y) - halfHeight);

/** Signed distance of (x, y) to a shape of radius r at the origin: negative inside. */
const DISTANCES = {
  circle: (x, y, r) => Math.hypot(x, y) - r,
  square: (x, y, r) => box(x, y, 0.88 * r, 0.88 * r),
  triangle: (x, y, r) => Math.max(0.87 * Math.abs(x) - 0.5 * y - 0.45 * r, y - 0.85 * r),
  cross: (x, y, r) => Math.min(box(x, y, r, 0.36 * r), box(x, y, 0.36 * r, r)),
  star(x, y, r) {
    const sector = (2 * Math.PI) / 5;
    const angle = Math.atan2(x, -y) + Math.PI; // 0 points down, so a tip points up
    const fold = Math.abs(((angle + Math.PI) % sector) - sector / 2); // 0 at a notch
    const radius = Math.hypot(x, y);
    const [px, py] = [radius * Math.cos(fold), radius * Math.sin(fold)];
    const notch = 0.45 * r;
    const tipX = 1.1 * r * Math.cos(Math.PI / 5);
    const tipY = 1.1 * r * Math.sin(Math.PI / 5);
    return ((px - notch) * tipY - py * (tipX - notch)) / Math.hypot(tipX - notch, tipY);
  },
};

/**
 * Draw things, the last on top.
 * @param {Thing[]} things
 * @param {{width: number, height: number}} size in pixels of the scene
 * @param {object} course what Python says: colors, background
 * @param {number} zoom pixels drawn for a pixel of the scene; 1 for the captioner
 * @returns {{picture: ImageData, masks: Uint8Array[]}} masks: 1 on the object
 */
export function draw(things, size, course, zoom = 1) {
  const [W, H] = [size.width * zoom, size.height * zoom];
  const picture = new ImageData(W, H);
  const rgba = [...course.background.map((part) => 255 * part), 255];
  new Uint32Array(picture.data.buffer).fill(...new Uint32Array(Uint8ClampedArray.from(rgba).buffer));
  const masks = things.map((thing) => paint(picture, thing, course, zoom));
  for (let i = 0; i < W * H; i++) if (masks[1][i]) masks[0][i] = 0;
  return { picture, masks };
}

/** Lay one thing over a picture (H, W), and return its mask (H, W). */
function paint({ data, width: W, height: H }, thing, course, zoom) {
  const mask = new Uint8Array(W * H);
  const color = course.colors[thing.color];
  const [x, y] = [thing.x * zoom, thing.y * zoom];
  const [left, top] = [Math.floor(x), Math.floor(y)];
  const { reach, coverage } = stamp(thing.shape, thing.radius * zoom, x - left, y - top);
  const side = 2 * reach;
  for (let row = Math.max(top - reach, 0); row < Math.min(top + reach, H); row++) {
    for (let column = Math.max(left - reach, 0); column < Math.min(left + reach, W); column++) {
      const covered = coverage[(row - top + reach) * side + column - left + reach];
      if (!covered) continue;
      const i = row * W + column;
      mask[i] = covered > 0.5;
      for (let c = 0; c < 3; c++) data[4 * i + c] += (color[c] - data[4 * i + c]) * covered;
    }
  }
  return mask;
}

/**
 * How much of each pixel a shape covers, (2 * reach, 2 * reach), around a middle that lies
 * (dx, dy) right of and below the corner of four pixels. Made once: moves ask for it again.
 */
function stamp(shape, r, dx, dy) {
  const key = [shape, r, dx, dy].join();
  if (!STAMPS.has(key)) STAMPS.set(key, newStamp(shape, r, dx, dy));
  if (STAMPS.size > MOST_STAMPS) STAMPS.delete(STAMPS.keys().next().value); // the oldest
  return STAMPS.get(key);
}
const STAMPS = new Map();
const MOST_STAMPS = 16;

function newStamp(shape, r, dx, dy) {
  const reach = Math.ceil(1.2 * r) + 2; // the tips of a star lie 1.1 r from its middle
  const coverage = new Float32Array(4 * reach * reach).map((_, i) => {
    const [row, column] = [Math.floor(i / (2 * reach)) - reach, (i % (2 * reach)) - reach];
    const distance = DISTANCES[shape](column + 0.5 - dx, row + 0.5 - dy, r);
    return Math.min(Math.max(0.5 - distance, 0), 1);
  });
  return { reach, coverage };
}

const apart = (one, two) => [Math.abs(one.x - two.x), Math.abs(one.y - two.y)];

/** The things in the order in which the caption names them. */
export function inReadingOrder([one, two]) {
  const [across, down] = apart(one, two);
  const swap = across > down ? one.x > two.x : one.y > two.y;
  return swap ? [two, one] : [one, two];
}

/** The caption of two things in reading order. */
export function captionWords([one, two]) {
  const [across, down] = apart(one, two);
  const relation = across > down ? ["left", "of"] : ["above"];
  return ["a", one.color, one.shape, ...relation, "a", two.color, two.shape];
}

/** For each word of a caption, the object that it names: 0, 1, or null. */
export function wordObjects(words, course) {
  let owner = -1;
  return words.map((word) => {
    if (word === "a") owner++;
    return word in course.colors || course.shapes.includes(word) ? owner : null;
  });
}

/**
 * Why the caption of two things is in doubt, as Python says it; "" if it is not.
 * @param {Uint8Array[]} masks in reading order
 */
export function doubt([one, two], masks, size, course) {
  const [across, down] = apart(one, two);
  const names = `the ${one.color} ${one.shape} and the ${two.color} ${two.shape}`;
  const gap = Math.hypot(across, down);
  const widest = Math.max(one.radius, two.radius);
  if (gap < widest) {
    return (
      `${names} lie on one another: their centres are ${gap.toFixed(1)} pixels apart, ` +
      `and the larger radius is ${widest}. Move one of them away`
    );
  }
  if (Math.abs(across - down) < course.clear) {
    return (
      `${names} are ${across} pixels apart across and ${down} down, so neither ` +
      `"left of" nor "above" is beyond doubt: let the two numbers differ by ` +
      `${course.clear} or more`
    );
  }
  for (const [i, thing] of inReadingOrder([one, two]).entries()) {
    const seen = masks[i].reduce((sum, on) => sum + on, 0);
    if (seen < thing.radius ** 2 / 2) {
      const where = `x ${thing.x}, y ${thing.y}, radius ${thing.radius}`;
      return (
        `only ${seen} pixels of the ${thing.color} ${thing.shape} can be seen ` +
        `(${where}; the picture is ${size.width} x ${size.height}): move it in from the ` +
        "edge, or away from the other object"
      );
    }
  }
  return "";
}
