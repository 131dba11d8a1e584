// The divider, panning and zooming: mouse, pen, one or two fingers, and keys.

import { clamp } from "./geometry.js"
import { pinch, pointIn, wheelZoom } from "./pointers.js"
import { ZOOM_STEP } from "./view.js"

const PAN_STEP = 60 // CSS pixels that a key pans

/** Where the divider stands in a frame, in per cent from its left. */
export function percentAt(x, width) {
  return clamp((100 * x) / width, 0, 100)
}

/** Where a key moves the divider; null where it is no key of the divider. */
export function percentAfter(key, percent, isFast) {
  const step = isFast ? 10 : 2
  const places = { ArrowLeft: percent - step, ArrowRight: percent + step, Home: 0, End: 100 }
  return key in places ? clamp(places[key], 0, 100) : null
}

/** What a pointer does once it is down. */
export function dragMode(fingers, isOnDivider, isCropped) {
  if (fingers > 1) return "pinch"
  return isOnDivider || !isCropped ? "divide" : "pan"
}

export class Divider {
  constructor(frame, handle, view) {
    this.frame = frame
    this.handle = handle
    this.view = view
    this.pointers = new Map()
    this.percent = 50
    this.isBeside = false
    frame.addEventListener("pointerdown", (event) => this.#down(event))
    frame.addEventListener("pointermove", (event) => this.#move(event))
    for (const end of ["pointerup", "pointercancel"]) frame.addEventListener(end, (event) => this.#up(event))
    frame.addEventListener("dblclick", (event) => view.toggleFull(this.#point(event)))
    frame.addEventListener("wheel", (event) => this.#wheel(event), { passive: false })
    handle.addEventListener("keydown", (event) => this.#key(event))
  }

  move(percent) {
    this.percent = percent
    this.frame.style.setProperty("--at", `${percent}%`)
    this.handle.setAttribute("aria-valuenow", Math.round(percent))
    this.handle.setAttribute("aria-valuetext", `${Math.round(percent)} %`)
  }

  /** Where an event is in the picture's frame; side by side, each half of the frame is one. */
  #point(event) {
    const { x, y } = pointIn(this.frame, event)
    const half = this.frame.clientWidth / 2
    return { x: this.isBeside && x > half ? x - half : x, y }
  }

  #down(event) {
    if (event.button) return
    this.frame.setPointerCapture(event.pointerId)
    const point = this.#point(event)
    this.pointers.set(event.pointerId, point)
    this.mode = dragMode(this.pointers.size, event.target === this.handle, this.view.isCropped || this.isBeside)
    if (this.mode === "divide") {
      this.handle.focus({ preventScroll: true })
      this.move(percentAt(point.x, this.frame.clientWidth))
    }
    if (event.pointerType === "mouse") event.preventDefault()
  }

  #move(event) {
    const before = this.pointers.get(event.pointerId)
    if (!before) return
    const now = this.#point(event)
    if (this.mode === "divide") this.move(percentAt(now.x, this.frame.clientWidth))
    if (this.mode === "pan") this.view.pan(now.x - before.x, now.y - before.y)
    if (this.mode === "pinch") pinch(this.view, this.pointers, event.pointerId, now)
    this.pointers.set(event.pointerId, now)
  }

  #up(event) {
    this.pointers.delete(event.pointerId)
    if (!this.pointers.size) this.mode = null
  }

  #wheel(event) {
    const factor = wheelZoom(event, this.view)
    if (!factor) return
    event.preventDefault()
    this.view.zoomBy(factor, this.#point(event))
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return
    const percent = percentAfter(event.key, this.percent, event.shiftKey)
    const action = percent === null ? this.#viewKeys()[event.key] : () => this.move(percent)
    if (!action) return
    event.preventDefault()
    action()
  }

  #viewKeys() {
    const { view } = this
    return {
      ArrowUp: () => view.pan(0, PAN_STEP),
      ArrowDown: () => view.pan(0, -PAN_STEP),
      PageUp: () => view.pan(PAN_STEP, 0),
      PageDown: () => view.pan(-PAN_STEP, 0),
      "+": () => view.zoomBy(ZOOM_STEP),
      "=": () => view.zoomBy(ZOOM_STEP),
      "-": () => view.zoomBy(1 / ZOOM_STEP),
      0: () => view.fit(),
      1: () => view.full(),
    }
  }
}
