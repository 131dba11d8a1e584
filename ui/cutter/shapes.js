// Outlines of prints: four corners as shares of the picture's width and height, clockwise from the print's top left.

/** @typedef {[number, number]} Corner */
/** @typedef {{width: number, height: number}} Size */

const LEAST_SIDE = 0.01 // of the picture

/** @returns {Corner[]} */
export function whole() {
  return [
    [0, 0],
    [1, 0],
    [1, 1],
    [0, 1],
  ]
}

/** The corners from which a print is read after a quarter turn to the right (1) or to the left (-1). */
export function turned(corners, quarters) {
  const shift = quarters > 0 ? 3 : 1
  return corners.map((_, index) => corners[(index + shift) % 4])
}

/** An outline with one corner moved, or the outline itself where it would no longer be convex. */
export function moved(corners, index, [x, y]) {
  const inside = [Math.min(Math.max(x, 0), 1), Math.min(Math.max(y, 0), 1)]
  const changed = corners.map((corner, other) => (other === index ? inside : corner))
  return isConvex(changed) ? changed : corners
}

/**
 * An outline with one corner moved and the opposite one kept, as a rectangle of the same slant.
 * @param {Corner[]} corners
 * @param {number} index of the corner that moves
 * @param {Corner} to
 * @param {Size} size of the picture, in pixels
 * @param {number} proportion width over height, or 0 where any will do
 */
export function resized(corners, index, to, size, proportion = 0) {
  const points = corners.map((corner) => pixels(corner, size))
  const angle = Math.atan2(points[1][1] - points[0][1], points[1][0] - points[0][0])
  const [cosine, sine] = [Math.cos(angle), Math.sin(angle)]
  const fixed = points[(index + 2) % 4]
  const [x, y] = pixels(
    to.map((share) => Math.min(Math.max(share, 0), 1)),
    size,
  )
  const [dx, dy] = [x - fixed[0], y - fixed[1]]
  let [wide, high] = [dx * cosine + dy * sine, dy * cosine - dx * sine]
  if (proportion) [wide, high] = inProportion(wide, high, proportion)
  const along = [fixed[0] + wide * cosine, fixed[1] + wide * sine]
  const down = [fixed[0] - high * sine, fixed[1] + high * cosine]
  const changed = [...points]
  changed[index] = [along[0] - high * sine, along[1] + high * cosine]
  changed[(index + 1) % 4] = index % 2 ? along : down
  changed[(index + 3) % 4] = index % 2 ? down : along
  const shares = changed.map(([px, py]) => [px / size.width, py / size.height])
  return isConvex(shares) ? shares : corners
}

function pixels([x, y], { width, height }) {
  return [x * width, y * height]
}

function inProportion(wide, high, proportion) {
  const width = Math.min(Math.abs(wide), Math.abs(high) * proportion)
  return [Math.sign(wide) * width, (Math.sign(high) * width) / proportion]
}

/** Whether the way around an outline always turns right, and no side is too short. */
export function isConvex(corners) {
  return corners.every((corner, index) => {
    const next = corners[(index + 1) % 4]
    const after = corners[(index + 2) % 4]
    const [ax, ay] = [next[0] - corner[0], next[1] - corner[1]]
    const [bx, by] = [after[0] - next[0], after[1] - next[1]]
    return ax * by - ay * bx > LEAST_SIDE ** 2 && Math.hypot(ax, ay) > LEAST_SIDE
  })
}

/**
 * An outline turned about its middle, and made smaller where it would leave the picture.
 * @param {Corner[]} corners
 * @param {number} degrees clockwise
 * @param {Size} size of the picture, in pixels
 */
export function straightened(corners, degrees, size) {
  const [sine, cosine] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)]
  return inside(around(corners, size, ([x, y]) => [x * cosine - y * sine, x * sine + y * cosine]))
}

/** An outline made smaller about its middle, as far as it leaves the picture. */
function inside(corners) {
  const middle = [0, 1].map((axis) => corners.reduce((sum, corner) => sum + corner[axis], 0) / 4)
  const rooms = corners.flatMap((corner) =>
    corner.map((share, axis) => {
      const way = share - middle[axis]
      return way ? (way > 0 ? 1 - middle[axis] : -middle[axis]) / way : 1
    }),
  )
  const part = Math.min(1, ...rooms)
  return corners.map((corner) => corner.map((share, axis) => middle[axis] + part * (share - middle[axis])))
}

/**
 * The largest rectangle of given proportions inside an outline that is taken as a rectangle, with the same middle.
 * @param {Corner[]} corners
 * @param {number} proportion width over height
 * @param {Size} size of the picture, in pixels
 */
export function proportioned(corners, proportion, size) {
  const points = corners.map(([x, y]) => [x * size.width, y * size.height])
  const side = (a, b) => Math.hypot(points[a][0] - points[b][0], points[a][1] - points[b][1])
  const [wide, high] = [(side(0, 1) + side(3, 2)) / 2, (side(0, 3) + side(1, 2)) / 2]
  const width = Math.min(wide, high * proportion)
  const height = width / proportion
  const angle = Math.atan2(points[1][1] - points[0][1], points[1][0] - points[0][0])
  const signs = [
    [-1, -1],
    [1, -1],
    [1, 1],
    [-1, 1],
  ]
  let at = 0
  return around(corners, size, () => {
    const [x, y] = [(signs[at][0] * width) / 2, (signs[at][1] * height) / 2]
    at += 1
    return [x * Math.cos(angle) - y * Math.sin(angle), x * Math.sin(angle) + y * Math.cos(angle)]
  })
}

/** An outline whose corners, in pixels from its middle, were changed. */
function around(corners, { width, height }, change) {
  const middle = [0, 1].map((axis) => corners.reduce((sum, corner) => sum + corner[axis], 0) / 4)
  return corners.map(([x, y]) => {
    const [dx, dy] = change([(x - middle[0]) * width, (y - middle[1]) * height])
    return [middle[0] + dx / width, middle[1] + dy / height]
  })
}
