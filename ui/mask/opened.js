// A mask that a person opens: what it marks, and whether it belongs to the photograph.

/**
 * What a mask marks, a byte per pixel at a size: its opacity where that varies, else its lightness.
 * @param {ImageBitmap} image
 * @param {number} width
 * @param {number} height
 * @param {number} threshold 0 to 1: of the greatest opacity, above which a layer marks damage
 */
export function marksOf(image, width, height, threshold) {
  const canvas = Object.assign(document.createElement("canvas"), { width, height })
  const context = canvas.getContext("2d", { willReadFrequently: true })
  context.drawImage(image, 0, 0, width, height)
  const { data } = context.getImageData(0, 0, width, height)
  let [least, most] = [255, 0]
  for (let i = 3; i < data.length; i += 4) [least, most] = [Math.min(least, data[i]), Math.max(most, data[i])]
  const isLayer = least < threshold * most
  return Uint8Array.from({ length: width * height }, (_, i) => {
    const [red, green, blue, opacity] = data.subarray(4 * i, 4 * i + 4)
    if (isLayer) return opacity > threshold * most ? 255 : 0
    return Math.round(0.299 * red + 0.587 * green + 0.114 * blue)
  })
}

/** Whether two sizes differ in their proportions, by more than a pixel. */
export function isOtherShape({ w0, h0, w1, h1 }) {
  return Math.abs(h0 * w1 - w0 * h1) > Math.max(w0, h0, w1, h1)
}

/** A text with values for its {placeholders}. */
export function filled(text, values) {
  return text.replace(/\{(\w+)\}/g, (_, name) => values[name])
}
