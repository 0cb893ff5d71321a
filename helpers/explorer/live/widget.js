// The explorer in a notebook: scenes and captions come from the kernel, see explorer.py.

import { createExplorer } from "./explorer.js";
import { upsample } from "./maps.js";
import { pixelsOf, readPicture, resized } from "./own_picture.js";

const PATIENCE = 30; // seconds for the kernel to answer
const FINE = 3; // points of an outline for a pixel of the scene
const SMALL = 112; // pixels: the longer side of a thumbnail
const KEPT = ["word", "layer", "head", "upsampling", "opacity", "shared", "cells"];

/** What anywidget calls for every view of an Explorer. */
async function render({ model, el }) {
  const [world, last] = [model.get("world"), model.get("seen")];
  let ready = last; // for the first view there is nothing to ask
  const source = {
    async scene(state) {
      const seen = ready ?? (await ask(model, state));
      ready = null;
      return asScene(seen);
    },
    caption: (_, scene) => scene.caption,
  };
  const photo = last.photo ? await readPicture(new Blob([last.picture])) : null;
  const things = structuredClone(last.things ?? world.things);
  el.dataset.lmSuppressShortcuts = "true"; // JupyterLab leaves the arrow keys alone
  el.classList.add("in-notebook");
  const chosen = { ...model.get("chosen"), variant: last.variant, things, photo };
  const explorer = await createExplorer(el, world, source, chosen);
  explorer.onShow = () => {
    const kept = Object.fromEntries(KEPT.map((name) => [name, explorer.state[name]]));
    if (JSON.stringify(kept) === JSON.stringify(model.get("chosen"))) return;
    model.set("chosen", kept); // for another view, or the page loaded anew
    model.save_changes();
  };
}

/** Ask the kernel for a state: what it has seen, or an Error in its words. */
async function ask(model, { variant, things, photo }) {
  const blob = photo && (await new Promise((take) => photo.toBlob(take)));
  const number = Math.random();
  const asked = { number, variant, things, photo: blob && (await blob.arrayBuffer()) };
  return new Promise((resolve, reject) => {
    const late = "The kernel does not answer: is it at work, or gone?";
    const clock = setTimeout(() => end(reject, new Error(late)), 1000 * PATIENCE);
    const hear = () => {
      const answer = model.get("answered");
      if (answer.number !== number) return;
      if (answer.fault) end(reject, new Error(answer.fault));
      else end(resolve, model.get("seen"));
    };
    function end(settle, value) {
      clearTimeout(clock);
      model.off("change:answered", hear);
      settle(value);
    }
    model.on("change:answered", hear);
    model.set("asked", asked);
    model.save_changes();
  });
}

/** What the kernel has seen as a Scene, with the caption in it. */
async function asScene(seen) {
  const picture = await readPicture(new Blob([seen.picture]));
  const { width: W, height: H } = seen.size;
  const scale = SMALL / Math.max(W, H);
  const all = bytesOf(seen.masks);
  const masks = Array.from({ length: all.length / (W * H) }, (_, i) =>
    all.subarray(i * W * H, (i + 1) * W * H),
  );
  const size = [FINE * H, FINE * W];
  const fine = (mask) =>
    upsample(Float32Array.from(mask), [H, W], size, "bilinear").map((share) => share > 0.5);
  return {
    ...seen,
    shown: pixelsOf(picture),
    small: pixelsOf(resized(picture, Math.ceil(W * scale), Math.ceil(H * scale))),
    words: seen.truth,
    masks,
    edges: { masks: masks.map(fine), size },
    doubt: "",
    caption: { ...seen, weights: new Float32Array(bytesOf(seen.weights).slice().buffer) },
  };
}

const bytesOf = ({ buffer, byteOffset, byteLength }) => new Uint8Array(buffer, byteOffset, byteLength);

export default { render };
