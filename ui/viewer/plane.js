// One picture in the frame: all of it at the size of the frame, and over it the visible part at its true pixels.

import { detail, shares } from "./fetching.js"

export class Plane {
  /**
   * @param {HTMLElement} element
   * @param {(what: object, rectangle: object | null, width: number) => string} addressOf
   * @param {() => void} onFailure
   */
  constructor(element, addressOf, onFailure) {
    this.element = element
    this.base = element.querySelector(".base")
    this.detail = element.querySelector(".detail")
    this.addressOf = addressOf
    this.onFailure = onFailure
    this.what = null
    this.isBusy = false
    this.width = 0
    this.turn = 0
  }

  /** Show another picture. Of several calls while one is loading, only the last one is answered. */
  show(what, width) {
    this.width = width
    this.what = what
    if (this.isBusy) {
      this.isOutdated = true
      return
    }
    const address = this.addressOf(what, null, width)
    if (this.base.dataset.address === address) this.refine()
    else this.#replace(address)
  }

  async #replace(address) {
    this.isBusy = true
    const image = await this.#load(address)
    this.isBusy = false
    if (image) {
      this.base.src = image.src
      this.base.dataset.address = address
    }
    if (this.isOutdated) {
      this.isOutdated = false
      this.show(this.what, this.width)
    } else this.refine()
  }

  place(place, size) {
    Object.assign(this.element.style, {
      left: `${place.x}px`,
      top: `${place.y}px`,
      width: `${size.width * place.scale}px`,
      height: `${size.height * place.scale}px`,
    })
  }

  /** Fetch the visible part, where the whole picture is coarser than the screen. */
  async refine(part = this.part) {
    this.part = part
    if (!part || !this.what) return
    this.turn += 1
    const { turn } = this
    const wanted = detail(part, this.width)
    if (!wanted) {
      this.detail.style.visibility = "hidden"
      return
    }
    const address = this.addressOf(this.what, wanted.rectangle, wanted.width)
    const image = await this.#load(address)
    if (!image || turn !== this.turn) return
    this.detail.src = image.src
    this.detail.dataset.address = address
    Object.assign(this.detail.style, { visibility: "visible", ...shares(wanted.rectangle, part.size) })
  }

  /** Return a decoded image, or null where it could not be loaded. */
  async #load(address) {
    const image = new Image()
    image.src = address
    try {
      await image.decode()
      return image
    } catch {
      this.onFailure()
      return null
    }
  }
}
