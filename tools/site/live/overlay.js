// A map on a picture: the picture loses its colours, the map lays its own on it, and the
// more weight, the less of the picture is left.

import { upsample } from "./maps.js";

/**
 * Lay a map over a picture.
 * @param {ImageData} picture (H, W), is not changed
 * @param {Float32Array} map (h, w)
 * @param {number[]} grid [h, w]
 * @param {{upsampling: string, opacity: number, scale: number[], glow: number[]}} style
 *   opacity: 0..1; scale: the values with no colour and with all of it; glow: RGB
 * @returns {ImageData}
 */
export function overlay(picture, map, grid, { upsampling, opacity, scale, glow }) {
  const { width: W, height: H, data } = picture;
  const large = upsample(map, grid, [H, W], upsampling);
  const [low, high] = scale;
  const result = new ImageData(W, H);
  for (let i = 0; i < W * H; i++) {
    const [r, g, b] = [data[4 * i], data[4 * i + 1], data[4 * i + 2]];
    const grey = 40 + 0.84 * (0.3 * r + 0.59 * g + 0.11 * b);
    const level = Math.min(Math.max((large[i] - low) / (high - low), 0), 1);
    const faded = 0.85 * opacity;
    const laid = opacity * level;
    for (let c = 0; c < 3; c++) {
      const plain = data[4 * i + c] + (grey - data[4 * i + c]) * faded;
      result.data[4 * i + c] = plain + (glow[c] - plain) * laid;
    }
    result.data[4 * i + 3] = 255;
  }
  return result;
}
