// Mice, pens and fingers over a frame.

import { pinched } from "./geometry.js"

/** Where a pointer is in a frame. */
export function pointIn(frame, event) {
  const box = frame.getBoundingClientRect()
  return { x: event.clientX - box.left, y: event.clientY - box.top }
}

/** The factor by which a turn of the wheel zooms; null where the whole picture is seen already: the page scrolls on. */
export function wheelZoom({ deltaY }, { isFitted }) {
  const factor = Math.exp(-deltaY / 300)
  return factor < 1 && isFitted ? null : factor
}

/**
 * Pan and zoom as two fingers ask for, one of which has come to `now`.
 * @param {{pan: Function, zoomBy: Function}} view
 * @param {Map<number, import("./geometry.js").Point>} pointers where each finger was
 * @param {number} id of the finger that moved
 * @param {import("./geometry.js").Point} now
 */
export function pinch(view, pointers, id, now) {
  const other = [...pointers].find(([key]) => key !== id)?.[1]
  if (!other) return
  const { x, y, factor, middle } = pinched(pointers.get(id), now, other)
  view.pan(x, y)
  view.zoomBy(factor, middle)
}
