// The explorer: what is chosen, and what follows from it. On the site's page and in a
// notebook; where its scenes and captions come from, a `source` knows.

import { buildControls } from "./controls.js";
import { allMaps, colorRange, largest, peakCell, score } from "./maps.js";
import { overlay } from "./overlay.js";
import { cellGrid, createStage, frame, outline } from "./stage.js";

const START = {
  things: null, // what can be moved: {shape, color, x, y, radius}, x and y in pixels
  photo: null, // a canvas, in place of the things
  chosen: 0, // which of the things
  word: 0,
  layer: "mean",
  head: "mean",
  upsampling: "bilinear",
  opacity: 1,
  shared: true, // one colour scale for all words
  cells: false,
};

/**
 * A picture, and the truth about it where that is known.
 * @typedef {object} Scene
 * @property {ImageData} shown for the eye
 * @property {ImageData} small the same, for thumbnails
 * @property {{width: number, height: number}} size in pixels of the scene
 * @property {string[] | null} words what is to be seen
 * @property {(number | null)[]} owners for each of the words, which mask it names
 * @property {Uint8Array[]} masks (H, W) in pixels of the scene; 1 on the object
 * @property {{masks: Uint8Array[], size: number[]}} edges finer masks, for outlines
 * @property {number[]} [reach] pixels: how far the things reach, if not their radius
 * @property {string} doubt why nobody can say whether the words are right; or ""
 */

/**
 * Build the explorer in `element`; resolves once the first caption is shown.
 * @param {object} world what there is to choose from: variants, shapes, colors, radius, ...
 * @param {{scene: Function, caption: Function}} source scene(state) gives a Scene, and
 *   caption(state, scene) a Caption, see captioner.js; both may be promises
 * @param {object} chosen variant, and what differs from START
 */
export async function createExplorer(element, world, source, chosen) {
  const state = { ...START, ...chosen };
  element.classList.add("explorer");
  const controls = buildControls(element, world, source, state, change);
  const stage = createStage(controls.stage, {
    onMove: (index, x, y) => {
      Object.assign(state.things[index], { x, y });
      stage.place(handlesOf(state, scene), scene.size);
      request(true);
    },
    onChoose: (index) => change({ chosen: index }),
  });
  let [wanted, running, caption, fault] = [null, null, null, ""];
  let scene = await source.scene(state);
  let first = scene;

  /** Take a change of the state over; what it touches decides what is made anew. */
  function change(changes) {
    const before = { photo: state.photo, variant: state.variant };
    Object.assign(state, changes);
    const picture = ["things", "photo", "variant"].some((name) => name in changes);
    return request(picture, before);
  }

  /** Resolves when all is shown, to "" or to why the newest picture could not be. */
  function request(picture, before = {}) {
    wanted = { picture: picture || wanted?.picture, before: wanted?.before ?? before };
    element.setAttribute("aria-busy", true);
    running ??= work().finally(() => {
      running = null;
      element.setAttribute("aria-busy", false);
    });
    return running;
  }

  /** Pictures are made one at a time, and always of the newest state. */
  async function work() {
    while (wanted) {
      const { picture, before } = wanted;
      wanted = null;
      try {
        if (picture) await renew();
      } catch (error) {
        if (!caption) throw error;
        fault = error.message;
        Object.assign(state, before);
      }
      show();
      explorer.onShow();
      await new Promise(requestAnimationFrame);
    }
    return fault;
  }

  async function renew() {
    const next = first ?? (await source.scene(state));
    first = null;
    const found = await source.caption(state, next);
    if (!found.words.length) throw new Error(`${state.variant} says nothing about it`);
    [scene, caption, fault] = [next, found, ""];
  }

  function show() {
    const view = look(state, world, scene, caption);
    stage.place(handlesOf(state, scene), scene.size);
    stage.show(view.picture, view.said, view.above);
    controls.update(state, scene, caption, view, fault);
  }

  // idle: resolves when all is shown; onShow: called at every picture.
  const explorer = { state, change, idle: () => running, onShow: () => {} };
  stage.show(scene.shown, "the scene, before it is captioned");
  await request(true);
  return explorer;
}

function handlesOf({ things, photo }, { reach }) {
  if (photo || !things) return [];
  const name = (thing) => `the ${thing.color} ${thing.shape}`;
  return things.map((thing, i) => ({ ...thing, name: name(thing), radius: reach?.[i] ?? thing.radius }));
}

/** What is to be seen of one word: the picture with its map, and what is said of it. */
function look(state, world, scene, caption) {
  const { words, shape: { h, w, T } } = caption;
  const word = Math.min(state.word, T - 1);
  const maps = allMaps(caption, state.layer, state.head);
  const map = maps[word];
  const scaleOf = (t) => colorRange(state.shared ? maps : [maps[t]], world.ink.even);
  const lay = (picture, t) =>
    overlay(picture, maps[t], [h, w], { ...state, scale: scaleOf(t) }, world.ink);
  const picture = lay(scene.shown, word);
  const thumbnails = maps.map((_, t) => lay(scene.small, t));
  const right = scene.words && words.join() === scene.words.join();
  const owner = words[word] === scene.words?.[word] ? scene.owners[word] : null;
  const peak = peakCell(map, w);
  let above = state.cells ? cellGrid(map, [h, w], scene.size) : "";
  let measured = null;
  if (owner !== null) {
    const { width: W, height: H } = scene.size;
    above += outline(scene.edges.masks[owner], scene.edges.size, scene.size);
    measured = score(map, [h, w], scene.masks[owner], [H, W]);
  }
  if (peak) above += frame(peak, [h, w], scene.size);
  const said = inWords(words[word], map, peak);
  return { word, picture, thumbnails, right, owner, measured, above, said, scale: scaleOf(word) };
}

function inWords(word, map, peak) {
  const high = largest(map);
  if (!peak) return `“${word}”: ${high.toFixed(3)} in each of ${map.length} cells`;
  const times = Math.round(high * map.length);
  const where = `row ${peak[0]}, column ${peak[1]}`;
  return `“${word}” looks most at ${where}: ${high.toFixed(3)}, ${times} times an even share`;
}
