// The marks in colours, and between marks and files.

const MARKED_COLOUR = [225, 40, 30, 150] // red, green, blue, opacity, 0 to 255
const PROTECTED_COLOUR = [30, 140, 90, 120]

function canvasOf(width, height) {
  return Object.assign(document.createElement("canvas"), { width, height })
}

/** The picture of the marks that lies over the photograph. */
export class Sheet {
  constructor(width, height) {
    this.picture = canvasOf(width, height)
    this.context = this.picture.getContext("2d")
  }

  /** Colour a part. */
  draw(marks, left, top, width, height) {
    const image = this.context.createImageData(width, height)
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const i = (top + y) * marks.width + left + x
        const colour = marks.isMarked(i) ? MARKED_COLOUR : marks.isProtected(i) ? PROTECTED_COLOUR : null
        if (colour) image.data.set(colour, 4 * (y * width + x))
      }
    }
    this.context.putImageData(image, left, top)
  }
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
