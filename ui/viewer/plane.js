// One picture in the frame: the whole of it at screen size, and over it the seen part at its true pixels.

class Plane {
  constructor(element, addressOf, onFailure) {
    this.element = element
    this.base = element.querySelector(".base")
    this.detail = element.querySelector(".detail")
    this.addressOf = addressOf // (what, rectangle or null, width wanted) -> address
    this.onFailure = onFailure
    this.what = null
    this.busy = false
    this.baseWidth = 0
    this.turn = 0
  }

  /** Show something else. Calls that come while one loads are answered by the last of them. */
  show(what, baseWidth) {
    this.baseWidth = baseWidth
    this.what = what
    if (this.busy) return void (this.again = true)
    const address = this.addressOf(what, null, baseWidth)
    if (this.base.dataset.address === address) return this.refine()
    this.busy = true
    this._load(address, (image) => {
      this.busy = false
      if (image) {
        this.base.src = image.src
        this.base.dataset.address = address
      }
      if (this.again) {
        this.again = false
        this.show(this.what, this.baseWidth)
      } else this.refine()
    })
  }

  place(place, size) {
    Object.assign(this.element.style, {
      left: `${place.x}px`,
      top: `${place.y}px`,
      width: `${size.width * place.scale}px`,
      height: `${size.height * place.scale}px`,
    })
  }

  /** Fetch the seen part, where the whole at screen size is coarser than what the screen can show. */
  refine(part = this.part) {
    this.part = part
    if (!part || !this.what) return
    const turn = ++this.turn
    if (part.wanted <= this.baseWidth * 1.01) {
      this.detail.style.visibility = "hidden"
      return
    }
    const { rectangle, size } = part
    const width = Math.ceil((rectangle.width * part.wanted) / size.width)
    const address = this.addressOf(this.what, rectangle, width)
    this._load(address, (image) => {
      if (!image || turn !== this.turn) return
      this.detail.src = image.src
      this.detail.dataset.address = address
      const share = (length, whole) => `${(100 * length) / whole}%`
      Object.assign(this.detail.style, {
        visibility: "visible",
        left: share(rectangle.x, size.width),
        top: share(rectangle.y, size.height),
        width: share(rectangle.width, size.width),
        height: share(rectangle.height, size.height),
      })
    })
  }

  _load(address, then) {
    const image = new Image()
    image.onload = () => image.decode().then(() => then(image), () => then(null))
    image.onerror = () => {
      this.onFailure()
      then(null)
    }
    image.src = address
  }
}
