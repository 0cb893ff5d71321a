// The captioners: an encoder and a decoder step each, run by onnxruntime-web.
// Names as in helpers/captioning; the search for words is that of Captioner.captions.

import * as ort from "./ort/ort.wasm.bundle.min.mjs";

ort.env.wasm.numThreads = 1; // more would need headers that a plain server does not send

/** The runtime, a quarter of its size on the way: plain servers do not compress. */
const runtime = fetch(new URL("./ort/runtime.wasm.gz", import.meta.url)).then((answer) =>
  new Response(answer.body.pipeThrough(new DecompressionStream("gzip"))).arrayBuffer(),
);

async function load(path) {
  const answer = await fetch(new URL(path, import.meta.url));
  if (!answer.ok) throw new Error(`${path} is missing on this server`);
  return new Uint8Array(await answer.arrayBuffer());
}

/**
 * What a captioner said, and where it looked.
 * @typedef {object} Caption
 * @property {string[]} words T of them
 * @property {Float32Array} weights (L, A, T, N); a recurrent decoder has L = A = 1
 * @property {{L: number, A: number, T: number, h: number, w: number}} shape
 */

/**
 * Load one of course.variants.
 * @returns {Promise<{variant: string, caption: (picture: ImageData) => Promise<Caption>}>}
 */
export async function loadCaptioner(variant, course) {
  const files = ["encoder", "step"].map((part) => load(`./models/${variant}-${part}.onnx`));
  ort.env.wasm.wasmBinary ??= await runtime;
  const create = async (file) => ort.InferenceSession.create(await file);
  const [encoder, step] = await Promise.all(files.map(create));
  const search = variant === "transformer" ? searchAtOnce(step, course) : searchByStep(step, course);
  async function caption(picture) {
    const { width: W, height: H } = picture;
    const [h, w] = [H / course.stride, W / course.stride];
    const images = new ort.Tensor("float32", toInput(picture), [1, 3, H, W]);
    const { ids, weights, L, A } = await search(await encoder.run({ images }), h * w);
    const words = ids.map((id) => course.vocabulary[id]);
    return { words, weights, shape: { L, A, T: words.length, h, w } };
  }
  return { variant, caption };
}

/** RGBA levels as the encoder takes them: (3, H, W) in -1..1. */
export function toInput({ data, width, height }) {
  const area = width * height;
  const input = new Float32Array(3 * area);
  for (let i = 0; i < area; i++) {
    for (let c = 0; c < 3; c++) input[c * area + i] = data[4 * i + c] / 127.5 - 1;
  }
  return input;
}

/** A recurrent decoder: one step a word. */
function searchByStep(step, course) {
  return async ({ state, ...encoded }, N) => {
    const [ids, maps] = [[], []];
    let id = course.start;
    while (ids.length < course.longest) {
      const word = new ort.Tensor("int32", [id], [1]);
      const found = await step.run({ ...encoded, state, word });
      state = found.next;
      id = likeliest(found.logits.data, 0, course.vocabulary.length);
      if (id === course.end) break;
      ids.push(id);
      maps.push(found.weights.data);
    }
    const weights = new Float32Array(ids.length * N);
    maps.forEach((map, t) => weights.set(map, t * N));
    return { ids, weights, L: 1, A: 1 };
  };
}

/**
 * A transformer scores the next word at every place at once. So the caption of the last
 * picture is tried first: where the likeliest word agrees, its place is done, and where
 * it does not, that word is changed and the rest tried again. The words are those of the
 * search one by one, since a place sees only the words before it.
 */
function searchAtOnce(step, course) {
  const V = course.vocabulary.length;
  let guess = [];
  return async ({ cells }, N) => {
    for (let ids = [course.start, ...guess]; ; ) {
      const words = new ort.Tensor("int32", ids, [1, ids.length]);
      const found = await step.run({ cells, words });
      const [, L, A, rows] = found.weights.dims;
      let t = 0; // the first place whose next word is not the one that was tried
      let id = likeliest(found.logits.data, t, V);
      while (id === ids[t + 1]) id = likeliest(found.logits.data, ++t, V);
      if (id === course.end || t === course.longest) {
        guess = ids.slice(1, t + 1);
        return { ids: guess, weights: firstRows(found.weights.data, t, rows, N), L, A };
      }
      ids = [...ids.slice(0, t + 1), id, ...ids.slice(t + 2)].slice(0, course.longest + 1);
    }
  };
}

/** The number of the largest of V scores, in row t. */
function likeliest(logits, t, V) {
  let best = 0;
  for (let i = 1; i < V; i++) if (logits[t * V + i] > logits[t * V + best]) best = i;
  return best;
}

/** The first T of `rows` rows of N numbers, in each of the blocks. */
function firstRows(data, T, rows, N) {
  const blocks = data.length / (rows * N);
  const kept = new Float32Array(blocks * T * N);
  for (let b = 0; b < blocks; b++) {
    kept.set(data.subarray(b * rows * N, (b * rows + T) * N), b * T * N);
  }
  return kept;
}
