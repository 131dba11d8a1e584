// A part of a photograph, before and after. A person moves its frame on the photograph by mouse, finger or keys; where it
// comes to rest is sent. Streamlit calls the default function at first and after every change of data.

const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
const SHARE = 1 / 5 // of the frame's side that a key moves it
const REST_MS = 400 // after the last key
const excerpts = new WeakMap()

/** Left and top of a frame around a point, within the photograph; all are shares. */
export function framed([x, y], [width, height]) {
  const inside = (middle, side) => Math.min(Math.max(middle - side / 2, 0), 1 - side)
  return [inside(x, width), inside(y, height)]
}

class Excerpt {
  constructor(root) {
    this.root = root
    this.sheet = root.querySelector(".sheet")
    this.box = root.querySelector(".box")
    this.stack = root.querySelector(".stack")
    this.sheet.addEventListener("pointerdown", (event) => this.#grab(event))
    this.sheet.addEventListener("pointermove", (event) => this.isHeld && this.#follow(event))
    for (const name of ["pointerup", "pointercancel"]) this.sheet.addEventListener(name, () => this.#release())
    this.box.addEventListener("keydown", (event) => this.#step(event))
    const range = root.querySelector("input")
    range.addEventListener("input", () => this.stack.style.setProperty("--at", `${range.value}%`))
  }

  update(data, send) {
    this.send = send
    const { image, labels, part, pictures, size } = data
    const photograph = this.sheet.querySelector("img")
    if (photograph.getAttribute("src") !== image) photograph.src = image
    photograph.alt = labels.alt
    this.box.ariaLabel = labels.move
    this.root.querySelector(".help").textContent = labels.help
    this.root.querySelector(".scroll").ariaLabel = labels.scroll
    this.root.querySelector("input").ariaLabel = labels.divider
    this.root.querySelector(".left").textContent = labels.before
    this.root.querySelector(".right").textContent = labels.after
    this.root.classList.toggle("waiting", !pictures)
    if (!pictures) return
    this.#show(pictures, size, labels)
    if (!this.isHeld && !this.resting) this.#place(part)
  }

  #show(pictures, [width, height], labels) {
    const tried = this.root.querySelector(".tried")
    const isFirst = tried.hidden
    tried.hidden = false
    Object.assign(this.stack.style, { width: `${width}px`, height: `${height}px` })
    for (const [side, source] of Object.entries(pictures)) {
      const image = this.stack.querySelector(`.${side}`)
      if (image.getAttribute("src") !== source) image.src = source
      image.alt = labels[side]
    }
    const scroll = this.root.querySelector(".scroll")
    if (isFirst) scroll.scrollTo((width - scroll.clientWidth) / 2, (height - scroll.clientHeight) / 2)
  }

  #place([left, top, width, height]) {
    this.part = [left, top, width, height]
    this.box.hidden = false
    const [x, y, w, h] = this.part.map((share) => `${100 * share}%`)
    Object.assign(this.box.style, { left: x, top: y, width: w, height: h })
  }

  get #middle() {
    const [left, top, width, height] = this.part
    return [left + width / 2, top + height / 2]
  }

  #move(middle) {
    const sides = this.part.slice(2)
    this.#place([...framed(middle, sides), ...sides])
  }

  #grab(event) {
    if (!this.part || event.button) return
    this.isHeld = true
    this.sheet.setPointerCapture(event.pointerId)
    this.#follow(event)
  }

  #follow(event) {
    const { left, top, width, height } = this.sheet.getBoundingClientRect()
    this.#move([(event.clientX - left) / width, (event.clientY - top) / height])
  }

  #release() {
    if (!this.isHeld) return
    this.isHeld = false
    this.send(this.#middle)
  }

  #step(event) {
    const step = STEPS[event.key]
    if (!step || !this.part) return
    event.preventDefault()
    const sides = this.part.slice(2)
    this.#move(this.#middle.map((share, at) => share + step[at] * SHARE * sides[at]))
    clearTimeout(this.resting)
    this.resting = setTimeout(() => {
      this.resting = null
      this.send(this.#middle)
    }, REST_MS)
  }
}

export default function show({ data, parentElement, setStateValue }) {
  const root = parentElement.querySelector(".excerpt")
  if (!excerpts.has(root)) excerpts.set(root, new Excerpt(root))
  excerpts.get(root).update(data, (middle) => setStateValue("centre", middle))
}
