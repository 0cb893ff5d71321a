// Arrays out of files: .npy of numpy, and .safetensors.

const NPY = {
  "<f8": [Float64Array, "float64"],
  "<f4": [Float32Array, "float32"],
  "<f2": [half, "float16"],
  "<i8": [BigInt64Array, "long"],
  "<i4": [Int32Array, "long"],
  "|u1": [Uint8Array, "long"],
};
const SAFETENSORS = { F64: NPY["<f8"], F32: NPY["<f4"], F16: NPY["<f2"], BF16: [bfloat, "bfloat16"] };

/**
 * The arrays in a file, by name. Throws Errors in words.
 * @param {string} name its ending says what the file is
 * @param {ArrayBuffer} buffer
 * @returns {Object<string, {shape: number[], data: Float64Array, dtype: string}>} dtype as torch
 *   calls it
 */
export function readArrays(name, buffer) {
  if (name.endsWith(".npy")) return { [name]: readNpy(buffer) };
  if (name.endsWith(".safetensors")) return readSafetensors(buffer);
  throw new Error("it is neither .npy nor .safetensors: numpy.save writes the first");
}

function readNpy(buffer) {
  const bytes = new Uint8Array(buffer);
  if (String.fromCharCode(...bytes.slice(1, 6)) !== "NUMPY") {
    throw new Error(`its ${bytes.length} bytes do not begin as those of numpy.save`);
  }
  const view = new DataView(buffer);
  const [start, length] = bytes[6] === 1 ? [10, view.getUint16(8, true)] : [12, view.getUint32(8, true)];
  const header = new TextDecoder().decode(bytes.slice(start, start + length));
  const kind = /'descr': '([^']+)'/.exec(header)?.[1];
  const shape = /'shape': \(([^)]*)\)/.exec(header)[1].match(/\d+/g)?.map(Number) ?? [];
  if (header.includes("'fortran_order': True")) {
    throw new Error("its axes are in Fortran's order: save numpy.ascontiguousarray(weights)");
  }
  return asArray(NPY[kind], kind, shape, buffer.slice(start + length));
}

function readSafetensors(buffer) {
  const length = buffer.byteLength < 8 ? 0 : Number(new DataView(buffer).getBigUint64(0, true));
  if (!length || length > buffer.byteLength - 8) {
    throw new Error(`its ${buffer.byteLength} bytes have no header of safetensors`);
  }
  const header = JSON.parse(new TextDecoder().decode(buffer.slice(8, 8 + length)));
  delete header.__metadata__;
  const arrays = {};
  for (const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries(header)) {
    const part = buffer.slice(8 + length + from, 8 + length + to);
    arrays[name] = asArray(SAFETENSORS[dtype], dtype, shape, part);
  }
  if (!Object.keys(arrays).length) throw new Error("there is no tensor in it");
  return arrays;
}

function asArray([Kind, dtype] = [], name, shape, buffer) {
  if (!Kind) throw new Error(`its numbers are of the kind ${name}: save them as float32`);
  const isFunction = Kind === half || Kind === bfloat;
  const count = shape.reduce((a, b) => a * b, 1);
  const size = isFunction ? 2 : Kind.BYTES_PER_ELEMENT;
  if (buffer.byteLength < count * size) {
    throw new Error(`it should hold ${count} numbers (${shape.join(" x ")}), and it is cut short`);
  }
  const part = buffer.slice(0, count * size);
  const data = isFunction ? Kind(part) : Float64Array.from(new Kind(part), Number);
  return { shape, data, dtype };
}

function bfloat(buffer) {
  const wide = Uint32Array.from(new Uint16Array(buffer), (bits) => bits << 16);
  return Float64Array.from(new Float32Array(wide.buffer));
}

function half(buffer) {
  return Float64Array.from(new Uint16Array(buffer), (bits) => {
    const [sign, exponent, rest] = [bits & 0x8000 ? -1 : 1, (bits >> 10) & 31, bits & 1023];
    if (exponent === 31) return rest ? NaN : sign * Infinity;
    return sign * (exponent ? 2 ** (exponent - 15) * (1 + rest / 1024) : (2 ** -14 * rest) / 1024);
  });
}
