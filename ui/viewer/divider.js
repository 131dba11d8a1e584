// The divider, panning and zooming: mouse, pen, one or two fingers, and keys.

class Divider {
  constructor(frame, handle, viewer) {
    this.frame = frame
    this.handle = handle
    this.viewer = viewer
    this.pointers = new Map()
    this.at = 50
    frame.addEventListener("pointerdown", (event) => this._down(event))
    frame.addEventListener("pointermove", (event) => this._move(event))
    for (const end of ["pointerup", "pointercancel"]) frame.addEventListener(end, (event) => this._up(event))
    frame.addEventListener("dblclick", (event) => viewer.toggleFull(pointIn(this.frame, event)))
    frame.addEventListener("wheel", (event) => this._wheel(event), { passive: false })
    handle.addEventListener("keydown", (event) => this._key(event))
  }

  move(percent) {
    this.at = Math.min(100, Math.max(0, percent))
    this.frame.style.setProperty("--at", `${this.at}%`)
    this.handle.setAttribute("aria-valuenow", Math.round(this.at))
    this.handle.setAttribute("aria-valuetext", `${Math.round(this.at)} %`)
  }

  _down(event) {
    if (event.button) return
    this.frame.setPointerCapture(event.pointerId)
    const point = pointIn(this.frame, event)
    this.pointers.set(event.pointerId, point)
    const onHandle = event.target === this.handle
    this.mode = this.pointers.size > 1 ? "pinch" : onHandle || !this.viewer.isZoomed() ? "divide" : "pan"
    if (this.mode === "divide") {
      this.handle.focus({ preventScroll: true })
      this.move((100 * point.x) / this.frame.clientWidth)
    }
    if (event.pointerType === "mouse") event.preventDefault()
  }

  _move(event) {
    const before = this.pointers.get(event.pointerId)
    if (!before) return
    const now = pointIn(this.frame, event)
    if (this.mode === "divide") this.move((100 * now.x) / this.frame.clientWidth)
    if (this.mode === "pan") this.viewer.pan(now.x - before.x, now.y - before.y)
    if (this.mode === "pinch") pinch(this.viewer, this.pointers, event.pointerId, now)
    this.pointers.set(event.pointerId, now)
  }

  _up(event) {
    this.pointers.delete(event.pointerId)
    if (!this.pointers.size) this.mode = null
  }

  _wheel(event) {
    if (!event.ctrlKey && !event.metaKey) return // the page scrolls
    event.preventDefault()
    this.viewer.zoomBy(Math.exp(-event.deltaY / 300), pointIn(this.frame, event))
  }

  _key(event) {
    const step = event.shiftKey ? 10 : 2
    const pan = 60
    const { viewer } = this
    const actions = {
      ArrowLeft: () => this.move(this.at - step),
      ArrowRight: () => this.move(this.at + step),
      Home: () => this.move(0),
      End: () => this.move(100),
      ArrowUp: () => viewer.pan(0, pan),
      ArrowDown: () => viewer.pan(0, -pan),
      PageUp: () => viewer.pan(pan, 0),
      PageDown: () => viewer.pan(-pan, 0),
      "+": () => viewer.zoomBy(1.5),
      "=": () => viewer.zoomBy(1.5),
      "-": () => viewer.zoomBy(1 / 1.5),
      0: () => viewer.fit(),
      1: () => viewer.full(),
    }
    if (!actions[event.key] || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    actions[event.key]()
  }
}
