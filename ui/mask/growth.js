// How far the marks reach once they are widened, computed without the DOM.

/**
 * Which pixels of a part lie within a distance of a marked one: a byte per pixel, 1 where they do.
 * @param {(x: number, y: number) => boolean} isMarked of a pixel of the photograph; false outside it
 * @param {number} pixels the distance
 */
export function grown(isMarked, pixels, left, top, width, height) {
  const near = new Uint8Array(width * height)
  for (let row = -pixels; row < height + pixels; row++) {
    const steps = stepsOf((x) => isMarked(x, top + row), pixels, left, width)
    if (!steps) continue
    for (let y = Math.max(row - pixels, 0); y <= Math.min(row + pixels, height - 1); y++) {
      const reach = Math.round(Math.sqrt(pixels ** 2 - (row - y) ** 2)) // as OpenCV draws a disc
      cover(near.subarray(y * width, (y + 1) * width), steps, reach)
    }
  }
  return near
}

function cover(near, steps, reach) {
  for (let x = 0; x < near.length; x++) if (steps[x] <= reach) near[x] = 1
}

/** The steps from each pixel of a part of a row to the nearest marked one, at most `pixels` + 1; null without marks. */
function stepsOf(isMarked, pixels, left, width) {
  const far = pixels + 1
  const steps = new Uint8Array(width + 2 * pixels)
  for (let at = 0; at < steps.length; at++) steps[at] = isMarked(left - pixels + at) ? 0 : far
  if (!steps.includes(0)) return null
  for (let at = 1; at < steps.length; at++) steps[at] = Math.min(steps[at], steps[at - 1] + 1)
  for (let at = steps.length - 2; at >= 0; at--) steps[at] = Math.min(steps[at], steps[at + 1] + 1)
  return steps.subarray(pixels, pixels + width)
}
