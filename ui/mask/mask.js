// The damage on a photograph, shown over it and corrected by hand. Strokes stay in the browser; the mask is sent.

import { bindButtons, buttonOf, labelButtons } from "../viewer/controls.js"
import { decimalText } from "../viewer/figures.js"
import { frameHeight, onPicture } from "../viewer/geometry.js"
import { View, ZOOM_STEP } from "../viewer/view.js"
import { Brush } from "./brush.js"
import { limitOf, Marks, shareText } from "./marks.js"
import { filled, isOtherShape, marksOf } from "./opened.js"
import { awaitImage, fetchImage, Saver } from "./server.js"
import { levelsOf, pngOf, Sheet } from "./sheet.js"

const SAVE_MS = 400
const ENLARGED = 4 // scale to which a small photograph is enlarged, for the brush
const editors = new WeakMap()

class Editor {
  constructor(root, data) {
    const [width, height] = data.size
    this.root = root
    this.data = data
    this.frame = root.querySelector(".frame")
    this.canvas = root.querySelector("canvas")
    this.sheet = new Sheet(width, height)
    this.marks = new Marks(width, height, (...part) => this.#draw(...part))
    this.view = new View({ width, height }, ENLARGED, () => this.#moved())
    this.brush = new Brush(this.frame, this)
    this.saver = new Saver(
      `${data.address}mask`,
      () => this.#file(),
      (...outcome) => this.#saved(...outcome),
    )
    this.#bindButtons()
    this.#bindSensitivity(data.sensitivity)
    new ResizeObserver(() => this.#layout()).observe(this.frame.parentElement)
    this.choose("mark")
    this.#open()
  }

  update(data) {
    this.data = data
    this.#setGrowth(data.growth)
    this.#label(data.labels)
    this.#layout()
    this.#showState()
  }

  choose(tool) {
    this.tool = tool
    this.frame.dataset.tool = tool
    for (const button of this.root.querySelectorAll("[data-tool]")) {
      button.setAttribute("aria-checked", button.dataset.tool === tool)
    }
  }

  /** Whether a pointer paints; nothing is marked before it is known what the detector and the kept mask say. */
  get canPaint() {
    return this.isReady && this.tool !== "move"
  }

  /** Diameter of the brush, in CSS pixels. */
  get brushSize() {
    return Number(this.root.querySelector(".size input").value)
  }

  set brushSize(pixels) {
    this.root.querySelector(".size input").value = pixels
  }

  /** Paint a line between two points of the frame. */
  paint(from, to) {
    const { place } = this.view
    const radius = Math.max(0.5, this.brushSize / 2 / place.scale)
    this.marks.line(this.tool, onPicture(from, place), onPicture(to, place), radius)
  }

  endStroke() {
    this.marks.end()
    this.#changed()
  }

  undo() {
    if (!this.isReady) return
    this.marks.undo()
    this.#changed()
  }

  redo() {
    if (!this.isReady) return
    this.marks.redo()
    this.#changed()
  }

  /** Fetch the photograph, what the detector finds, and the mask that is kept. */
  async #open() {
    try {
      await Promise.all([this.#fetchPhoto(), this.#fetchDamage()])
      if (this.data.isEdited) this.#take(await fetchImage(`${this.data.address}mask`))
      this.marks.forget()
      this.isReady = true
    } catch (error) {
      this.#fail(error)
    }
    this.#showState()
  }

  async #fetchPhoto() {
    this.photo = await fetchImage(`${this.data.address}plate?${new URLSearchParams(this.data.page)}`)
    this.#paint()
  }

  /** Fetch what the detector finds; a photograph can be marked by hand where it fails. */
  async #fetchDamage() {
    try {
      const address = `${this.data.address}damage?${new URLSearchParams({ model: this.data.model, ...this.data.page })}`
      this.marks.find(this.#levels(await awaitImage(this.root, address)))
    } catch (error) {
      this.#fail(error)
    }
  }

  #take(image) {
    this.marks.load(this.#levels(image), this.data.threshold)
  }

  #levels(image) {
    return levelsOf(image, this.marks.width, this.marks.height)
  }

  #file() {
    return pngOf(this.marks.levels(), this.marks.width, this.marks.height)
  }

  /** Send the mask, at once or a moment after the last change. */
  #changed(wait = 0) {
    this.#showState()
    this.root.dataset.saved = false
    this.saver.send(wait)
  }

  #saved(error, isAll) {
    if (error) this.#fail(error)
    else this.root.querySelector(".failed").hidden = true
    this.root.dataset.saved = !error && isAll
  }

  #fail(error) {
    const failed = this.root.querySelector(".failed")
    failed.textContent = `${this.data.labels.failed} ${error.message}`
    failed.hidden = false
  }

  #showState() {
    const { labels } = this.data
    const told = [labels.share.replace("{share}", shareText(this.marks.share))]
    if (this.sheet.growth) told.push(labels.growth.replace("{pixels}", this.sheet.growth))
    this.root.setAttribute("aria-busy", !this.isReady)
    this.root.querySelector(".state").textContent = this.isReady ? told.join(" ") : labels.looking
    for (const name of ["clear", "load", "save"]) buttonOf(this.root, name).disabled = !this.isReady
    buttonOf(this.root, "undo").disabled = !this.isReady || !this.marks.canUndo
    buttonOf(this.root, "redo").disabled = !this.isReady || !this.marks.canRedo
    this.root.querySelector(".sensitivity input").disabled = !this.isReady
  }

  /** Show how far the marks are widened before they are filled. */
  #setGrowth(pixels) {
    if (pixels === this.sheet.growth) return
    this.sheet.growth = pixels
    this.#draw(0, 0, this.marks.width, this.marks.height)
  }

  #draw(...part) {
    this.sheet.draw(this.marks, ...part)
    this.#paint()
  }

  /** Paint the photograph and the marks over it, once before the next frame of the screen. */
  #paint() {
    cancelAnimationFrame(this.painting)
    this.painting = requestAnimationFrame(() => {
      const context = this.canvas.getContext("2d")
      const { place, zoom, ratio, size } = this.view
      context.setTransform(1, 0, 0, 1, 0, 0)
      context.clearRect(0, 0, this.canvas.width, this.canvas.height)
      context.setTransform(zoom, 0, 0, zoom, place.x * ratio, place.y * ratio)
      context.imageSmoothingEnabled = zoom < 2
      context.imageSmoothingQuality = "high"
      if (this.photo) context.drawImage(this.photo, 0, 0, size.width, size.height)
      if (!this.isHidden) context.drawImage(this.sheet.picture, 0, 0)
    })
  }

  #bindButtons() {
    bindButtons(this.root, {
      undo: () => this.undo(),
      redo: () => this.redo(),
      out: () => this.view.zoomBy(1 / ZOOM_STEP),
      in: () => this.view.zoomBy(ZOOM_STEP),
      fit: () => this.view.fit(),
      hide: () => this.#hide(),
      clear: () => this.#clear(),
      load: () => this.root.querySelector("[type=file]").click(),
      save: () => this.#download(),
    })
    for (const button of this.root.querySelectorAll("[data-tool]")) {
      button.addEventListener("click", () => this.choose(button.dataset.tool))
    }
    this.root.querySelector("[type=file]").addEventListener("change", (event) => this.#load(event.target))
  }

  #bindSensitivity({ low, high, step, value }) {
    const input = this.root.querySelector(".sensitivity input")
    Object.assign(input, { min: low, max: high, step })
    input.value = value
    this.marks.setLimit(limitOf(value))
    input.addEventListener("input", () => {
      this.marks.setLimit(limitOf(Number(input.value)))
      this.#showSensitivity()
      this.#changed(SAVE_MS)
    })
  }

  #hide() {
    this.isHidden = !this.isHidden
    buttonOf(this.root, "hide").setAttribute("aria-pressed", this.isHidden)
    this.#paint()
  }

  #clear() {
    this.marks.clear()
    this.#changed()
  }

  async #load(input) {
    const [file] = input.files
    input.value = ""
    if (!file) return
    const { labels, size, threshold } = this.data
    const image = await createImageBitmap(file).catch(() => null)
    const sizes = { w0: image?.width, h0: image?.height, w1: size[0], h1: size[1] }
    if (!image) return this.#tell(filled(labels.unreadable, { name: file.name }))
    if (isOtherShape(sizes)) return this.#tell(filled(labels.shape, sizes))
    this.#tell(image.width === size[0] && image.height === size[1] ? "" : filled(labels.resized, sizes))
    this.marks.load(marksOf(image, ...size, threshold), threshold)
    this.#changed()
  }

  #tell(text) {
    const told = this.root.querySelector(".told")
    told.textContent = text
    told.hidden = !text
  }

  async #download() {
    const href = URL.createObjectURL(await this.#file())
    Object.assign(document.createElement("a"), { href, download: this.data.file }).click()
    setTimeout(() => URL.revokeObjectURL(href), 10_000)
  }

  #showSensitivity() {
    const { value } = this.root.querySelector(".sensitivity input")
    this.root.querySelector(".sensitivity output").textContent = decimalText(value)
  }

  #layout() {
    const width = this.root.clientWidth
    if (!width) return
    this.frame.style.height = `${frameHeight(this.view.size, width, innerHeight, ENLARGED)}px`
    const frame = { width: this.frame.clientWidth, height: this.frame.clientHeight }
    this.canvas.width = Math.round(frame.width * devicePixelRatio)
    this.canvas.height = Math.round(frame.height * devicePixelRatio)
    this.view.resize(frame, devicePixelRatio)
  }

  #moved() {
    this.root.querySelector(".zoom").textContent = this.view.percent
    this.#paint()
  }

  #label(labels) {
    this.frame.setAttribute("aria-label", labels.label)
    this.root.querySelector(".toolbar").setAttribute("aria-label", labels.label)
    this.root.querySelector(".group").setAttribute("aria-label", labels.tools)
    this.root.querySelector(".help").textContent = labels.help
    for (const name of ["size", "sensitivity"]) {
      const label = this.root.querySelector(`.${name}`)
      label.querySelector("span").textContent = labels[name]
      label.querySelector("input").setAttribute("aria-label", labels[name])
    }
    this.#showSensitivity()
    labelButtons(this.root, labels)
  }
}

export default function show({ data, parentElement }) {
  const root = parentElement.querySelector(".mask")
  if (!editors.has(root)) editors.set(root, new Editor(root, data))
  editors.get(root).update(data)
}
