// The stage: one canvas with a picture, a map and its cells, and on it the handles of
// the objects, which are moved by mouse, finger or arrow keys. Needs no other module.

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {HTMLElement} element where to put the stage
 * @param {(index: number, x: number, y: number) => void} onMove in pixels of the scene
 * @param {(index: number) => void} onChoose an object was focused or touched
 */
export function createStage(element, { onMove, onChoose }) {
  const canvas = document.createElement("canvas");
  canvas.setAttribute("role", "img");
  const drawing = document.createElementNS(SVG, "svg");
  drawing.setAttribute("aria-hidden", "true");
  element.classList.add("stage");
  element.append(canvas, drawing);
  const handles = [];
  let size = { width: 1, height: 1 };

  /** The picture as it is, its description, and SVG that lies over it. */
  function show(picture, description, above = "") {
    if (canvas.width !== picture.width) canvas.width = picture.width;
    if (canvas.height !== picture.height) canvas.height = picture.height;
    canvas.getContext("2d").putImageData(picture, 0, 0);
    canvas.setAttribute("aria-label", description);
    drawing.innerHTML = above;
  }

  /** Handles over things {x, y, radius, name}; `shown` is the scene's size in pixels. */
  function place(things, shown) {
    size = shown;
    drawing.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
    while (handles.length < things.length) handles.push(makeHandle(handles.length));
    handles.forEach((handle, index) => {
      const thing = things[index];
      handle.hidden = !thing;
      if (!thing) return;
      handle.thing = thing;
      handle.setAttribute("aria-label", `${thing.name}: x ${Math.round(thing.x)}, y ${Math.round(thing.y)}`);
      const share = (value, of) => `${(100 * value) / of}%`;
      handle.style.left = share(thing.x, size.width);
      handle.style.top = share(thing.y, size.height);
      handle.style.width = share(2.2 * thing.radius, size.width);
      handle.style.height = share(2.2 * thing.radius, size.height);
    });
  }

  function makeHandle(index) {
    const handle = document.createElement("button");
    handle.type = "button";
    handle.className = "handle";
    handle.setAttribute("aria-roledescription", "movable object");
    handle.addEventListener("focus", () => onChoose(index));
    handle.addEventListener("keydown", (event) => {
      const step = event.shiftKey ? 8 : 1;
      const [dx, dy] = ARROWS[event.key] ?? [0, 0];
      if (!dx && !dy) return;
      event.preventDefault();
      move(index, handle.thing.x + step * dx, handle.thing.y + step * dy);
    });
    follow(handle, index);
    element.append(handle);
    return handle;
  }

  /** Mouse and finger: where the handle was gripped stays under the pointer. */
  function follow(handle, index) {
    let grip = null;
    handle.addEventListener("pointerdown", (event) => {
      const [x, y] = toScene(event);
      grip = [handle.thing.x - x, handle.thing.y - y];
      handle.setPointerCapture(event.pointerId);
      handle.focus();
      event.preventDefault();
    });
    handle.addEventListener("pointermove", (event) => {
      if (!grip) return;
      const [x, y] = toScene(event);
      move(index, x + grip[0], y + grip[1]);
    });
    for (const end of ["pointerup", "pointercancel"]) {
      handle.addEventListener(end, () => (grip = null));
    }
  }

  const toScene = ({ clientX, clientY }) => {
    const { left, top, width, height } = canvas.getBoundingClientRect();
    return [((clientX - left) * size.width) / width, ((clientY - top) * size.height) / height];
  };

  /** Whole pixels, and the middle of an object stays in the picture. */
  function move(index, x, y) {
    const inside = (value, high) => Math.round(Math.min(Math.max(value, 0), high));
    onMove(index, inside(x, size.width), inside(y, size.height));
  }

  return { canvas, show, place };
}

const ARROWS = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** The edge of a mask (H, W) as an SVG path, in a picture of the given size. */
export function outline(mask, [H, W], size) {
  const [sx, sy] = [size.width / W, size.height / H];
  let path = "";
  const on = (x, y) => (x >= 0 && y >= 0 && x < W && y < H ? mask[y * W + x] : 0);
  for (let y = 0; y <= H; y++) {
    for (let x = 0; x <= W; x++) {
      if (on(x, y) !== on(x - 1, y)) path += `M${x * sx} ${y * sy}v${sy}`;
      if (on(x, y) !== on(x, y - 1)) path += `M${x * sx} ${y * sy}h${sx}`;
    }
  }
  return `<path d="${path}" class="outline-under"/><path d="${path}" class="outline"/>`;
}

/** The cells of a map (h, w) with their shares in percent, as SVG. */
export function cellGrid(map, [h, w], size) {
  const [wide, tall] = [size.width / w, size.height / h];
  let lines = "";
  let numbers = "";
  for (let r = 1; r < h; r++) lines += `M0 ${r * tall}h${size.width}`;
  for (let c = 1; c < w; c++) lines += `M${c * wide} 0v${size.height}`;
  map.forEach((weight, n) => {
    const [x, y] = [((n % w) + 0.5) * wide, (Math.floor(n / w) + 0.5) * tall];
    const percent = 100 * weight;
    const text = percent >= 9.95 ? percent.toFixed(0) : percent.toFixed(1);
    numbers += `<text x="${x}" y="${y}">${text}</text>`;
  });
  const small = 0.375 * Math.min(wide, tall);
  return `<path d="${lines}" class="grid"/><g class="cells" font-size="${small}">${numbers}</g>`;
}

/** A frame just inside one cell. */
export function frame([row, column], [h, w], size) {
  const [wide, tall] = [size.width / w, size.height / h];
  const place = `x="${column * wide + 0.5}" y="${row * tall + 0.5}"`;
  const box = `${place} width="${wide - 1}" height="${tall - 1}"`;
  return `<rect ${box} class="outline-under"/><rect ${box} class="outline"/>`;
}
