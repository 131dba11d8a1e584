// Colours at places on a photograph: points to set, move, recolour and remove; every change goes to the page's address.
// Streamlit calls the default function at first and after every change of data.

import { bindButtons, buttonOf, labelButtons } from "../viewer/controls.js"

const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
const STEP = 1 / 100
const DRAG = 4 // CSS pixels from which on a press moves a point
const editors = new WeakMap()

class Hints {
  constructor(root) {
    this.root = root
    this.points = []
    this.chosen = -1
    this.awaited = null // points that were sent, and have not come back yet
    this.isFresh = false // the chosen point was just set: the next colour is for the next point
    this.palette = root.querySelector(".palette")
    this.free = root.querySelector(".free input")
    this.free.addEventListener("input", () => this.#take(this.free.value))
    this.free.addEventListener("change", () => this.#recolours() && this.#send())
    root.querySelector("img").addEventListener("click", (event) => this.#add(this.#placeOf(event)))
    bindButtons(root, {
      add: () => this.#add([0.5, 0.5]),
      remove: () => this.#remove(),
      clear: () => this.#change([], -1),
    })
  }

  update(data, send) {
    this.data = data
    this.send = send
    const { labels } = data
    const image = this.root.querySelector("img")
    if (image.getAttribute("src") !== data.image) image.src = data.image
    image.alt = labels.alt
    this.root.querySelector(".toolbar").setAttribute("aria-label", labels.label)
    this.palette.setAttribute("aria-label", labels.palette)
    this.root.querySelector(".free span").textContent = labels.free
    this.root.querySelector(".help").textContent = labels.help
    labelButtons(this.root, labels)
    this.colour ??= data.palette[0].colour
    if (this.awaited === written(data.points)) this.awaited = null
    if (this.awaited === null && !this.pressed) this.points = data.points.map((point) => ({ ...point }))
    if (this.chosen >= this.points.length) this.chosen = -1
    this.#drawPalette()
    this.#draw()
  }

  #placeOf(event) {
    const box = this.root.querySelector("img").getBoundingClientRect()
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height]
  }

  #add([x, y]) {
    if (this.points.length >= this.data.most) return
    this.#change([...this.points, { x: within(x), y: within(y), colour: this.colour }], this.points.length)
    this.#focus()
    this.isFresh = true
  }

  #remove() {
    if (this.chosen < 0) return
    this.#change(this.points.toSpliced(this.chosen, 1), Math.min(this.chosen, this.points.length - 2))
    this.#focus()
  }

  #change(points, chosen) {
    this.points = points
    this.chosen = chosen
    this.#draw()
    this.#send()
  }

  /** Take a colour for the next point, and for the one that somebody chose to recolour. */
  #take(colour) {
    this.colour = colour
    if (this.#recolours()) this.points[this.chosen].colour = colour
    this.#drawPalette()
    this.#draw()
  }

  #recolours() {
    return this.chosen >= 0 && !this.isFresh
  }

  #choose(at) {
    this.chosen = at
    this.isFresh = false
    this.colour = this.points[at].colour
    this.#drawPalette()
    this.#draw()
  }

  #focus() {
    this.root.querySelector(".points").children[this.chosen]?.focus()
  }

  #drawPalette() {
    const { palette } = this.data
    if (this.palette.childElementCount !== palette.length)
      this.palette.replaceChildren(...palette.map(() => this.#swatch()))
    for (const [at, { colour, label }] of palette.entries()) {
      const button = this.palette.children[at]
      button.style.setProperty("--colour", colour)
      Object.assign(button, { title: label, ariaLabel: label })
      button.dataset.colour = colour
      button.setAttribute("aria-checked", colour === this.colour)
    }
    this.free.value = this.colour
  }

  #swatch() {
    const button = Object.assign(document.createElement("button"), { type: "button" })
    button.setAttribute("role", "radio")
    button.addEventListener("click", () => {
      this.#take(button.dataset.colour)
      if (this.#recolours()) this.#send()
    })
    return button
  }

  #draw() {
    const place = this.root.querySelector(".points")
    while (place.childElementCount > this.points.length) place.lastElementChild.remove()
    while (place.childElementCount < this.points.length) place.append(this.#point(place.childElementCount))
    for (const [at, { x, y, colour }] of this.points.entries()) {
      const button = place.children[at]
      Object.assign(button.style, { left: `${100 * x}%`, top: `${100 * y}%` })
      button.style.setProperty("--colour", colour)
      button.classList.toggle("chosen", at === this.chosen)
      button.ariaLabel = this.data.labels.point.replace("{number}", at + 1)
    }
    buttonOf(this.root, "add").disabled = this.points.length >= this.data.most
    buttonOf(this.root, "remove").disabled = this.chosen < 0
    buttonOf(this.root, "clear").disabled = !this.points.length
  }

  #point(at) {
    const button = Object.assign(document.createElement("button"), { type: "button" })
    button.addEventListener("focus", () => this.#choose(at))
    button.addEventListener("pointerdown", (event) => {
      if (event.button) return
      event.preventDefault() // else the browser drags the picture
      button.setPointerCapture(event.pointerId)
      this.pressed = { at, x: event.clientX, y: event.clientY, isMoved: false }
      button.focus()
      this.isFresh = false
    })
    button.addEventListener("pointermove", (event) => this.#drag(event))
    for (const name of ["pointerup", "pointercancel"]) button.addEventListener(name, () => this.#release())
    button.addEventListener("keydown", (event) => this.#press(at, event))
    return button
  }

  #drag(event) {
    const { pressed } = this
    if (!pressed) return
    if (Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) >= DRAG) pressed.isMoved = true
    if (pressed.isMoved) this.#move(pressed.at, this.#placeOf(event))
  }

  #release() {
    if (this.pressed?.isMoved) this.#send()
    this.pressed = null
  }

  #press(at, event) {
    const way = KEYS[event.key]
    if (event.key === "Delete" || event.key === "Backspace") this.#remove()
    else if (way) {
      const { x, y } = this.points[at]
      this.isFresh = false
      const step = event.shiftKey ? 5 * STEP : STEP
      this.#move(at, [x + way[0] * step, y + way[1] * step])
      this.#send()
    } else return
    event.preventDefault()
  }

  #move(at, [x, y]) {
    Object.assign(this.points[at], { x: within(x), y: within(y) })
    this.#draw()
  }

  #send() {
    this.awaited = written(this.points)
    this.send(this.awaited)
  }
}

function written(points) {
  return points.map(({ x, y, colour }) => `${x.toFixed(4)},${y.toFixed(4)},${colour}`).join(" ")
}

function within(share) {
  return Math.min(Math.max(share, 0), 1)
}

export default function show({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".hints")
  if (!editors.has(root)) editors.set(root, new Hints(root))
  editors.get(root).update(data, (text) => setTriggerValue("edit", text))
}
