// What stands around the stage: the words with their maps, the score, the controls.

import { checkbox, choice, fill, make, menu, slider } from "./dom.js";
import { UPSAMPLE } from "./maps.js";
import { ownPicture } from "./own_picture.js";

/**
 * Build all of it in `element`; `change` takes changes of the state.
 * @returns {{stage: HTMLElement, update: Function}}
 */
export function buildControls(element, world, source, state, change) {
  const stage = make("div");
  const words = wordButtons(change);
  const verdict = make("p", { className: "verdict", role: "status" });
  const measured = scoreBoard();
  const thing = state.things && thingControls(world, source, state, change);
  const settings = settingControls(world, state, change);
  const own = world.kept ? [ownPicture(world, stage, change)] : [];
  const side = make("div", { className: "side" }, words.box, verdict, measured.box);
  const panels = [...(thing ? [thing.box] : []), settings.box, ...own];
  const below = make("div", { className: "panels" }, ...panels);
  element.replaceChildren(stage, side, below);

  function update(state, scene, caption, view, fault) {
    words.update(caption.words, view);
    const told = fault && `${fault}. The picture before is shown.`;
    say(verdict, told || verdictOf(state, scene, caption, view));
    measured.update(view);
    thing?.update(state);
    settings.update(state, caption);
  }
  return { stage, update };
}

/** Set a text only where it changes: a screen reader says it again otherwise. */
function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function verdictOf({ photo }, scene, caption, view) {
  const said = `It says: ${caption.words.join(" ")}.`;
  if (photo) return `${said} A captioner of scenes calls everything a scene.`;
  if (!scene.words) return said;
  if (scene.doubt) return `${said} Nobody can say whether that is right: ${scene.doubt}.`;
  return view.right
    ? `${said} Right, word for word.`
    : `${said} Wrong: the scene shows ${scene.words.join(" ")}.`;
}

/** The caption: a button a word, each with the word's map; arrow keys go along. */
function wordButtons(change) {
  const box = make("div", { className: "words", role: "radiogroup" });
  box.setAttribute("aria-label", "Words of the caption");
  let chosen = 0;
  box.addEventListener("keydown", (event) => {
    const T = box.children.length;
    const to = {
      ArrowRight: (chosen + 1) % T,
      ArrowDown: (chosen + 1) % T,
      ArrowLeft: (chosen + T - 1) % T,
      ArrowUp: (chosen + T - 1) % T,
      Home: 0,
      End: T - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    change({ word: to });
    box.children[to].focus();
  });
  function update(texts, { word, thumbnails }) {
    chosen = word;
    while (box.children.length > texts.length) box.lastChild.remove();
    texts.forEach((text, t) => {
      const button = box.children[t] ?? box.appendChild(wordButton(t, change));
      const [canvas, label] = button.children;
      say(label, text);
      button.setAttribute("aria-checked", t === word);
      button.tabIndex = t === word ? 0 : -1;
      const { width, height } = thumbnails[t];
      if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
      canvas.getContext("2d").putImageData(thumbnails[t], 0, 0);
    });
  }
  return { box, update };
}

function wordButton(t, change) {
  const onclick = () => change({ word: t });
  const canvas = make("canvas", { "aria-hidden": "true" });
  return make("button", { type: "button", role: "radio", onclick }, canvas, make("span"));
}

/** Pixels off the object, and the share of the map on it. */
function scoreBoard() {
  const [off, mass] = [make("dd"), make("dd")];
  const numbers = make(
    "dl",
    {},
    make("div", {}, make("dt", {}, "from the peak to the object"), off),
    make("div", {}, make("dt", {}, "of the map on the object"), mass),
  );
  const said = make("p", { className: "said" });
  const box = make("div", { className: "score" }, numbers, said);
  function update({ measured, said: text, scale, owner, right }) {
    say(off, measured ? `${Math.round(measured.off)} px` : "–");
    say(mass, measured ? `${Math.round(100 * measured.mass)} %` : "–");
    numbers.classList.toggle("miss", Boolean(measured?.off));
    const none = right && owner === null ? " This word names no object." : "";
    const range = `Colours from ${scale[0].toPrecision(2)} to ${scale[1].toPrecision(2)}.`;
    say(said, `${text}.${none} ${range.replace("0.0 to", "0 to")}`);
  }
  return { box, update };
}

/** Shape, colour and size of the chosen object. */
function thingControls(world, source, state, change) {
  const edit = (changes) => {
    const things = state.things.map((one, i) => (i === state.chosen ? { ...one, ...changes } : one));
    change({ things });
  };
  const names = [make("span", {}, "first object"), make("span", {}, "second object")];
  const which = choice("Object", "which", [0, 1], (index) => names[index], (chosen) =>
    change({ chosen }),
  );
  which.classList.add("texts");
  const icon = source.icon ?? ((value) => value);
  const shape = choice("Shape", "shape", world.shapes, icon, (value) => edit({ shape: value }));
  shape.classList.toggle("texts", !source.icon);
  const color = choice("Colour", "color", Object.keys(world.colors), (value) => {
    const swatch = make("span", { className: "swatch" });
    swatch.style.background = `rgb(${world.colors[value].join()})`;
    return swatch;
  }, (value) => edit({ color: value }));
  const radius = slider("Size", world.radius, 0, (value) => edit({ radius: value }));
  const box = make("section", {}, make("h2", {}, "The objects"), which, shape, color, radius);
  function update({ things, chosen, photo }) {
    box.hidden = Boolean(photo);
    things.forEach((one, i) => say(names[i], `${one.color} ${one.shape}`));
    which.choose(chosen);
    shape.choose(things[chosen].shape);
    color.choose(things[chosen].color);
    radius.lastChild.value = things[chosen].radius;
  }
  return { box, update };
}

/** Variant, layer, head, and how the map is drawn. */
function settingControls(world, state, change) {
  const number = (value) => (value === "mean" ? value : Number(value));
  const variant = menu("Attention", world.variants, state.variant, (variant) => change({ variant }));
  const layer = menu("Layer", ["mean"], "mean", (value) => change({ layer: number(value) }));
  const head = menu("Head", ["mean"], "mean", (value) => change({ head: number(value) }));
  const upsampling = menu("Upsampling", UPSAMPLE, state.upsampling, (upsampling) => change({ upsampling }));
  const opacity = slider("Opacity", { min: 0, max: 1, step: 0.05 }, state.opacity, (opacity) =>
    change({ opacity }),
  );
  const shared = checkbox("one scale for all words", state.shared, (shared) => change({ shared }));
  const cells = checkbox("cells with their percent", state.cells, (cells) => change({ cells }));
  const fields = [variant, layer, head, upsampling, opacity, shared, cells];
  const box = make("section", {}, make("h2", {}, "The map"), ...fields);
  function update(state, { shape: { L, A } }) {
    variant.lastChild.value = state.variant;
    const options = (count) => (count > 1 ? ["mean", ...Array(count).keys()] : [["mean", "only one"]]);
    fill(layer.lastChild, options(L), L > 1 ? state.layer : "mean");
    fill(head.lastChild, options(A), A > 1 ? state.head : "mean");
  }
  return { box, update };
}
