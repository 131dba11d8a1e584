// How far the marks reach once they are widened, computed without the DOM.

/**
 * Which pixels of a part lie within a distance of a marked one: a byte per pixel, 1 where they do.
 * @param {(x: number, y: number) => boolean} isMarked of a pixel of the photograph; false outside it
 * @param {number} pixels the distance
 */
export function grown(isMarked, pixels, left, top, width, height) {
  const rows = height + 2 * pixels
  const across = new Uint8Array(rows * width) // steps to the nearest marked pixel in the row; more than `pixels` is far
  for (let y = 0; y < rows; y++) measureRow(across.subarray(y * width, (y + 1) * width), y + top - pixels)
  const half = (down) => Math.round(Math.sqrt(pixels ** 2 - down ** 2)) // as OpenCV draws a disc
  const reach = Array.from({ length: 2 * pixels + 1 }, (_, at) => half(at - pixels))
  const near = new Uint8Array(width * height)
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      for (let at = 0; at <= 2 * pixels; at++) {
        if (across[(y + at) * width + x] <= reach[at]) {
          near[y * width + x] = 1
          break
        }
      }
    }
  }
  return near

  function measureRow(steps, y) {
    const far = pixels + 1
    let since = far
    for (let x = -pixels; x < width; x++) {
      since = isMarked(left + x, y) ? 0 : Math.min(since + 1, far)
      if (x >= 0) steps[x] = since
    }
    since = far
    for (let x = width - 1 + pixels; x >= 0; x--) {
      since = isMarked(left + x, y) ? 0 : Math.min(since + 1, far)
      if (x < width) steps[x] = Math.min(steps[x], since)
    }
  }
}
