// The explorer of the page: its scenes are drawn, and captioned, where it runs.

import { loadCaptioner } from "./captioner.js";
import { make } from "./dom.js";
import { createExplorer } from "./explorer.js";
import { pixelsOf, resized } from "./own_picture.js";
import { captionWords, doubt, draw, inReadingOrder, wordObjects } from "./scene.js";

const ZOOM = 4; // pixels shown for a pixel of the scene
const SIZE = { width: 112, height: 112 };
const START = {
  things: [
    { shape: "star", color: "red", x: 35, y: 36, radius: 20 },
    { shape: "circle", color: "blue", x: 85, y: 55, radius: 15 },
  ],
  word: 2,
  variant: "additive",
};

/**
 * Build the live scene in `element`; chosen: what differs from START. Resolves to the
 * explorer once the first caption is on the page.
 */
export async function startPage(element, chosen = {}) {
  const answer = await fetch(new URL("./course.json", import.meta.url)); // see live.py
  const course = { ...(await answer.json()), kept: "it did not leave this page" };
  const captioners = {};
  const source = {
    scene: ({ things, photo }) => (photo ? photoScene(photo, course) : drawnScene(things, course)),
    async caption({ variant }, scene) {
      captioners[variant] ??= loadCaptioner(variant, course);
      captioners[variant].catch(() => delete captioners[variant]); // to be tried again
      return (await captioners[variant]).caption(scene.small);
    },
    icon: (shape) => icon(shape, course),
  };
  return createExplorer(element, course, source, { ...structuredClone(START), ...chosen });
}

/** Things as a Scene, see explorer.js. */
function drawnScene(things, course) {
  const ordered = inReadingOrder(things);
  const { picture: small, masks } = draw(ordered, SIZE, course);
  const large = draw(ordered, SIZE, course, ZOOM);
  const edges = { masks: large.masks, size: [SIZE.height * ZOOM, SIZE.width * ZOOM] };
  const words = captionWords(ordered);
  const owners = wordObjects(words, course);
  const why = doubt(things, masks, SIZE, course);
  return { shown: large.picture, small, size: SIZE, words, owners, masks, edges, doubt: why };
}

/** A photo as a Scene; `small` as a captioner takes it, see to_input in Python. */
function photoScene(photo, course) {
  const { width: W, height: H } = photo;
  const { stride, sides: [low, high], usualSide } = course;
  let [width, height] = [W, H];
  const fits = (side) => side % stride === 0 && side >= low && side <= high;
  if (!fits(W) || !fits(H)) {
    const scale = usualSide / Math.sqrt(W * H) / stride;
    const fitted = (side) => Math.min(Math.max(low, stride * Math.round(side * scale)), high);
    [width, height] = [fitted(W), fitted(H)];
  }
  const small = pixelsOf(resized(photo, width, height));
  return { shown: pixelsOf(photo), small, size: { width, height }, words: null, doubt: "" };
}

/** A shape as a small picture, drawn as in a scene. */
function icon(shape, course) {
  const canvas = make("canvas", { width: 40, height: 40, "aria-hidden": "true" });
  const thing = { shape, color: "black", x: 20, y: 20, radius: 16 };
  const { picture, masks } = draw([thing, { ...thing, x: -90 }], { width: 40, height: 40 }, course);
  masks[0].forEach((on, i) => (picture.data[4 * i + 3] = on ? 255 : 0));
  canvas.getContext("2d").putImageData(picture, 0, 0);
  return canvas;
}
