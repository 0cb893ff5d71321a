// Attention weights and a photo of one's own: what the axes are, which grids the keys
// allow, what is wrong, and the map on the photo. Nothing is uploaded.

import { readArrays } from "./arrays.js";
import { fill, make, menu, slider } from "./dom.js";
import { colorRange } from "./maps.js";
import { overlay } from "./overlay.js";
import { pixelsOf, readPicture } from "./own_picture.js";
import { propose, softmaxAxis } from "./rules.js";

const BLANK = 448; // pixels: the picture while there is no photo
const course = await (await fetch(new URL("./course.json", import.meta.url))).json();
const box = document.getElementById("weights");
const state = { arrays: {}, name: "", photo: null, height: "", width: "", patch: "", place: [] };

const told = make("p", { role: "status" });
const tensor = menu("Tensor", [], "", (name) => choose(name));
const numbers = [
  ["height", "Image height"],
  ["width", "Image width"],
  ["patch", "Patch"],
].map(([key, label]) => {
  const input = make("input", { type: "number", min: 1, placeholder: "unknown" });
  input.oninput = () => update({ [key]: Math.floor(Number(input.value)) });
  return make("label", { className: "field" }, make("span", {}, label), input);
});
const layout = menu("Grid", [], "", () => update());
const opacity = slider("Opacity", { min: 0, max: 1, step: 0.05 }, 1, () => update());
const axes = make("div");
const report = make("ul");
const canvas = make("canvas", { role: "img", width: BLANK, height: BLANK });
const side = make("div", { className: "side" }, tensor, ...numbers, axes, layout, opacity);
box.append(
  make("div", { className: "buttons" },
    fileButton("Choose weights", ".npy,.safetensors", takeWeights),
    fileButton("Choose a photo", "image/*", takePhoto)),
  told,
  make("div", { className: "weights" }, canvas, side),
  report,
);
box.addEventListener("dragover", (event) => event.preventDefault());
box.addEventListener("drop", async (event) => {
  event.preventDefault();
  for (const file of event.dataTransfer.files) {
    await (/\.(npy|safetensors)$/.test(file.name) ? takeWeights(file) : takePhoto(file));
  }
});
side.hidden = true;
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
  return saying(file, async () => update({ photo: pixelsOf(await readPicture(file)) }));
}

function takeWeights(file) {
  return saying(file, async () => {
    const arrays = readArrays(file.name, await file.arrayBuffer());
    if (!Object.values(arrays).some(({ data }) => data.length)) throw new Error("it is empty");
    state.arrays = arrays;
    side.hidden = false;
    choose(Object.keys(arrays)[0]);
  });
}

/** Another tensor: fields for its axes. */
function choose(name) {
  const { shape } = state.arrays[name];
  const axis = softmaxAxis(state.arrays[name]);
  state.keys = axis ?? shape.length - 1;
  state.evidence = axis === null ? "by convention: no axis sums to 1" : "the weights sum to 1 along it";
  state.place = shape.map(() => 0);
  const fields = shape.map((size, i) => {
    const isKeys = i === state.keys;
    const options = isKeys ? [[0, `${size} keys`]] : [...Array(size).keys()];
    return menu(`Axis ${i}`, options, 0, (value) => {
      state.place[i] = Number(value);
      update();
    });
  });
  axes.replaceChildren(...fields);
  update({ name });
}

function update(changes = {}) {
  Object.assign(state, changes);
  fill(tensor.lastChild, Object.keys(state.arrays), state.name);
  if (!state.name) return draw(null);
  const array = state.arrays[state.name];
  const N = array.shape[state.keys];
  const size = state.height && state.width ? [state.height, state.width] : null;
  const proposals = propose(N, size, state.patch || null, course.doctor);
  const names = proposals.map(
    ({ h, w, extras, source }, i) => [`${i}`, `${h} × ${w}, ${course.doctor.extras[extras]} (${source})`],
  );
  const chosen = Math.max(0, Math.min(Number(layout.lastChild.value) || 0, names.length - 1));
  fill(layout.lastChild, names.length ? names : [["0", "no grid fits"]], `${chosen}`);
  report.replaceChildren(...sentences(array, N, names).map((text) => make("li", {}, text)));
  draw(proposals[chosen] && { ...proposals[chosen], row: rowOf(array) });
}

/** The weights of the chosen place along the axis of the keys. */
function rowOf({ shape, data }) {
  const strides = shape.map((_, i) => shape.slice(i + 1).reduce((a, b) => a * b, 1));
  const start = state.place.reduce((sum, n, i) => sum + (i === state.keys ? 0 : n * strides[i]), 0);
  return Float32Array.from({ length: shape[state.keys] }, (_, n) => data[start + n * strides[state.keys]]);
}

/** What is known, how, and what is wrong. */
function sentences({ shape, data }, N, names) {
  const last = shape.length - 1;
  const said = [`Shape (${shape.join(", ")}). The keys are axis ${state.keys}: ${state.evidence}.`];
  const bad = data.reduce((sum, value) => sum + !Number.isFinite(value), 0);
  if (bad) said.push(`${bad} values are NaN or infinite: look at rows whose keys are all masked.`);
  if (data.some((value) => value < 0)) {
    said.push("There are negative values: these are scores before the softmax, or differences.");
  } else if (state.evidence.startsWith("by convention")) {
    said.push("No axis sums to 1: dropout, a selection of keys, or no weights of attention.");
  }
  if (state.keys !== last) said.push(`Only axis ${state.keys} sums to 1, and the keys should be last.`);
  if (!names.length) said.push(`${N} keys fit no grid with the usual other keys in front.`);
  else said.push(`${names.length} grids count to ${N} keys. A count proves none of them: name image size and patch, or find the layout by experiment (probe_layout).`);
  return said;
}

function draw(proposal) {
  const photo = state.photo ?? blank(proposal);
  const row = proposal?.row;
  const map = row?.slice(proposal.extras).map((value) => (Number.isFinite(value) ? value : 0));
  const scale = map && colorRange([map], course.ink.even);
  const style = { upsampling: "bilinear", opacity: Number(opacity.lastChild.value), scale };
  const shown = map ? overlay(photo, map, [proposal.h, proposal.w], style, course.ink) : photo;
  Object.assign(canvas, { width: shown.width, height: shown.height });
  canvas.getContext("2d").putImageData(shown, 0, 0);
  canvas.setAttribute("aria-label", map ? "the chosen row of weights on the picture" : "no map yet");
}

function blank(proposal) {
  const height = proposal ? Math.round((BLANK * proposal.h) / proposal.w) : BLANK;
  const picture = new ImageData(BLANK, height);
  picture.data.fill(235);
  for (let i = 3; i < picture.data.length; i += 4) picture.data[i] = 255;
  return picture;
}
draw(null);
