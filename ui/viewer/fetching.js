// Which pixels of a picture are fetched from the server, computed without the DOM.

import { fitScale } from "./geometry.js"

const TOLERANCE = 1.01 // the whole picture is fine enough up to this enlargement

/**
 * The width, in pixels, at which the whole picture is fetched: as the screen shows it when it is fitted.
 * @param {import("./geometry.js").Size} size of the picture
 * @param {import("./geometry.js").Size} frame
 * @param {number} ratio device pixels per CSS pixel
 * @param {number} maxSide the server sends no side that is longer
 */
export function wholeWidth(size, frame, ratio, maxSide) {
  const most = Math.min(1, maxSide / Math.max(size.width, size.height))
  return Math.min(Math.round(size.width * most), Math.ceil(size.width * fitScale(size, frame) * ratio))
}

/** The width, in pixels, that the whole picture would need for the screen at its zoom. */
export function neededWidth(size, zoom) {
  return size.width * Math.min(1, zoom)
}

/**
 * The visible part, with the width at which it is fetched; null where the whole picture is fine enough.
 * @param {{rectangle: import("./geometry.js").Rectangle, needed: number, size: import("./geometry.js").Size}} part
 * @param {number} whole width at which the whole picture was fetched
 */
export function detail({ rectangle, needed, size }, whole) {
  if (needed <= whole * TOLERANCE) return null
  return { rectangle, width: Math.ceil((rectangle.width * needed) / size.width) }
}

/** Where a rectangle lies on a picture, in per cent of it, as CSS. */
export function shares(rectangle, size) {
  const share = (length, whole) => `${(100 * length) / whole}%`
  return {
    left: share(rectangle.x, size.width),
    top: share(rectangle.y, size.height),
    width: share(rectangle.width, size.width),
    height: share(rectangle.height, size.height),
  }
}

/**
 * The query of a view's address.
 * @param {{run: string, layer: number | string, width: number}} view
 * @param {import("./geometry.js").Rectangle | null} rectangle a part of the picture, or all of it
 * @param {object} finish what else the picture depends on: strengths, blur, sharpen
 */
export function viewQuery({ run, layer, width }, rectangle, finish = {}) {
  const part = rectangle && { x: rectangle.x, y: rectangle.y, w: rectangle.width, h: rectangle.height }
  return `${new URLSearchParams({ run, layer, out: Math.ceil(width), ...part, ...finish })}`
}
