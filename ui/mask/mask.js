// The damage on a photograph, shown over it and corrected by hand. Strokes stay in the browser; the server gets the mask.

const SCREEN_SHARE = 0.68
const SAVE_MS = 400
const ENLARGED = 4 // a small photograph is shown so much larger, for the brush
const STEP = 8 // CSS pixels that an arrow key moves the brush
const editors = new WeakMap()

class Editor {
  constructor(root, data) {
    this.root = root
    this.data = data
    this.frame = root.querySelector(".frame")
    this.canvas = root.querySelector("canvas")
    this.cursor = root.querySelector(".cursor")
    this.size = { width: data.size[0], height: data.size[1] }
    this.sheet = new Sheet(this.size.width, this.size.height)
    this.sheet.limit = limitOf(data.sensitivity)
    this.place = { scale: 1, x: 0, y: 0 }
    this.isFitted = true
    this.pointers = new Map()
    this._bindPointers()
    this._bindButtons()
    this.frame.addEventListener("keydown", (event) => this._key(event))
    this.observer = new ResizeObserver(() => this._layout())
    this.choose("mark")
    this._open()
  }

  update(data) {
    this.data = data
    this._label(data.labels)
    this.observer.observe(this.frame.parentElement)
    this._layout()
    this._tellState()
  }

  choose(tool) {
    this.tool = tool
    this.frame.dataset.tool = tool
    for (const button of this.root.querySelectorAll("[data-tool]")) {
      button.setAttribute("aria-checked", button.dataset.tool === tool)
    }
  }

  zoomBy(factor, point = this._middle()) {
    const least = this._fitScale()
    const scale = Math.min(Math.max(this.place.scale * factor, least), MAX_ZOOM / devicePixelRatio)
    this.isFitted = scale <= least
    this._go(zoomed(this.place, scale, point))
  }

  pan(x, y) {
    this._go({ ...this.place, x: this.place.x + x, y: this.place.y + y })
  }

  /** Fetch the photograph, what the detector found, and the mask as it was left. */
  async _open() {
    try {
      const [photo, found] = await Promise.all([fetchImage(this._address("plate")), fetchImage(this._address(`damage?${new URLSearchParams({ model: this.data.model })}`))])
      this.photo = photo
      this.sheet.find(found)
      if (this.data.edited) this.sheet.load(await fetchImage(this._address("mask")))
      this.sheet.done = []
    } catch {
      this.root.querySelector(".failed").hidden = false
    }
    this._paint()
    this._tellState()
  }

  _address(what) {
    return `${this.data.address}${what}`
  }

  /** Give the mask to the server, at once or a moment after the last change. */
  _changed(wait = 0) {
    this._paint()
    this._tellState()
    this.root.dataset.saved = false
    this.isPending = true
    clearTimeout(this.saving)
    this.saving = setTimeout(() => this._save(), wait)
  }

  /** Send the mask as it stands; changes meanwhile are sent after it, in their order. */
  async _save() {
    this.isPending = false
    this.isStale = true
    if (this.isSaving) return
    this.isSaving = true
    let told
    while (this.isStale) {
      this.isStale = false
      const body = await this.sheet.file()
      const headers = { "Content-Type": "image/png" }
      told = await fetch(`${this.data.address}mask`, { method: "PUT", headers, body }).catch(() => ({ ok: false }))
    }
    this.isSaving = false
    this.root.querySelector(".failed").hidden = told.ok
    this.root.dataset.saved = told.ok && !this.isPending
  }

  _tellState() {
    const { labels } = this.data
    const share = 100 * this.sheet.share
    const percent = share && share < 0.01 ? "< 0.01" : share.toFixed(2)
    this.root.querySelector(".state").textContent = this.photo ? labels.share.replace("{share}", percent) : labels.looking
    this._button("undo").disabled = !this.sheet.done.length
    this._button("redo").disabled = !this.sheet.undone.length
  }

  get radius() {
    return Math.max(0.5, (this.root.querySelector(".size input").value / 2) / this.place.scale)
  }

  _paint() {
    cancelAnimationFrame(this.painting)
    this.painting = requestAnimationFrame(() => {
      const context = this.canvas.getContext("2d")
      const ratio = devicePixelRatio
      const { x, y, scale } = this.place
      context.setTransform(1, 0, 0, 1, 0, 0)
      context.clearRect(0, 0, this.canvas.width, this.canvas.height)
      context.setTransform(scale * ratio, 0, 0, scale * ratio, x * ratio, y * ratio)
      context.imageSmoothingEnabled = scale * ratio < 2
      context.imageSmoothingQuality = "high"
      if (this.photo) context.drawImage(this.photo, 0, 0, this.size.width, this.size.height)
      if (!this.isHidden) context.drawImage(this.sheet.picture, 0, 0)
    })
  }

  /** A point of the frame, in pixels of the photograph. */
  _onPhoto(point) {
    const { x, y, scale } = this.place
    return { x: (point.x - x) / scale, y: (point.y - y) / scale }
  }

  _bindPointers() {
    const { frame } = this
    frame.addEventListener("pointerdown", (event) => this._down(event))
    frame.addEventListener("pointermove", (event) => this._move(event))
    for (const end of ["pointerup", "pointercancel"]) frame.addEventListener(end, (event) => this._up(event))
    frame.addEventListener("pointerleave", () => (this.cursor.hidden = true))
    frame.addEventListener("wheel", (event) => this._wheel(event), { passive: false })
  }

  _down(event) {
    if (event.button && event.button !== 1) return
    this.frame.setPointerCapture(event.pointerId)
    const point = pointIn(this.frame, event)
    this.pointers.set(event.pointerId, point)
    const isMoving = this.tool === "move" || event.button === 1
    if (this.pointers.size > 1) this._beginPinch()
    else if (isMoving) this.mode = "pan"
    else {
      this.mode = "paint"
      this.sheet.begin()
      this._stroke(point, point)
    }
    if (event.pointerType === "mouse") event.preventDefault()
    this.frame.focus({ preventScroll: true })
  }

  /** A second finger came: what the first has painted until now was no stroke. */
  _beginPinch() {
    if (this.mode === "paint") {
      this.sheet.end()
      this.sheet.undo()
      this.sheet.undone.pop()
      this._paint()
    }
    this.mode = "pinch"
  }

  _move(event) {
    const now = pointIn(this.frame, event)
    this._showCursor(now)
    const before = this.pointers.get(event.pointerId)
    if (!before) return
    if (this.mode === "paint") {
      const passed = event.getCoalescedEvents?.() ?? []
      let from = before
      for (const each of passed.length ? passed : [event]) {
        const to = pointIn(this.frame, each)
        this._stroke(from, to)
        from = to
      }
    }
    if (this.mode === "pan") this.pan(now.x - before.x, now.y - before.y)
    if (this.mode === "pinch") pinch(this, this.pointers, event.pointerId, now)
    this.pointers.set(event.pointerId, now)
  }

  _up(event) {
    if (!this.pointers.delete(event.pointerId)) return
    if (this.mode === "paint") {
      this.sheet.end()
      this._changed()
    }
    if (!this.pointers.size) this.mode = null
  }

  _stroke(from, to) {
    this.sheet.line(this.tool, this._onPhoto(from), this._onPhoto(to), this.radius)
    this._paint()
  }

  _wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return // the page scrolls
    event.preventDefault()
    this.zoomBy(Math.exp(-event.deltaY / 300), pointIn(this.frame, event))
  }

  _showCursor(point) {
    this.at = point
    const side = this.radius * 2 * this.place.scale
    this.cursor.hidden = this.tool === "move"
    Object.assign(this.cursor.style, { left: `${point.x}px`, top: `${point.y}px`, width: `${side}px`, height: `${side}px` })
  }

  _key(event) {
    const size = this.root.querySelector(".size input")
    const command = event.ctrlKey || event.metaKey
    const step = event.shiftKey ? 4 * STEP : STEP
    const actions = command
      ? { z: () => (event.shiftKey ? this._redo() : this._undo()), y: () => this._redo() }
      : {
          ArrowLeft: () => this._carry(-step, 0),
          ArrowRight: () => this._carry(step, 0),
          ArrowUp: () => this._carry(0, -step),
          ArrowDown: () => this._carry(0, step),
          " ": () => this._dab(),
          "[": () => (size.value = Number(size.value) - 4),
          "]": () => (size.value = Number(size.value) + 4),
          m: () => this.choose("mark"),
          e: () => this.choose("erase"),
          p: () => this.choose("protect"),
          "+": () => this.zoomBy(1.5, this.at),
          "=": () => this.zoomBy(1.5, this.at),
          "-": () => this.zoomBy(1 / 1.5, this.at),
          0: () => this._fit(),
        }
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key]
    if (!action || event.altKey) return
    event.preventDefault()
    action()
    this._showCursor(this.at ?? this._middle())
  }

  _carry(x, y) {
    const at = this.at ?? this._middle()
    const { width, height } = this._frameSize()
    this.at = { x: Math.min(width, Math.max(0, at.x + x)), y: Math.min(height, Math.max(0, at.y + y)) }
  }

  /** Touch the photograph once where the brush stands. */
  _dab() {
    if (this.tool === "move") return
    this.sheet.begin()
    this._stroke(this.at ?? this._middle(), this.at ?? this._middle())
    this.sheet.end()
    this._changed()
  }

  _undo() {
    this.sheet.undo()
    this._changed()
  }

  _redo() {
    this.sheet.redo()
    this._changed()
  }

  _fit() {
    this.isFitted = true
    this._layout()
  }

  _bindButtons() {
    const actions = {
      undo: () => this._undo(),
      redo: () => this._redo(),
      out: () => this.zoomBy(1 / 1.5),
      in: () => this.zoomBy(1.5),
      fit: () => this._fit(),
      hide: () => this._hide(),
      clear: () => (this.sheet.clear(), this._changed()),
      load: () => this.root.querySelector("[type=file]").click(),
      save: () => this._download(),
    }
    for (const [name, action] of Object.entries(actions)) this._button(name).addEventListener("click", action)
    for (const button of this.root.querySelectorAll("[data-tool]")) {
      button.addEventListener("click", () => this.choose(button.dataset.tool))
    }
    this.root.querySelector("[type=file]").addEventListener("change", (event) => this._load(event.target))
    const sensitivity = this.root.querySelector(".sensitivity input")
    sensitivity.value = this.data.sensitivity
    sensitivity.addEventListener("input", () => {
      this.sheet.limit = limitOf(Number(sensitivity.value))
      this.sheet.draw()
      this._tellSensitivity()
      this._changed(SAVE_MS)
    })
  }

  _hide() {
    this.isHidden = !this.isHidden
    this._button("hide").setAttribute("aria-pressed", this.isHidden)
    this._paint()
  }

  async _load(input) {
    const [file] = input.files
    input.value = ""
    if (!file) return
    const image = await createImageBitmap(file).catch(() => null)
    this.root.querySelector(".failed").hidden = Boolean(image)
    if (!image) return
    this.sheet.load(image)
    this._changed()
  }

  async _download() {
    const href = URL.createObjectURL(await this.sheet.file())
    Object.assign(document.createElement("a"), { href, download: this.data.file }).click()
    setTimeout(() => URL.revokeObjectURL(href), 10_000)
  }

  _tellSensitivity() {
    const { value } = this.root.querySelector(".sensitivity input")
    this.root.querySelector(".sensitivity output").textContent = Number(value).toFixed(2)
  }

  _frameSize() {
    return { width: this.frame.clientWidth, height: this.frame.clientHeight }
  }

  _fitScale() {
    const { width, height } = this._frameSize()
    return Math.min(width / this.size.width, height / this.size.height, ENLARGED)
  }

  _middle() {
    const { width, height } = this._frameSize()
    return { x: width / 2, y: height / 2 }
  }

  _layout() {
    const width = this.root.clientWidth
    if (!width) return
    const natural = Math.min(width / this.size.width, ENLARGED) * this.size.height
    this.frame.style.height = `${Math.max(Math.min(natural, innerHeight * SCREEN_SHARE), 220)}px`
    const frame = this._frameSize()
    this.canvas.width = Math.round(frame.width * devicePixelRatio)
    this.canvas.height = Math.round(frame.height * devicePixelRatio)
    if (this.isFitted) this.place.scale = this._fitScale()
    this._go(this.place)
  }

  _go(place) {
    this.place = settled(place, this.size, this._frameSize())
    this.root.querySelector(".zoom").textContent = `${Math.round(100 * this.place.scale * devicePixelRatio)} %`
    this._paint()
  }

  _button(name) {
    return this.root.querySelector(`[data-do="${name}"]`)
  }

  _label(labels) {
    this.frame.setAttribute("aria-label", labels.label)
    this.root.querySelector(".toolbar").setAttribute("aria-label", labels.label)
    this.root.querySelector(".group").setAttribute("aria-label", labels.tools)
    this.root.querySelector(".failed").textContent = labels.failed
    this.root.querySelector(".help").textContent = labels.help
    for (const name of ["size", "sensitivity"]) {
      const label = this.root.querySelector(`.${name}`)
      label.querySelector("span").textContent = labels[name]
      label.querySelector("input").setAttribute("aria-label", labels[name])
    }
    this._tellSensitivity()
    for (const button of this.root.querySelectorAll("[data-do], [data-tool]")) {
      const text = labels[button.dataset.do ?? button.dataset.tool]
      if (button.classList.contains("text")) button.textContent = text
      else button.setAttribute("aria-label", text)
      button.title = text
    }
  }
}

/** The certainty, 0 to 255, above which a pixel counts as damaged. */
function limitOf(sensitivity) {
  return 255 * (1 - sensitivity)
}

async function fetchImage(address) {
  const answer = await fetch(address)
  if (!answer.ok) throw new Error(`${address}: ${answer.status}`)
  return createImageBitmap(await answer.blob(), { colorSpaceConversion: "none" })
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".mask")
  if (!editors.has(root)) editors.set(root, new Editor(root, data))
  const editor = editors.get(root)
  editor.update(data)
  return () => editor.observer.disconnect()
}
