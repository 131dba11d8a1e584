// The brush: mouse, pen, one or two fingers, and keys over the frame.

import { clamp } from "../viewer/geometry.js"
import { pinch, pointIn, wheelZoom } from "../viewer/pointers.js"
import { ZOOM_STEP } from "../viewer/view.js"

const STEP = 8 // CSS pixels that an arrow key moves the brush
const SIZE_STEP = 4 // of a key
const TOOL_KEYS = { m: "mark", e: "erase", p: "protect" }

/** How far an arrow key moves the brush, in CSS pixels; null where it is no arrow. */
export function arrowStep(key, isFast) {
  const step = isFast ? 4 * STEP : STEP
  const steps = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }
  return steps[key] ?? null
}

/** What Ctrl (or Command) and a key do: "undo", "redo", or nothing. */
export function historyKey(key, isShift) {
  if (key === "y" || (key === "z" && isShift)) return "redo"
  return key === "z" ? "undo" : null
}

export class Brush {
  constructor(frame, editor) {
    this.frame = frame
    this.editor = editor
    this.cursor = frame.querySelector(".cursor")
    this.pointers = new Map()
    frame.addEventListener("pointerdown", (event) => this.#down(event))
    frame.addEventListener("pointermove", (event) => this.#move(event))
    for (const end of ["pointerup", "pointercancel"]) frame.addEventListener(end, (event) => this.#up(event))
    frame.addEventListener("pointerleave", () => (this.cursor.hidden = true))
    frame.addEventListener("wheel", (event) => this.#wheel(event), { passive: false })
    frame.addEventListener("keydown", (event) => this.#key(event))
  }

  #down(event) {
    if (event.button && event.button !== 1) return
    this.frame.setPointerCapture(event.pointerId)
    const point = pointIn(this.frame, event)
    this.pointers.set(event.pointerId, point)
    if (this.pointers.size > 1) this.#beginPinch()
    else if (event.button === 1 || !this.editor.canPaint) this.mode = "pan"
    else {
      this.mode = "paint"
      this.editor.marks.begin()
      this.editor.paint(point, point)
    }
    if (event.pointerType === "mouse") event.preventDefault()
    this.frame.focus({ preventScroll: true })
  }

  /** A second finger is down: what the first has painted so far was not meant as a stroke. */
  #beginPinch() {
    if (this.mode === "paint") this.editor.marks.abandon()
    this.mode = "pinch"
  }

  #move(event) {
    const now = pointIn(this.frame, event)
    this.#showCursor(now)
    const before = this.pointers.get(event.pointerId)
    if (!before) return
    if (this.mode === "paint") this.#paintTo(before, event)
    if (this.mode === "pan") this.editor.view.pan(now.x - before.x, now.y - before.y)
    if (this.mode === "pinch") pinch(this.editor.view, this.pointers, event.pointerId, now)
    this.pointers.set(event.pointerId, now)
  }

  /** Paint along all points that the pointer has passed since the last event. */
  #paintTo(start, event) {
    const passed = event.getCoalescedEvents?.() ?? []
    let from = start
    for (const each of passed.length ? passed : [event]) {
      const to = pointIn(this.frame, each)
      this.editor.paint(from, to)
      from = to
    }
  }

  #up(event) {
    if (!this.pointers.delete(event.pointerId)) return
    if (this.mode === "paint") this.editor.endStroke()
    if (!this.pointers.size) this.mode = null
  }

  #wheel(event) {
    const factor = wheelZoom(event, this.editor.view)
    if (!factor) return
    event.preventDefault()
    this.editor.view.zoomBy(factor, pointIn(this.frame, event))
  }

  #showCursor(point) {
    this.at = point
    const side = `${this.editor.brushSize}px`
    this.cursor.hidden = !this.editor.canPaint
    Object.assign(this.cursor.style, { left: `${point.x}px`, top: `${point.y}px`, width: side, height: side })
  }

  #key(event) {
    if (event.altKey) return
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key
    const action = event.ctrlKey || event.metaKey ? this.#historyAction(key, event) : this.#action(key, event)
    if (!action) return
    event.preventDefault()
    action()
    this.#showCursor(this.#position)
  }

  #historyAction(key, { shiftKey }) {
    const name = historyKey(key, shiftKey)
    return name && (() => this.editor[name]())
  }

  #action(key, { shiftKey }) {
    const { editor } = this
    const step = arrowStep(key, shiftKey)
    if (step) return () => this.#carry(...step)
    if (TOOL_KEYS[key]) return () => editor.choose(TOOL_KEYS[key])
    return {
      " ": () => this.#dab(),
      "[": () => (editor.brushSize -= SIZE_STEP),
      "]": () => (editor.brushSize += SIZE_STEP),
      "+": () => editor.view.zoomBy(ZOOM_STEP, this.at),
      "=": () => editor.view.zoomBy(ZOOM_STEP, this.at),
      "-": () => editor.view.zoomBy(1 / ZOOM_STEP, this.at),
      0: () => editor.view.fit(),
    }[key]
  }

  get #position() {
    return this.at ?? this.editor.view.middle
  }

  #carry(x, y) {
    const { width, height } = this.editor.view.frame
    const { x: left, y: top } = this.#position
    this.at = { x: clamp(left + x, 0, width), y: clamp(top + y, 0, height) }
  }

  /** Touch the photograph once where the brush is. */
  #dab() {
    if (!this.editor.canPaint) return
    this.editor.marks.begin()
    this.editor.paint(this.#position, this.#position)
    this.editor.endStroke()
  }
}
