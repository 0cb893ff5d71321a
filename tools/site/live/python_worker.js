// Pyodide, and in it the part of the course that needs no torch. See python.js.

import * as kernels from "./kernels.js";
import { loadPyodide } from "./python/pyodide.mjs";

async function start() {
  const python = await loadPyodide();
  python.registerJsModule("kernels", kernels);
  const course = await fetch(new URL("./python/course.zip", import.meta.url));
  python.unpackArchive(await course.arrayBuffer(), "zip", { extractDir: "/course" });
  python.runPython("import sys; sys.path.insert(0, '/course')");
  return python;
}

/** Answer to a message with what `work` finds, or with the last line of its error. */
async function answer(number, work) {
  try {
    postMessage({ number, found: await work() });
  } catch (error) {
    const line = error.message.trim().split("\n").pop();
    postMessage({ number, error: line.replace(/^\w+: /, "") });
  }
}

const python = start();
answer(0, async () => void (await python));
onmessage = ({ data: { number, module, name, given } }) =>
  answer(number, async () => (await python).pyimport(module)[name](...given));
