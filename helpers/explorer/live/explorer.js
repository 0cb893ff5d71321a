// The live scene: what is chosen, and what follows from it. Every change ends in
// `request`; pictures are made one at a time, and always of the newest state.

import { loadCaptioner } from "./captioner.js";
import { buildControls } from "./controls.js";
import { allMaps, colorRange, largest, peakCell, score } from "./maps.js";
import { overlay } from "./overlay.js";
import { captionWords, doubt, draw, inReadingOrder, wordObjects } from "./scene.js";
import { cellGrid, createStage, frame, outline } from "./stage.js";

const ZOOM = 4; // pixels shown for a pixel of the scene

export const START = {
  things: [
    { shape: "star", color: "red", x: 35, y: 36, radius: 20 },
    { shape: "circle", color: "blue", x: 85, y: 55, radius: 15 },
  ],
  size: { width: 112, height: 112 },
  photo: null, // ImageData for the captioner and for the eye, in place of the things
  chosen: 0, // which of the things
  word: 2,
  variant: "additive",
  layer: "mean",
  head: "mean",
  upsampling: "bilinear",
  opacity: 1,
  shared: true, // one colour scale for all words
  cells: false,
};

/**
 * Build the explorer in `element`; resolves once the first caption is on the page.
 * @param {object} course what Python says, see tools/site/live.py
 * @param {object} chosen what differs from START
 */
export async function createExplorer(element, course, chosen = {}) {
  const state = { ...structuredClone(START), ...chosen };
  const captioners = {};
  const controls = buildControls(element, course, state, change);
  const stage = createStage(controls.stage, {
    onMove: (index, x, y) => {
      Object.assign(state.things[index], { x, y });
      request(true);
    },
    onChoose: (index) => change({ chosen: index }),
  });
  let [wanted, running] = [null, null];
  let [scene, caption] = [describe(state, course), null];

  /** Take a change of the state over; what it touches decides what is made anew. */
  function change(changes) {
    Object.assign(state, changes);
    return request(["things", "photo", "variant"].some((name) => name in changes));
  }

  function request(picture) {
    wanted = { picture: picture || wanted?.picture };
    running ??= work().finally(() => (running = null));
    return running;
  }

  async function work() {
    while (wanted) {
      const { picture } = wanted;
      wanted = null;
      if (picture) {
        scene = describe(state, course);
        caption = await (await captionerOf(state.variant)).caption(scene.input);
        if (!caption.words.length) throw new Error(`${state.variant} says nothing about it`);
      }
      show();
      explorer.onShow();
      await new Promise(requestAnimationFrame);
    }
  }

  function captionerOf(name) {
    captioners[name] ??= loadCaptioner(name, course);
    captioners[name].catch(() => delete captioners[name]); // to be tried again
    return captioners[name];
  }

  function show() {
    const view = look(state, course, scene, caption);
    stage.place(state.photo ? [] : handlesOf(state.things), scene.size);
    stage.show(view.picture, view.said, view.above);
    controls.update(state, scene, caption, view);
  }

  // idle: resolves when all is shown; onShow: called at every picture.
  const explorer = { state, change, idle: () => running, onShow: () => {} };
  stage.show(scene.shown, "the scene, before it is captioned");
  await request(true);
  return explorer;
}

const handlesOf = (things) =>
  things.map((thing) => ({ ...thing, name: `the ${thing.color} ${thing.shape}` }));

/** The picture of a state for the captioner and for the eye, and the truth about it. */
function describe({ things, size, photo }, course) {
  if (photo) return { ...photo, words: null, doubt: "" };
  const ordered = inReadingOrder(things);
  const { picture: input, masks } = draw(ordered, size, course);
  const large = draw(ordered, size, course, ZOOM);
  const words = captionWords(ordered);
  const why = doubt(things, masks, size, course);
  return { input, shown: large.picture, masks, edges: large.masks, words, doubt: why, size };
}

/** What is to be seen of one word: the picture with its map, and what is said of it. */
function look(state, course, scene, caption) {
  const { h, w, T } = caption.shape;
  const word = Math.min(state.word, T - 1);
  const maps = allMaps(caption, state.layer, state.head);
  const map = maps[word];
  const scaleOf = (t) => colorRange(state.shared ? maps : [maps[t]], course.ink.even);
  const lay = (picture, t) =>
    overlay(picture, maps[t], [h, w], { ...state, scale: scaleOf(t) }, course.ink);
  const picture = lay(scene.shown, word);
  const thumbnails = maps.map((_, t) => lay(scene.input, t));
  const right = scene.words && caption.words.join() === scene.words.join();
  const owner = right ? wordObjects(caption.words, course)[word] : null;
  const peak = peakCell(map, w);
  let above = state.cells ? cellGrid(map, [h, w], scene.size) : "";
  let measured = null;
  if (owner !== null) {
    const { width: W, height: H } = scene.size;
    above += outline(scene.edges[owner], [H * ZOOM, W * ZOOM], scene.size);
    measured = score(map, [h, w], scene.masks[owner], [H, W]);
  }
  if (peak) above += frame(peak, [h, w], scene.size);
  const said = inWords(caption.words[word], map, peak);
  return { word, picture, thumbnails, right, owner, measured, above, said, scale: scaleOf(word) };
}

function inWords(word, map, peak) {
  const high = largest(map);
  if (!peak) return `“${word}”: ${high.toFixed(3)} in each of ${map.length} cells`;
  const times = Math.round(high * map.length);
  const where = `row ${peak[0]}, column ${peak[1]}`;
  return `“${word}” looks most at ${where}: ${high.toFixed(3)}, ${times} times an even share`;
}
