// Attention weights and a photo of one's own: what the doctor says of them, and the map on
// the photo, by the layout that was chosen. Nothing is uploaded.

import { readArrays } from "./arrays.js";
import { fill, make, menu, slider } from "./dom.js";
import { colorRange } from "./maps.js";
import { overlay } from "./overlay.js";
import { pixelsOf, readPicture } from "./own_picture.js";
import { call } from "./python.js";
import { showReport } from "./report.js";

const BLANK = 448; // pixels: the picture while there is no photo
const SHOWN = 12; // layouts
const FACTS = {
  height: "Image height",
  width: "Image width",
  patch_size: "Patch",
  batch: "Images in the batch",
  heads: "Heads",
  model: "Name of the model",
};
const course = await (await fetch(new URL("./course.json", import.meta.url))).json();
const box = document.getElementById("weights");
const state = { arrays: {}, array: null, report: null, photo: null, facts: {}, place: [] };

const told = make("p", { role: "status" });
const tensor = menu("Tensor", [], "", (name) => choose(name));
const numbers = Object.entries(FACTS).map(([name, label]) => {
  const type = name === "model" ? "text" : "number";
  const input = make("input", { type, min: 1, placeholder: "unknown" });
  input.onchange = () => {
    state.facts[name] = type === "text" ? input.value.trim() : Math.floor(Number(input.value));
    if (state.array) examine().catch((error) => (told.textContent = `${error.message}.`));
  };
  return make("label", { className: "field" }, make("span", {}, label), input);
});
const layout = menu("Layout", [], "", () => draw());
const frame = menu("Frame", [], "", () => draw());
const opacity = slider("Opacity", { min: 0, max: 1, step: 0.05 }, 1, () => draw());
const places = make("div");
const found = make("div", { className: "found" });
const canvas = make("canvas", { role: "img", width: BLANK, height: BLANK });
const known = make("div", { className: "facts" }, ...numbers);
const side = make("div", { className: "side" }, tensor, places, layout, frame, opacity);
const buttons = make(
  "div",
  { className: "buttons" },
  fileButton("Choose weights", ".npy,.safetensors", takeWeights),
  fileButton("Choose a photo", "image/*", takePhoto),
);
box.append(buttons, told, known, make("div", { className: "weights" }, canvas, side), found);
box.addEventListener("dragover", (event) => event.preventDefault());
box.addEventListener("drop", async (event) => {
  event.preventDefault();
  for (const file of event.dataTransfer.files) {
    await (/\.(npy|safetensors)$/.test(file.name) ? takeWeights(file) : takePhoto(file));
  }
});
side.hidden = true;
draw();
box.classList.add("ready");

function fileButton(text, accept, take) {
  const input = make("input", { type: "file", accept });
  input.onchange = () => input.files[0] && take(input.files[0]);
  return make("label", { className: "button" }, text, input);
}

/** Say what became of a file; an error changes nothing else. */
async function saying(file, work) {
  try {
    await work();
    told.textContent = `${file.name}: it did not leave this page.`;
  } catch (error) {
    told.textContent = `${file.name} was not taken: ${error.message}.`;
  }
}

function takePhoto(file) {
  return saying(file, async () => {
    state.photo = pixelsOf(await readPicture(file));
    draw();
  });
}

function takeWeights(file) {
  return saying(file, async () => {
    const arrays = readArrays(file.name, await file.arrayBuffer());
    if (!Object.values(arrays).some(({ data }) => data.length)) throw new Error("it is empty");
    state.arrays = arrays;
    fill(tensor.lastChild, Object.keys(arrays), Object.keys(arrays)[0]);
    await choose(Object.keys(arrays)[0]);
    side.hidden = false;
  });
}

async function choose(name) {
  state.array = state.arrays[name];
  await examine();
}

/** Ask the doctor about the tensor, with what is known of it. */
async function examine() {
  const { shape, dtype, data } = state.array;
  const { height, width, ...others } = state.facts;
  const facts = Object.entries(others).filter(([, known]) => known);
  if (height && width) facts.push(["image_size", [height, width]]);
  told.textContent = "The doctor looks at it …";
  const asked = JSON.stringify({ shape, dtype, ...Object.fromEntries(facts) });
  const report = JSON.parse(await call("doctor", "as_json", asked, data));
  found.replaceChildren(...showReport(report));
  const names = report.candidates.slice(0, SHOWN).map(({ text }, i) => [`${i}`, text]);
  fill(layout.lastChild, names.length ? names : [["0", "no layout fits"]], "0");
  state.report = report;
  told.textContent = "The doctor has looked at it; it did not leave this page.";
  choosePlaces();
  draw();
}

/** The axes that are chosen from, and the one along which the keys lie. */
function axesOf({ shape }, { axes }) {
  const names = shape.map((_, i) => axes[i]?.name ?? `axis ${i}`);
  if (names.at(-2) === "rows") {
    const cells = shape.at(-2) * shape.at(-1); // a grid already: its cells are the keys
    return { shape: [...shape.slice(0, -2), cells], names: names.slice(0, -1), keys: shape.length - 2 };
  }
  const keys = names.indexOf("keys");
  return { shape, names, keys: keys < 0 ? shape.length - 1 : keys };
}

/** A menu for each axis but that of the keys, and one for the frames. */
function choosePlaces() {
  const { shape, names, keys } = axesOf(state.array, state.report);
  state.place = shape.map((size, i) => Math.min(state.place[i] ?? 0, size - 1));
  const menus = shape.map((size, i) => {
    const choose = (value) => {
      state.place[i] = Number(value);
      draw();
    };
    return i === keys ? "" : menu(`${names[i]}, axis ${i}`, [...Array(size).keys()], state.place[i], choose);
  });
  places.replaceChildren(...menus.filter(Boolean));
}

/** The weights of the chosen place along the axis of the keys. */
function rowOf(array, report) {
  const { shape, keys } = axesOf(array, report);
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const start = state.place.reduce((sum, n, i) => sum + (i === keys ? 0 : n * strides[i]), 0);
  return Float32Array.from({ length: shape[keys] }, (_, n) => array.data[start + n * strides[keys]]);
}

function draw() {
  const chosen = state.report?.candidates[Number(layout.lastChild.value)];
  const [t, h, w] = [1, ...(chosen?.grid ?? [1, 1])].slice(-3);
  fill(frame.lastChild, [...Array(t).keys()], Math.min(Number(frame.lastChild.value), t - 1));
  frame.hidden = t === 1;
  const photo = state.photo ?? blank(h / w);
  let shown = photo;
  if (chosen) {
    const row = rowOf(state.array, state.report);
    const from = Number(frame.lastChild.value) * h * w;
    const keys = chosen.index.slice(from, from + h * w);
    const map = Float32Array.from(keys.map((key) => row[key]), (value) => (Number.isFinite(value) ? value : 0));
    const scale = colorRange([map], course.ink.even);
    const style = { upsampling: "bilinear", opacity: Number(opacity.lastChild.value), scale };
    shown = overlay(photo, map, [h, w], style, course.ink);
  }
  Object.assign(canvas, { width: shown.width, height: shown.height });
  canvas.getContext("2d").putImageData(shown, 0, 0);
  const what = chosen ? `the chosen row of weights on the picture, ${h} x ${w} cells` : "no map yet";
  canvas.setAttribute("aria-label", what);
}

/** A plain picture of a shape: height / width. */
function blank(shape) {
  const picture = new ImageData(BLANK, Math.round(BLANK * shape));
  picture.data.fill(235);
  for (let i = 3; i < picture.data.length; i += 4) picture.data[i] = 255;
  return picture;
}
