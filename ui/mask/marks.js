// What is marked on a photograph, and the strokes that marked it: a byte per pixel, computed without the DOM.

import { decimalText } from "../viewer/figures.js"

const AUTO = 0 // damaged where the detector is certain enough
const MARKED = 1
const ERASED = 2
const PROTECTED = 3 // only the eraser changes it
const MAX_STROKES = 60
const GREY_OF_PROTECTED = 96 // in a mask's file: dark enough not to be taken for damage
const GREY_TOLERANCE = 24 // of a file that was compressed or resized

/**
 * The level of certainty, 0 to 255, above which a pixel counts as damaged: as the server does, above 1 - sensitivity.
 * Both are rounded to levels, so that equal certainties stay equal.
 */
export function limitOf(sensitivity) {
  return Math.round(255 * (1 - sensitivity))
}

/** A share in per cent, with two decimals; a small one is not shown as zero. */
export function shareText(share) {
  const percent = 100 * share
  return percent && percent < 0.01 ? `< ${decimalText(0.01)}` : decimalText(percent)
}

export class Marks {
  /**
   * @param {number} width
   * @param {number} height
   * @param {(left: number, top: number, width: number, height: number) => void} onChange gets what has changed
   */
  constructor(width, height, onChange = () => {}) {
    this.width = width
    this.height = height
    this.onChange = onChange
    this.hand = new Uint8Array(width * height) // what the person did
    this.found = new Uint8Array(width * height) // the detector's certainty, 0 to 255
    this.limit = limitOf(0.5)
    this.done = []
    this.undone = []
  }

  get canUndo() {
    return this.done.length > 0
  }

  get canRedo() {
    return this.undone.length > 0
  }

  /** Share of the photograph that is marked. */
  get share() {
    let count = 0
    for (let i = 0; i < this.hand.length; i++) if (this.isMarked(i)) count++
    return count / this.hand.length
  }

  isMarked(i) {
    return this.hand[i] === MARKED || (this.hand[i] === AUTO && this.found[i] > this.limit)
  }

  isProtected(i) {
    return this.hand[i] === PROTECTED
  }

  /** Take the detector's certainty. */
  find(levels) {
    this.found.set(levels)
    this.#allChanged()
  }

  /** Count what is above another level as damaged. */
  setLimit(limit) {
    this.limit = limit
    this.#allChanged()
  }

  /**
   * Take a mask: light is damage, the grey of protection protects. One step, which can be undone.
   * @param {Uint8Array} levels
   * @param {number} threshold 0 to 1: what is lighter is damage
   */
  load(levels, threshold) {
    this.#replaceAll((i) => {
      if (Math.abs(levels[i] - GREY_OF_PROTECTED) < GREY_TOLERANCE) return PROTECTED
      const isMarked = levels[i] > 255 * threshold
      if (isMarked === this.found[i] > this.limit) return AUTO
      return isMarked ? MARKED : ERASED
    })
  }

  /** Drop every stroke, so that what the detector finds is left. One step, which can be undone. */
  clear() {
    this.#replaceAll(() => AUTO)
  }

  begin() {
    this.stroke = []
  }

  /** Draw a part of a stroke: a line with round ends, in pixels of the photograph. */
  line(tool, from, to, radius) {
    const left = Math.max(0, Math.floor(Math.min(from.x, to.x) - radius))
    const top = Math.max(0, Math.floor(Math.min(from.y, to.y) - radius))
    const right = Math.min(this.width, Math.ceil(Math.max(from.x, to.x) + radius) + 1)
    const bottom = Math.min(this.height, Math.ceil(Math.max(from.y, to.y) + radius) + 1)
    if (right <= left || bottom <= top) return
    this.#remember(left, top, right - left, bottom - top)
    const isNear = nearLine(from, to, radius)
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) if (isNear(x + 0.5, y + 0.5)) this.#touch(tool, y * this.width + x)
    }
    this.onChange(left, top, right - left, bottom - top)
  }

  end() {
    if (!this.stroke.length) return
    this.done.push(this.stroke)
    if (this.done.length > MAX_STROKES) this.done.shift()
    this.undone = []
  }

  /** Take back the stroke that is being drawn, as if it had not begun. */
  abandon() {
    this.#exchange(this.stroke)
    this.stroke = []
  }

  undo() {
    if (this.canUndo) this.undone.push(this.#exchange(this.done.pop()))
  }

  redo() {
    if (this.canRedo) this.done.push(this.#exchange(this.undone.pop()))
  }

  /** Forget all strokes that could be undone or redone; what they marked stays. */
  forget() {
    this.done = []
    this.undone = []
  }

  /** The mask as it is kept in a file: white is damage, black is not, a dark grey is protected. */
  levels() {
    const levels = new Uint8Array(this.hand.length)
    for (let i = 0; i < levels.length; i++) {
      levels[i] = this.isMarked(i) ? 255 : this.isProtected(i) ? GREY_OF_PROTECTED : 0
    }
    return levels
  }

  #replaceAll(markOf) {
    this.begin()
    this.#remember(0, 0, this.width, this.height)
    for (let i = 0; i < this.hand.length; i++) this.hand[i] = markOf(i)
    this.end()
    this.#allChanged()
  }

  #allChanged() {
    this.onChange(0, 0, this.width, this.height)
  }

  #touch(tool, i) {
    if (tool === "erase") {
      const wasFound = this.found[i] > this.limit && this.hand[i] !== PROTECTED
      this.hand[i] = wasFound ? ERASED : AUTO
    } else if (tool === "protect") this.hand[i] = PROTECTED
    else if (this.hand[i] !== PROTECTED) this.hand[i] = MARKED
  }

  #remember(left, top, width, height) {
    this.stroke.push({ left, top, width, height, bytes: this.#cut(left, top, width, height) })
  }

  #cut(left, top, width, height) {
    const bytes = new Uint8Array(width * height)
    for (let y = 0; y < height; y++) {
      const start = (top + y) * this.width + left
      bytes.set(this.hand.subarray(start, start + width), y * width)
    }
    return bytes
  }

  /** Put back what a stroke covered, and return the stroke that leads back to what was there. */
  #exchange(stroke) {
    return stroke.reverse().map(({ left, top, width, height, bytes }) => {
      const now = this.#cut(left, top, width, height)
      for (let y = 0; y < height; y++) {
        this.hand.set(bytes.subarray(y * width, (y + 1) * width), (top + y) * this.width + left)
      }
      this.onChange(left, top, width, height)
      return { left, top, width, height, bytes: now }
    })
  }
}

/** Return a test of whether a point is within `radius` of a line. */
function nearLine(from, to, radius) {
  const [dx, dy] = [to.x - from.x, to.y - from.y]
  const length = dx * dx + dy * dy || 1
  return (x, y) => {
    const [px, py] = [x - from.x, y - from.y]
    const along = Math.min(1, Math.max(0, (px * dx + py * dy) / length))
    return (px - along * dx) ** 2 + (py - along * dy) ** 2 <= radius * radius
  }
}
