// A picture of one's own: dropped, chosen, or drawn. It stays in the page.

import { make } from "./dom.js";

const EYE = 448; // pixels: the longer side of a photo as it is shown
const MOST_MB = 10;

/** Buttons for a photo and for drawing, and the way back; photos may be dropped. */
export function ownPicture(world, stage, change) {
  const told = make("p", { role: "status", className: "told" });
  const file = make("input", { type: "file", accept: "image/*" });
  file.onchange = () => file.files[0] && take(file.files[0]);
  const choose = make("label", { className: "button" }, "Choose a picture", file);
  const pad = drawingPad(world, stage, change);
  const draw = button("Draw one", () => {
    told.textContent = "Draw two shapes on the picture.";
    pad.start();
  });
  const back = button("Back to the scene", () => {
    told.textContent = "";
    pad.stop();
    change({ photo: null });
  });

  async function take(blob) {
    try {
      pad.stop();
      const fault = await change({ photo: await readPicture(blob, world.longestShape) });
      if (fault) throw new Error(fault);
      told.textContent = `${blob.name}: ${world.kept}.`;
    } catch (error) {
      told.textContent = `${blob.name} was not taken: ${error.message}.`;
    }
    file.value = ""; // or the same file again would be no change
  }

  stage.addEventListener("dragover", (event) => event.preventDefault());
  stage.addEventListener("drop", (event) => {
    event.preventDefault();
    if (event.dataTransfer.files[0]) take(event.dataTransfer.files[0]);
  });
  const buttons = make("div", { className: "buttons" }, choose, draw, back);
  const hint = make("p", {}, "Drop a picture on the scene, choose one, or draw.");
  return make("section", {}, make("h2", {}, "A picture of your own"), hint, buttons, told);
}

const button = (text, onclick) => make("button", { type: "button", className: "button", onclick }, text);

/**
 * A file as a canvas of the size at which it is shown. Throws Errors in words.
 * @param {number} longest how many times as long as wide it may be
 */
export async function readPicture(blob, longest = Infinity) {
  if (blob.size > MOST_MB * 1e6) {
    const size = (blob.size / 1e6).toFixed(1);
    throw new Error(`it has ${size} MB, and at most ${MOST_MB} MB are taken`);
  }
  const bitmap = await createImageBitmap(blob).catch(() => {
    throw new Error(`its ${blob.size} bytes are no picture that this browser can read`);
  });
  const { width: W, height: H } = bitmap;
  if (Math.max(W, H) > longest * Math.min(W, H)) {
    throw new Error(
      `a picture of ${W} x ${H} pixels is too long and narrow for this model: crop it to ` +
        `at most ${longest} times as long as wide`,
    );
  }
  const eye = EYE / Math.max(W, H);
  return resized(bitmap, Math.ceil(W * eye), Math.ceil(H * eye));
}

/** A picture over white, at another size: a canvas. */
export function resized(source, width, height) {
  const canvas = make("canvas", { width, height });
  const context = canvas.getContext("2d");
  context.fillStyle = "white";
  context.fillRect(0, 0, width, height);
  context.imageSmoothingQuality = "high";
  context.drawImage(source, 0, 0, width, height);
  return canvas;
}

/** The ImageData of a canvas. */
export const pixelsOf = (canvas) =>
  canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);

/** Broad strokes on an empty scene, captioned as they grow. */
function drawingPad(world, stage, change) {
  const pad = make("canvas", { width: EYE, height: EYE });
  const context = pad.getContext("2d");
  let colors = Object.values(world.colors);
  let last = null;
  const at = ({ clientX, clientY }) => {
    const { left, top, width, height } = stage.getBoundingClientRect();
    return [((clientX - left) * EYE) / width, ((clientY - top) * EYE) / height];
  };
  function stroke(event) {
    if (!last) return;
    const now = at(event);
    context.beginPath();
    context.moveTo(...last);
    context.lineTo(...now);
    context.stroke();
    last = now;
    change({ photo: pad });
  }
  function down(event) {
    colors = [...colors.slice(1), colors[0]]; // every stroke has the next colour
    context.strokeStyle = `rgb(${colors[0].join()})`;
    last = at(event);
    stage.setPointerCapture(event.pointerId);
    stroke(event);
  }
  const up = () => (last = null);
  const listeners = { pointerdown: down, pointermove: stroke, pointerup: up, pointercancel: up };
  function stop() {
    for (const [name, listener] of Object.entries(listeners)) stage.removeEventListener(name, listener);
    stage.classList.remove("drawing");
  }
  function start() {
    stop();
    context.fillStyle = `rgb(${world.background.map((part) => 255 * part).join()})`;
    context.fillRect(0, 0, EYE, EYE);
    Object.assign(context, { lineWidth: 56, lineCap: "round", lineJoin: "round" });
    for (const [name, listener] of Object.entries(listeners)) stage.addEventListener(name, listener);
    stage.classList.add("drawing");
    stage.scrollIntoView({ block: "nearest" });
    change({ photo: pad });
  }
  return { start, stop };
}
