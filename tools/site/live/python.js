// Python for a page: the course's own code answers, in a worker, so the page stays awake.

const worker = new Worker(new URL("./python_worker.js", import.meta.url), { type: "module" });
const waiting = new Map(); // by number: what a call waits for

const answerTo = (number) =>
  new Promise((resolve, reject) => waiting.set(number, { resolve, reject }));

/** Resolves once Python has started. */
export const started = answerTo(0);

/**
 * Call a function of a Python module; throws what Python raises, as an Error in words.
 * @param {string} module "ask" or "doctor", see tools/site/python
 */
export function call(module, name, ...given) {
  const number = (call.count = (call.count ?? 0) + 1);
  worker.postMessage({ number, module, name, given });
  return answerTo(number);
}

worker.onmessage = ({ data: { number, found, error } }) => {
  const { resolve, reject } = waiting.get(number);
  waiting.delete(number);
  error === undefined ? resolve(found) : reject(new Error(error));
};
worker.onerror = ({ message }) => {
  for (const { reject } of waiting.values()) reject(new Error(message ?? "no worker"));
};
