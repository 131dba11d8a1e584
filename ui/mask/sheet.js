// The marks in colours, and between marks and files.

import { grown } from "./growth.js"

const MARKED_COLOUR = [225, 40, 30, 150] // red, green, blue, opacity, 0 to 255
const GROWN_COLOUR = [225, 40, 30, 70]
const PROTECTED_COLOUR = [30, 140, 90, 120]

function canvasOf(width, height) {
  return Object.assign(document.createElement("canvas"), { width, height })
}

/** The picture of the marks that lies over the photograph. */
export class Sheet {
  constructor(width, height) {
    this.picture = canvasOf(width, height)
    this.context = this.picture.getContext("2d")
    this.growth = 0 // pixels by which the marks are widened
  }

  /** Colour a part that has changed, and what its marks are widened to. */
  draw(marks, left, top, width, height) {
    const [x0, y0] = [Math.max(left - this.growth, 0), Math.max(top - this.growth, 0)]
    const x1 = Math.min(left + width + this.growth, marks.width)
    const y1 = Math.min(top + height + this.growth, marks.height)
    this.#colour(marks, x0, y0, x1 - x0, y1 - y0)
  }

  #colour(marks, left, top, width, height) {
    const isIn = (x, y) => x >= 0 && y >= 0 && x < marks.width && y < marks.height
    const isMarked = (x, y) => isIn(x, y) && marks.isMarked(y * marks.width + x)
    const near = grown(isMarked, this.growth, left, top, width, height)
    const image = this.context.createImageData(width, height)
    for (let at = 0; at < near.length; at++) {
      const i = (top + Math.floor(at / width)) * marks.width + left + (at % width)
      const colour = colourOf(marks, i, near[at])
      if (colour) image.data.set(colour, 4 * at)
    }
    this.context.putImageData(image, left, top)
  }
}

function colourOf(marks, i, isGrown) {
  if (marks.isMarked(i)) return MARKED_COLOUR
  if (isGrown) return GROWN_COLOUR
  return marks.isProtected(i) ? PROTECTED_COLOUR : null
}

/** The grey of an image, a byte per pixel, at a size. */
export function levelsOf(image, width, height) {
  const context = canvasOf(width, height).getContext("2d", { willReadFrequently: true })
  context.drawImage(image, 0, 0, width, height)
  const { data } = context.getImageData(0, 0, width, height)
  const levels = new Uint8Array(width * height)
  for (let i = 0; i < levels.length; i++) levels[i] = data[4 * i]
  return levels
}

/**
 * A grey PNG.
 * @param {Uint8Array} levels a byte per pixel
 * @returns {Promise<Blob>}
 */
export function pngOf(levels, width, height) {
  const canvas = canvasOf(width, height)
  const context = canvas.getContext("2d")
  const image = context.createImageData(width, height)
  const pixels = new Uint32Array(image.data.buffer)
  for (let i = 0; i < pixels.length; i++) pixels[i] = 0xff000000 | (levels[i] << 16) | (levels[i] << 8) | levels[i]
  context.putImageData(image, 0, 0)
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"))
}
