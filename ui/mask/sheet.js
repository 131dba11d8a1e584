// What is marked on a photograph: a byte a pixel, the strokes that made it, and its picture in colours.

const AUTO = 0 // damaged where the detector is sure enough
const MARKED = 1
const ERASED = 2
const PROTECTED = 3 // no stroke but the eraser changes it
const GREY_OF_PROTECTED = 96 // in the file of the mask: under the half, so never repaired
const MAX_STROKES = 60

class Sheet {
  constructor(width, height) {
    this.width = width
    this.height = height
    this.hand = new Uint8Array(width * height) // what the person's hand did
    this.found = new Uint8Array(width * height) // the detector's certainty, 0 to 255
    this.limit = 128
    this.done = []
    this.undone = []
    this.picture = Object.assign(document.createElement("canvas"), { width, height })
    this.context = this.picture.getContext("2d", { willReadFrequently: true })
    this.colours = { marked: [225, 40, 30, 150], protected: [30, 140, 90, 120] }
  }

  /** Take the detector's certainty, as the red of an image's pixels. */
  find(image) {
    const samples = this._samples(image)
    for (let i = 0; i < this.found.length; i++) this.found[i] = samples[4 * i]
    this.draw()
  }

  /** Take a mask from a file, of any size: white is damage, a darker grey protected. One step, which can be undone. */
  load(image) {
    const samples = this._samples(image)
    this.begin()
    this._remember(0, 0, this.width, this.height)
    for (let i = 0; i < this.hand.length; i++) {
      const value = samples[4 * i]
      const isMarked = value > 127
      const isProtected = Math.abs(value - GREY_OF_PROTECTED) < 24
      if (isProtected) this.hand[i] = PROTECTED
      else this.hand[i] = isMarked === this.found[i] > this.limit ? AUTO : isMarked ? MARKED : ERASED
    }
    this.end()
    this.draw()
  }

  /** Forget every stroke: nothing but what the detector finds is left. One step, which can be undone. */
  clear() {
    this.begin()
    this._remember(0, 0, this.width, this.height)
    this.hand.fill(AUTO)
    this.end()
    this.draw()
  }

  begin() {
    this.stroke = []
  }

  /** Draw a part of a stroke, a line with round ends, in pixels of the photograph. */
  line(tool, from, to, radius) {
    const left = Math.max(0, Math.floor(Math.min(from.x, to.x) - radius))
    const top = Math.max(0, Math.floor(Math.min(from.y, to.y) - radius))
    const right = Math.min(this.width, Math.ceil(Math.max(from.x, to.x) + radius) + 1)
    const bottom = Math.min(this.height, Math.ceil(Math.max(from.y, to.y) + radius) + 1)
    if (right <= left || bottom <= top) return
    this._remember(left, top, right - left, bottom - top)
    const [dx, dy] = [to.x - from.x, to.y - from.y]
    const length = dx * dx + dy * dy || 1
    for (let y = top; y < bottom; y++) {
      for (let x = left; x < right; x++) {
        const [px, py] = [x + 0.5 - from.x, y + 0.5 - from.y]
        const along = Math.min(1, Math.max(0, (px * dx + py * dy) / length))
        if ((px - along * dx) ** 2 + (py - along * dy) ** 2 <= radius * radius) this._touch(tool, y * this.width + x)
      }
    }
    this.draw(left, top, right - left, bottom - top)
  }

  end() {
    if (!this.stroke.length) return
    this.done.push(this.stroke)
    if (this.done.length > MAX_STROKES) this.done.shift()
    this.undone = []
  }

  undo() {
    this._exchange(this.done, this.undone)
  }

  redo() {
    this._exchange(this.undone, this.done)
  }

  isMarked(i) {
    return this.hand[i] === MARKED || (this.hand[i] === AUTO && this.found[i] > this.limit)
  }

  /** Share of the photograph that is marked. */
  get share() {
    let count = 0
    for (let i = 0; i < this.hand.length; i++) if (this.isMarked(i)) count++
    return count / this.hand.length
  }

  /** The mask as a PNG file: white is damage, black is not, a dark grey is protected. */
  file() {
    const canvas = Object.assign(document.createElement("canvas"), { width: this.width, height: this.height })
    const context = canvas.getContext("2d")
    const image = context.createImageData(this.width, this.height)
    const words = new Uint32Array(image.data.buffer)
    for (let i = 0; i < words.length; i++) {
      const value = this.isMarked(i) ? 255 : this.hand[i] === PROTECTED ? GREY_OF_PROTECTED : 0
      words[i] = 0xff000000 | (value << 16) | (value << 8) | value
    }
    context.putImageData(image, 0, 0)
    return new Promise((resolve) => canvas.toBlob(resolve, "image/png"))
  }

  /** Colour a part of the picture that lies over the photograph. */
  draw(left = 0, top = 0, width = this.width, height = this.height) {
    const image = this.context.createImageData(width, height)
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const i = (top + y) * this.width + left + x
        const colour = this.isMarked(i) ? "marked" : this.hand[i] === PROTECTED ? "protected" : null
        if (colour) image.data.set(this.colours[colour], 4 * (y * width + x))
      }
    }
    this.context.putImageData(image, left, top)
  }

  _touch(tool, i) {
    if (tool === "erase") {
      const wasFound = this.found[i] > this.limit && this.hand[i] !== PROTECTED
      this.hand[i] = wasFound ? ERASED : AUTO
    } else if (tool === "protect") this.hand[i] = PROTECTED
    else if (this.hand[i] !== PROTECTED) this.hand[i] = MARKED
  }

  _samples(image) {
    const canvas = Object.assign(document.createElement("canvas"), { width: this.width, height: this.height })
    const context = canvas.getContext("2d", { willReadFrequently: true })
    context.drawImage(image, 0, 0, this.width, this.height)
    return context.getImageData(0, 0, this.width, this.height).data
  }

  _remember(left, top, width, height) {
    this.stroke.push({ left, top, width, height, bytes: this._cut(left, top, width, height) })
  }

  _cut(left, top, width, height) {
    const bytes = new Uint8Array(width * height)
    for (let y = 0; y < height; y++) {
      const start = (top + y) * this.width + left
      bytes.set(this.hand.subarray(start, start + width), y * width)
    }
    return bytes
  }

  /** Put back what a stroke covered, and keep what lies there now for the way back. */
  _exchange(from, to) {
    const stroke = from.pop()
    if (!stroke) return
    to.push(
      stroke.reverse().map(({ left, top, width, height, bytes }) => {
        const now = this._cut(left, top, width, height)
        for (let y = 0; y < height; y++) {
          this.hand.set(bytes.subarray(y * width, (y + 1) * width), (top + y) * this.width + left)
        }
        this.draw(left, top, width, height)
        return { left, top, width, height, bytes: now }
      }),
    )
  }
}
