// Where a picture lies in its frame, computed without the DOM.
// Lengths are CSS pixels; `scale` is CSS pixels per pixel of the picture; `ratio` is device pixels per CSS pixel.

/** @typedef {{width: number, height: number}} Size */
/** @typedef {{x: number, y: number}} Point */
/** @typedef {{scale: number, x: number, y: number}} Place */
/** @typedef {{x: number, y: number, width: number, height: number}} Rectangle */

const SCREEN_SHARE = 0.6 // of the window's height, at most
const LEAST_HEIGHT = 220

export function clamp(value, low, high) {
  return Math.min(high, Math.max(low, value))
}

/**
 * The scale at which the whole picture is visible.
 * @param {Size} size of the picture
 * @param {Size} frame
 * @param {number} largest scale to which a small picture is enlarged
 */
export function fitScale(size, frame, largest = 1) {
  return Math.min(frame.width / size.width, frame.height / size.height, largest)
}

/** The height of a frame of a given width: that of the fitted picture, within what the window has room for. */
export function frameHeight(size, width, windowHeight, largest = 1) {
  const natural = Math.min(width / size.width, largest) * size.height
  return Math.max(Math.min(natural, windowHeight * SCREEN_SHARE), LEAST_HEIGHT)
}

/**
 * The nearest allowed place: a picture larger than the frame covers it, a smaller one is centred.
 * Offsets are whole device pixels, so that at 100 % one pixel of the picture is one of the screen.
 * @param {Place} place
 * @param {Size} size of the picture
 * @param {Size} frame
 * @param {number} ratio
 * @returns {Place}
 */
export function settled(place, size, frame, ratio) {
  const whole = (offset) => Math.round(offset * ratio) / ratio
  const keep = (offset, room, length) => whole(length <= room ? (room - length) / 2 : clamp(offset, room - length, 0))
  return {
    scale: place.scale,
    x: keep(place.x, frame.width, size.width * place.scale),
    y: keep(place.y, frame.height, size.height * place.scale),
  }
}

/** The place after zooming to `scale` around a point of the frame, which stays where it is. */
export function zoomed(place, scale, point) {
  const factor = scale / place.scale
  return { scale, x: point.x - (point.x - place.x) * factor, y: point.y - (point.y - place.y) * factor }
}

/** A point of the frame, in pixels of the picture. */
export function onPicture(point, place) {
  return { x: (point.x - place.x) / place.scale, y: (point.y - place.y) / place.scale }
}

/**
 * The visible part of the picture, in whole pixels of the picture, at least one.
 * @returns {Rectangle}
 */
export function visiblePart(place, size, frame) {
  const start = onPicture({ x: 0, y: 0 }, place)
  const end = onPicture({ x: frame.width, y: frame.height }, place)
  const x = Math.max(0, Math.floor(start.x))
  const y = Math.max(0, Math.floor(start.y))
  const right = Math.min(size.width, Math.ceil(end.x))
  const bottom = Math.min(size.height, Math.ceil(end.y))
  return { x, y, width: Math.max(1, right - x), height: Math.max(1, bottom - y) }
}

/**
 * How two fingers move a picture when one of them goes from `before` to `now`, and the other stays.
 * @returns {{x: number, y: number, factor: number, middle: Point}} the shift, and the zoom around a point
 */
export function pinched(before, now, other) {
  const reach = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1
  const middle = { x: (now.x + other.x) / 2, y: (now.y + other.y) / 2 }
  return { x: (now.x - before.x) / 2, y: (now.y - before.y) / 2, factor: reach(now) / reach(before), middle }
}
