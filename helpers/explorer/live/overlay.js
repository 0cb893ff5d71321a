// A map as ink on a pale print of the picture, as helpers/maps/overlays.py lays it.

import { upsample } from "./maps.js";

/**
 * Lay a map over a picture.
 * @param {ImageData} picture (H, W), is not changed
 * @param {Float32Array} map (h, w)
 * @param {number[]} grid [h, w]
 * @param {{upsampling: string, opacity: number, scale: number[]}} style opacity: 0..1;
 *   scale: the values of the first and of the last colour
 * @param {{palette: number[][], cover: number, drain: number, lift: number}} ink
 * @returns {ImageData}
 */
export function overlay(picture, map, grid, { upsampling, opacity, scale }, ink) {
  const { width: W, height: H, data } = picture;
  const [low, high] = scale;
  const levels = map.map((weight) => Math.min(Math.max((weight - low) / (high - low), 0), 1));
  const large = upsample(levels, grid, [H, W], upsampling);
  const rows = mixtures(ink, opacity);
  const result = new ImageData(W, H);
  const laid = result.data;
  for (let i = 0, p = 0; i < large.length; i++, p += 4) {
    const [row, r, g, b] = [5 * Math.round(255 * large[i]), data[p], data[p + 1], data[p + 2]];
    const kept = rows[row];
    const grey = rows[row + 1] * (0.299 * r + 0.587 * g + 0.114 * b);
    laid[p] = kept * r + grey + rows[row + 2];
    laid[p + 1] = kept * g + grey + rows[row + 3];
    laid[p + 2] = kept * b + grey + rows[row + 4];
    laid[p + 3] = 255;
  }
  return result;
}

/**
 * What a pixel becomes under each of 256 amounts of ink: so much of its colour, so much of
 * its grey, and a colour on top. (256 * 5) numbers.
 */
function mixtures({ palette, cover, drain, lift }, opacity) {
  return Float32Array.from(
    palette.flatMap((color, level) => {
      const inked = opacity * cover * (level / 255);
      const pale = opacity - inked; // the share of the pale print; the picture has the rest
      return [
        1 - opacity + pale * (1 - lift) * (1 - drain),
        pale * (1 - lift) * drain,
        ...color.map((part) => pale * lift * 255 + inked * part),
      ];
    }),
  );
}
