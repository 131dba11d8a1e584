// Before and after on one another. Streamlit calls the default function at first and after every change of data.

const REFINE_MS = 120
const SCREEN_SHARE = 0.68
const viewers = new WeakMap()

class Viewer {
  constructor(root, data) {
    this.root = root
    this.frame = root.querySelector(".frame")
    this.layer = "result"
    this.isFitted = true
    this.place = { scale: 1, x: 0, y: 0 }
    this.size = { width: data.size[0], height: data.size[1] }
    const addressOf = (...what) => this._address(...what)
    const onFailure = () => (root.querySelector(".failed").hidden = false)
    this.before = new Plane(root.querySelector(".before"), addressOf, onFailure)
    this.after = new Plane(root.querySelector(".after"), addressOf, onFailure)
    this.divider = new Divider(this.frame, root.querySelector(".divider"), this)
    this.finish = new Finish(root.querySelector(".finish"), root.querySelector("filter"), this)
    this._bindToolbar()
    this.observer = new ResizeObserver(() => this._layout())
  }

  update(data) {
    this.data = data
    this._label(data.labels)
    this.finish.build(data)
    this._buildStrip(data)
    markStrip(this.root.querySelector(".strip"), this.layer)
    this.divider.move(this.divider.at)
    this.observer.observe(this.frame.parentElement)
    this._layout()
  }

  isZoomed() {
    const { width, height } = this._frameSize()
    const { scale } = this.place
    return this.size.width * scale > width + 1 || this.size.height * scale > height + 1
  }

  pan(x, y) {
    this._go({ ...this.place, x: this.place.x + x, y: this.place.y + y })
  }

  zoomBy(factor, point = this._middle()) {
    const least = fitScale(this.size, this._frameSize())
    const scale = Math.min(Math.max(this.place.scale * factor, least), MAX_ZOOM / devicePixelRatio)
    this.isFitted = scale <= least
    this._go(zoomed(this.place, scale, point))
  }

  fit() {
    this.zoomBy(0)
  }

  /** One pixel of the picture on each pixel of the screen. */
  full(point = this._middle()) {
    this.zoomBy(1 / devicePixelRatio / this.place.scale, point)
    this.isFitted = false
  }

  toggleFull(point) {
    if (this.isFitted) this.full(point)
    else this.fit()
  }

  choose(layer) {
    this.layer = layer
    markStrip(this.root.querySelector(".strip"), layer)
    const button = this.root.querySelector(`.strip [data-layer="${layer}"]`)
    this.root.querySelector(".right").textContent = layer === "result" ? this.data.labels.after : button.textContent
    this._showAfter()
  }

  /** Show the result with the exact finish, from the server. */
  showResult() {
    this.after.element.style.filter = ""
    if (this.layer === "result") this._showAfter()
    else this.choose("result")
  }

  /** Show the result without its finish, under the browser's own filter. */
  showPlain() {
    if (this.layer !== "result") this.choose("result")
    this.after.element.style.filter = "url(#live-finish)"
    this.after.show({ layer: "result", plain: true }, this._baseWidth())
  }

  /** Tell the server how the finish stands, so that downloads and reloads have it. */
  async tell(value) {
    const headers = { "Content-Type": "application/json" }
    const told = await fetch(`${this.data.address}finish`, { method: "POST", headers, body: JSON.stringify({ ...value, run: this.data.run }) })
    if (!told.ok) this.root.querySelector(".failed").hidden = false
  }

  _showAfter() {
    this.after.element.style.filter = ""
    this.after.show({ layer: this.layer, ...(this.layer === "result" ? this.finish.value : {}) }, this._baseWidth())
  }

  _address(what, rectangle, out) {
    const query = new URLSearchParams({ run: this.data.run, layer: what.layer, out: Math.ceil(out) })
    if (rectangle) {
      const { x, y, width, height } = rectangle
      for (const [name, value] of Object.entries({ x, y, w: width, h: height })) query.set(name, value)
    }
    if (what.layer === "result") {
      const { blur, sharpen, strengths } = this.finish.value
      query.set("strengths", this.data.stages.map((stage) => strengths[stage.name] ?? 1).join(","))
      if (!what.plain) query.set("blur", blur)
      if (!what.plain) query.set("sharpen", sharpen)
    }
    return `${this.data.address}view?${query}`
  }

  /** Draw the strip, where its texts are new; its pictures stay. */
  _buildStrip(data) {
    const key = JSON.stringify([data.run, data.labels])
    if (key === this.stripKey) return
    this.stripKey = key
    const addressOf = (...what) => this._address(...what)
    buildStrip(this.root.querySelector(".strip"), data, addressOf, (layer) => this.choose(layer))
  }

  _frameSize() {
    return { width: this.frame.clientWidth, height: this.frame.clientHeight }
  }

  _middle() {
    const { width, height } = this._frameSize()
    return { x: width / 2, y: height / 2 }
  }

  _baseWidth() {
    return Math.min(this.size.width, Math.ceil(this.size.width * fitScale(this.size, this._frameSize()) * devicePixelRatio))
  }

  _layout() {
    const width = this.root.clientWidth
    if (!width) return
    const natural = Math.min(width / this.size.width, 1) * this.size.height
    const isFull = this.root.getRootNode().fullscreenElement === this.root
    this.frame.style.height = isFull ? "" : `${Math.max(Math.min(natural, innerHeight * SCREEN_SHARE), 220)}px`
    if (this.isFitted) this.place.scale = fitScale(this.size, this._frameSize())
    this._go(this.place)
    this.before.show({ layer: 0 }, this._baseWidth())
    this._showAfter()
  }

  _go(place) {
    this.place = settled(place, this.size, this._frameSize())
    for (const plane of [this.before, this.after]) plane.place(this.place, this.size)
    const device = this.place.scale * devicePixelRatio
    this.frame.classList.toggle("zoomed", this.isZoomed())
    this.frame.classList.toggle("pixels", device >= 2)
    this.root.querySelector(".zoom").textContent = `${Math.round(100 * device)} %`
    clearTimeout(this.refining)
    this.refining = setTimeout(() => this._refine(), REFINE_MS)
  }

  _refine() {
    const rectangle = seen(this.place, this.size, this._frameSize())
    const wanted = Math.min(this.size.width, this.size.width * this.place.scale * devicePixelRatio)
    for (const plane of [this.before, this.after]) plane.refine({ rectangle, wanted, size: this.size })
  }

  _bindToolbar() {
    const actions = {
      out: () => this.zoomBy(1 / 1.5),
      in: () => this.zoomBy(1.5),
      fit: () => this.fit(),
      full: () => this.full(),
      screen: () => this._toggleScreen(),
    }
    for (const [name, action] of Object.entries(actions)) this._button(name).addEventListener("click", action)
    const hold = this._button("hold")
    const holding = (is) => this.frame.classList.toggle("holding", is)
    hold.addEventListener("pointerdown", () => holding(true))
    for (const end of ["pointerup", "pointerleave", "pointercancel", "blur", "keyup"]) {
      hold.addEventListener(end, () => holding(false))
    }
    hold.addEventListener("keydown", (event) => {
      if (event.key === " " || event.key === "Enter") holding(true)
    })
    hold.addEventListener("contextmenu", (event) => event.preventDefault())
  }

  _toggleScreen() {
    const owner = this.root.getRootNode()
    if (owner.fullscreenElement) document.exitFullscreen()
    else this.root.requestFullscreen()
  }

  _button(name) {
    return this.root.querySelector(`[data-do="${name}"]`)
  }

  _label(labels) {
    this.root.setAttribute("aria-label", labels.label)
    this.root.querySelector(".toolbar").setAttribute("aria-label", labels.label)
    this.root.querySelector(".divider").setAttribute("aria-label", labels.divider)
    this.root.querySelector(".failed").textContent = labels.failed
    this.root.querySelector(".help").textContent = labels.help
    this.root.querySelector(".left").textContent = labels.before
    if (this.layer === "result") this.root.querySelector(".right").textContent = labels.after
    this.before.base.alt = labels.before
    this.after.base.alt = labels.after
    for (const name of ["out", "in", "fit", "full", "hold", "screen"]) {
      const button = this._button(name)
      if (button.classList.contains("text")) button.textContent = labels[name]
      else button.setAttribute("aria-label", labels[name])
      button.title = labels[name]
    }
  }
}

export default function ({ data, parentElement }) {
  const root = parentElement.querySelector(".viewer")
  if (!viewers.has(root)) viewers.set(root, new Viewer(root, data))
  const viewer = viewers.get(root)
  viewer.update(data)
  return () => viewer.observer.disconnect()
}
