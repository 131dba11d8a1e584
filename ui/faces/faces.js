// Faces outlined on a photograph, with a switch and a strength for each; every change goes to the page's address.
// Streamlit calls the default function at first and after every change of data.

import { drawOvals } from "./ovals.js"

const AROUND = 1.35 // times a face's longer side: the side of its small picture
const lists = new WeakMap()

class Faces {
  constructor(root) {
    this.root = root
    this.list = root.querySelector("ol")
    this.all = root.querySelector(".all")
    this.isWhole = false
    this.before = new Map() // strengths of faces that are off, for when they are on again
    this.#bind(
      this.all,
      (strength) => this.#setAll(strength),
      (isOn) => this.#switchAll(isOn),
    )
    root.querySelector(".reset").addEventListener("click", () => this.#reset())
    root.querySelector(".more").addEventListener("click", () => this.#showAll())
    root.querySelector("img").addEventListener("load", () => this.#draw())
  }

  update(data, send) {
    this.data = data
    this.send = send
    this.strength = data.strength.value
    this.faces = data.faces.map((face) => ({ ...face }))
    const image = this.root.querySelector("img")
    if (image.getAttribute("src") !== data.image) image.src = data.image
    image.alt = data.labels.alt
    this.root.setAttribute("aria-label", data.labels.label)
    this.root.querySelector(".reset").textContent = data.labels.reset
    this.#build()
    this.#draw()
  }

  /** The faces in the list: all, or the largest, in reading order. */
  get #listed() {
    const { most } = this.data
    if (this.isWhole || this.faces.length <= most) return this.faces
    const area = ({ box }) => box[2] * box[3]
    const largest = new Set([...this.faces].sort((a, b) => area(b) - area(a)).slice(0, most))
    return this.faces.filter((face) => largest.has(face))
  }

  #build() {
    const { labels } = this.data
    const rows = this.#listed.map((face) => this.#row(face))
    const key = JSON.stringify([
      labels,
      rows.length,
      this.faces.map(({ number, box, reason }) => [number, box, reason]),
    ])
    if (key === this.key) return
    this.key = key
    this.list.replaceChildren(...rows)
    const more = this.root.querySelector(".more")
    more.hidden = rows.length === this.faces.length
    more.textContent = labels.more
    this.#label(this.all, labels.all, labels["strength.all"])
  }

  #row({ number, reason }) {
    const { labels } = this.data
    const row = this.root.querySelector("template").content.firstElementChild.cloneNode(true)
    row.dataset.number = number
    row.querySelector(".badge").textContent = number
    row.querySelector(".reason").textContent = reason
    const filled = (label) => label.replace("{number}", number)
    this.#label(row, filled(labels.face), filled(labels.strength))
    this.#bind(
      row,
      (strength) => this.#set(number, strength),
      (isOn) => this.#set(number, isOn ? (this.before.get(number) ?? null) : 0),
    )
    for (const [event, isNear] of Object.entries({
      pointerenter: true,
      pointerleave: false,
      focusin: true,
      focusout: false,
    }))
      row.addEventListener(event, () => this.#oval(number)?.classList.toggle("near", isNear))
    return row
  }

  #label(row, name, strength) {
    const { low, high, step } = this.data.strength
    row.querySelector(".name").textContent = name
    Object.assign(row.querySelector("[type=range]"), { min: Math.max(low, step), max: high, step, ariaLabel: strength })
  }

  /** Show a strength while it is dragged; send it once it is let go. */
  #bind(row, setStrength, setSwitch) {
    const range = row.querySelector("[type=range]")
    range.addEventListener("input", () => {
      setStrength(Number(range.value))
      this.#draw()
    })
    range.addEventListener("change", () => this.#send())
    row.querySelector("[type=checkbox]").addEventListener("change", (event) => {
      setSwitch(event.target.checked)
      this.#draw()
      this.#send()
    })
  }

  #set(number, strength) {
    const face = this.faces.find((each) => each.number === number)
    if (strength === 0) this.before.set(number, face.strength)
    face.strength = strength
  }

  /** Give all faces one strength, but those that are off. */
  #setAll(strength) {
    this.strength = strength
    for (const face of this.faces) if (face.strength !== 0) face.strength = null
  }

  #switchAll(isOn) {
    for (const { number } of this.faces) this.#set(number, isOn ? (this.before.get(number) ?? null) : 0)
  }

  #reset() {
    this.strength = this.data.strength.neutral
    for (const face of this.faces) face.strength = null
    this.#draw()
    this.#send()
  }

  #showAll() {
    const before = new Set(this.#listed)
    this.isWhole = true
    this.#build()
    this.#draw()
    const added = this.#listed.findIndex((face) => !before.has(face))
    this.list.children[added]?.querySelector("[type=checkbox]").focus()
  }

  #draw() {
    for (const face of this.#listed) this.#drawRow(face)
    const isChanged =
      this.strength !== this.data.strength.neutral || this.faces.some(({ strength }) => strength !== null)
    const states = this.faces.map((face) => face.strength !== 0)
    this.#value(this.all, states.some(Boolean), this.strength)
    this.all.querySelector("[type=checkbox]").indeterminate = states.some(Boolean) && !states.every(Boolean)
    this.all.hidden = states.length < 2 && !isChanged
    this.root.querySelector(".reset").hidden = !isChanged
    const near = this.root.querySelector(".near")?.dataset.number
    drawOvals(
      this.root.querySelector(".ovals"),
      this.faces.map((face) => ({ ...face, isOff: Boolean(face.reason) || face.strength === 0 })),
    )
    if (near) this.#oval(near)?.classList.add("near")
  }

  #drawRow({ number, box, strength, reason }) {
    const row = this.list.querySelector(`[data-number="${number}"]`)
    this.#value(row, strength !== 0, strength || this.before.get(number) || this.strength)
    row.classList.toggle("left", Boolean(reason) && strength !== 0)
    row.classList.toggle("off", Boolean(reason) || strength === 0)
    this.#crop(row.querySelector(".crop"), box)
  }

  #value(row, isOn, strength) {
    row.querySelector("[type=checkbox]").checked = isOn
    const range = row.querySelector("[type=range]")
    range.value = strength
    range.disabled = !isOn
    row.querySelector("output").textContent = `${Math.round(100 * strength)} %`
  }

  /** Show a face in a small square, out of the photograph that is on the page anyway. */
  #crop(square, [left, top, width, height]) {
    const image = this.root.querySelector("img")
    const { naturalWidth: w, naturalHeight: h } = image
    if (!w) return
    const side = Math.min(AROUND * Math.max(width * w, height * h), w, h)
    const at = (middle, whole) => Math.min(Math.max(middle * whole - side / 2, 0), whole - side)
    const part = (place, whole) => (whole > side ? (100 * place) / (whole - side) : 0)
    const [x, y] = [at(left + width / 2, w), at(top + height / 2, h)]
    Object.assign(square.style, {
      backgroundImage: `url("${image.src}")`,
      backgroundSize: `${(100 * w) / side}% ${(100 * h) / side}%`,
      backgroundPosition: `${part(x, w)}% ${part(y, h)}%`,
    })
  }

  #oval(number) {
    return this.root.querySelector(`.oval[data-number="${number}"]`)
  }

  #send() {
    const own = this.faces.filter(({ strength }) => strength !== null)
    const strengths = own.map(({ box: [left, top, width, height], strength }) =>
      [left + width / 2, top + height / 2, strength].map((each) => each.toFixed(4)).join(","),
    )
    this.send({ strength: this.strength, strengths: strengths.join(" ") })
  }
}

export default function show({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".faces")
  if (!lists.has(root)) lists.set(root, new Faces(root))
  lists.get(root).update(data, (edit) => setTriggerValue("edit", edit))
}
