// Before and after on one another. Streamlit calls the default function at first and after every change of data.

import { drawOvals } from "../faces/ovals.js"
import { bindButtons, buttonOf, labelButtons } from "./controls.js"
import { Divider } from "./divider.js"
import { neededWidth, viewQuery, wholeWidth } from "./fetching.js"
import { Finish, strengthsText } from "./finish.js"
import { frameHeight, visiblePart } from "./geometry.js"
import { Plane } from "./plane.js"
import { buildStrip, markStrip } from "./strip.js"
import { View, ZOOM_STEP } from "./view.js"

const REFINE_MS = 120
const viewers = new WeakMap()

class Viewer {
  constructor(root, data) {
    this.root = root
    this.data = data
    this.frame = root.querySelector(".frame")
    this.strip = root.querySelector(".strip")
    this.layer = data.result
    this.view = new View({ width: data.size[0], height: data.size[1] }, 1, () => this.#moved())
    const addressOf = (...what) => this.#address(...what)
    this.before = new Plane(root.querySelector(".before"), addressOf, () => this.#fail())
    this.after = new Plane(root.querySelector(".after"), addressOf, () => this.#fail())
    this.divider = new Divider(this.frame, root.querySelector(".divider"), this.view)
    this.finish = new Finish(root.querySelector(".finish"), root.querySelector("filter"), this)
    this.#bindToolbar()
    new ResizeObserver(() => this.#layout()).observe(this.frame.parentElement)
  }

  update(data) {
    this.data = data
    this.#label(data.labels)
    this.finish.build(data)
    this.#buildStrip()
    markStrip(this.strip, this.layer)
    this.divider.move(this.divider.percent)
    buttonOf(this.root, "faces").hidden = !data.faces.length
    for (const place of this.root.querySelectorAll(".ovals")) drawOvals(place, data.faces)
    this.#layout()
  }

  choose(layer) {
    this.layer = layer
    markStrip(this.strip, layer)
    const button = this.strip.querySelector(`[data-layer="${layer}"]`)
    this.root.querySelector(".right").textContent = this.#isResult ? this.data.labels.after : button.textContent
    this.#showAfter()
  }

  /** Show the result with the exact finish, from the server. */
  showResult() {
    if (this.#isResult) this.#showAfter()
    else this.choose(this.data.result)
  }

  /** Show the result without its finish, under the browser's own filter. */
  showPlain() {
    if (!this.#isResult) this.choose(this.data.result)
    this.after.element.style.filter = "url(#live-finish)"
    this.after.show({ layer: this.layer, isPlain: true }, this.#wholeWidth())
  }

  /** Send the finish to the server, for downloads and reloads. */
  async send(value) {
    const headers = { "Content-Type": "application/json", "X-Studio": "1" }
    const body = JSON.stringify({ ...value, run: this.data.run })
    const answer = await fetch(`${this.data.address}finish`, { method: "POST", headers, body }).catch(() => null)
    if (!answer?.ok) this.#fail()
  }

  get #isResult() {
    return this.layer === this.data.result
  }

  #fail() {
    this.root.querySelector(".failed").hidden = false
  }

  #showAfter() {
    this.after.element.style.filter = ""
    this.after.show({ layer: this.layer }, this.#wholeWidth())
  }

  #address({ layer, isPlain }, rectangle, width) {
    const { address, run, result } = this.data
    const finish = layer === result ? this.#finishQuery(isPlain) : {}
    return `${address}view?${viewQuery({ run, layer, width }, rectangle, finish)}`
  }

  #finishQuery(isPlain) {
    const { stages, strength } = this.data
    const { blur, sharpen, strengths } = this.finish.value
    const blended = { strengths: strengthsText(stages, strengths, strength.neutral) }
    return isPlain ? blended : { ...blended, blur, sharpen }
  }

  /** Draw the strip anew only where its texts are new: its pictures stay. */
  #buildStrip() {
    const key = JSON.stringify([this.data.run, this.data.labels])
    if (key === this.stripKey) return
    this.stripKey = key
    const addressOf = (...what) => this.#address(...what)
    buildStrip(this.strip, this.data, addressOf, (layer) => this.choose(layer))
  }

  #wholeWidth() {
    const { size, frame, ratio } = this.view
    return wholeWidth(size, frame, ratio, this.data.maxSide)
  }

  #layout() {
    const width = this.root.clientWidth
    if (!width) return
    const isFullScreen = this.root.getRootNode().fullscreenElement === this.root
    this.frame.style.height = isFullScreen ? "" : `${frameHeight(this.view.size, width, innerHeight)}px`
    const part = this.divider.isBeside ? 2 : 1
    this.view.resize({ width: this.frame.clientWidth / part, height: this.frame.clientHeight }, devicePixelRatio)
    this.before.show({ layer: this.data.photo }, this.#wholeWidth())
    this.#showAfter()
  }

  /** Draw both pictures where the view is now, and fetch their visible part once it rests. */
  #moved() {
    const { place, size, zoom, percent, isCropped } = this.view
    for (const plane of [this.before, this.after]) plane.place(place, size)
    this.frame.classList.toggle("zoomed", isCropped)
    this.frame.classList.toggle("pixels", zoom >= 2)
    this.root.querySelector(".zoom").textContent = percent
    clearTimeout(this.refining)
    this.refining = setTimeout(() => this.#refine(), REFINE_MS)
  }

  #refine() {
    const { place, size, frame, zoom } = this.view
    const part = { rectangle: visiblePart(place, size, frame), needed: neededWidth(size, zoom), size }
    for (const plane of [this.before, this.after]) plane.refine(part)
  }

  #bindToolbar() {
    bindButtons(this.root, {
      out: () => this.view.zoomBy(1 / ZOOM_STEP),
      in: () => this.view.zoomBy(ZOOM_STEP),
      fit: () => this.view.fit(),
      full: () => this.view.full(),
      faces: () => this.#toggleFaces(),
      beside: () => this.#toggleBeside(),
      screen: () => this.#toggleScreen(),
    })
    this.#bindHold(buttonOf(this.root, "hold"))
  }

  #bindHold(hold) {
    const show = (isHeld) => this.frame.classList.toggle("holding", isHeld)
    hold.addEventListener("pointerdown", () => show(true))
    for (const end of ["pointerup", "pointerleave", "pointercancel", "blur", "keyup"]) {
      hold.addEventListener(end, () => show(false))
    }
    hold.addEventListener("keydown", (event) => {
      if (event.key === " " || event.key === "Enter") show(true)
    })
    hold.addEventListener("contextmenu", (event) => event.preventDefault())
  }

  #toggleBeside() {
    this.divider.isBeside = !this.divider.isBeside
    this.frame.classList.toggle("beside", this.divider.isBeside)
    buttonOf(this.root, "beside").setAttribute("aria-pressed", this.divider.isBeside)
    this.#layout()
  }

  #toggleFaces() {
    const isOn = this.frame.classList.toggle("faces")
    buttonOf(this.root, "faces").setAttribute("aria-pressed", isOn)
  }

  #toggleScreen() {
    if (this.root.getRootNode().fullscreenElement) document.exitFullscreen()
    else this.root.requestFullscreen()
  }

  #label(labels) {
    this.root.setAttribute("aria-label", labels.label)
    this.root.querySelector(".toolbar").setAttribute("aria-label", labels.label)
    this.root.querySelector(".divider").setAttribute("aria-label", labels.divider)
    this.root.querySelector(".failed").textContent = labels.failed
    this.root.querySelector(".help").textContent = labels.help
    this.root.querySelector(".left").textContent = labels.before
    if (this.#isResult) this.root.querySelector(".right").textContent = labels.after
    this.before.base.alt = labels.before
    this.after.base.alt = labels.after
    labelButtons(this.root, labels)
  }
}

export default function show({ data, parentElement }) {
  const root = parentElement.querySelector(".viewer")
  if (!viewers.has(root)) viewers.set(root, new Viewer(root, data))
  viewers.get(root).update(data)
}
