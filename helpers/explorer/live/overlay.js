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
  const result = new ImageData(W, H);
  for (let i = 0; i < W * H; i++) {
    const color = ink.palette[Math.round(255 * large[i])];
    const cover = ink.cover * large[i];
    const grey = 0.299 * data[4 * i] + 0.587 * data[4 * i + 1] + 0.114 * data[4 * i + 2];
    for (let c = 0; c < 3; c++) {
      const level = data[4 * i + c];
      const drained = level + (grey - level) * ink.drain;
      const pale = 255 * ink.lift + (1 - ink.lift) * drained;
      const laid = pale + (color[c] - pale) * cover;
      result.data[4 * i + c] = level + (laid - level) * opacity;
    }
    result.data[4 * i + 3] = 255;
  }
  return result;
}
