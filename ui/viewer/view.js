// A picture that is panned and zoomed in its frame, computed without the DOM.

import { clamp, fitScale, settled, zoomed } from "./geometry.js"

export const ZOOM_STEP = 1.5 // of a button or a key
const MAX_ZOOM = 8 // device pixels per pixel of the picture

export class View {
  /**
   * @param {import("./geometry.js").Size} size of the picture
   * @param {number} largest scale to which a small picture is enlarged when it is fitted
   * @param {() => void} onMove called after each change of place
   */
  constructor(size, largest = 1, onMove = () => {}) {
    this.size = size
    this.largest = largest
    this.onMove = onMove
    this.frame = { width: 1, height: 1 }
    this.ratio = 1
    this.place = { scale: 1, x: 0, y: 0 }
    this.isFitted = true
  }

  /** Device pixels per pixel of the picture. */
  get zoom() {
    return this.place.scale * this.ratio
  }

  get percent() {
    return `${Math.round(100 * this.zoom)} %`
  }

  get middle() {
    return { x: this.frame.width / 2, y: this.frame.height / 2 }
  }

  /** Whether a part of the picture is outside the frame. */
  get isCropped() {
    const { width, height } = this.size
    const { scale } = this.place
    return width * scale > this.frame.width + 1 || height * scale > this.frame.height + 1
  }

  /** Take the frame's new size; a picture that was fitted stays fitted. */
  resize(frame, ratio) {
    this.frame = frame
    this.ratio = ratio
    this.#go({ ...this.place, scale: this.isFitted ? this.#least : this.place.scale })
  }

  pan(x, y) {
    this.#go({ ...this.place, x: this.place.x + x, y: this.place.y + y })
  }

  /** Zoom around a point of the frame, between the fitted picture and `MAX_ZOOM`. */
  zoomBy(factor, point = this.middle) {
    const scale = clamp(this.place.scale * factor, this.#least, Math.max(this.#least, MAX_ZOOM / this.ratio))
    this.isFitted = scale <= this.#least
    this.#go(zoomed(this.place, scale, point))
  }

  fit() {
    this.zoomBy(0)
  }

  /** One pixel of the picture on each pixel of the screen. */
  full(point = this.middle) {
    this.zoomBy(1 / this.zoom, point)
    this.isFitted = false // not even where that is the fitted picture: a resized frame does not change it
  }

  toggleFull(point) {
    if (this.isFitted) this.full(point)
    else this.fit()
  }

  get #least() {
    return fitScale(this.size, this.frame, this.largest)
  }

  #go(place) {
    this.place = settled(place, this.size, this.frame, this.ratio)
    this.onMove()
  }
}
