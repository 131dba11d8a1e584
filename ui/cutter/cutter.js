// Outlines over a scan, with corners to drag; the press of a button sends them. Streamlit calls the default function at
// first and after every change of data.

import { moved, proportioned, resized, straightened, turned, whole } from "./shapes.js"

const SVG = "http://www.w3.org/2000/svg"
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }
const STEP = 1 / 500
const NEW_SIDE = 0.3 // of the picture, of an outline that is added
const PLACES = 4 // where outlines are added, along the diagonal
const cutters = new WeakMap()

class Cutter {
  constructor(root, data) {
    this.root = root
    this.outlines = data.outlines
    this.chosen = 0
    this.sheet = root.querySelector(".sheet")
    root.querySelector("img").src = data.image
    for (const each of root.querySelectorAll("[data-do]")) {
      const name = each.matches("input, select") ? "input" : "click"
      each.addEventListener(name, () => this.#act(each.dataset.do, each))
    }
    this.sheet.querySelector("svg").addEventListener("pointerdown", (event) => {
      if (event.target.matches("polygon")) this.#choose(Number(event.target.dataset.index))
    })
  }

  update(data, send) {
    this.data = data
    this.send = send
    const { labels } = data
    for (const each of this.root.querySelectorAll("button[data-do]")) {
      const label = labels[each.dataset.do]
      if (each.matches(".text")) each.textContent = label
      else Object.assign(each, { title: label, ariaLabel: label })
    }
    for (const each of this.root.querySelectorAll(".field")) {
      each.querySelector("span").textContent = labels[each.querySelector("[data-do]").dataset.do]
    }
    const select = this.root.querySelector("select")
    select.replaceChildren(...data.proportions.map(({ label, value }) => new Option(label, value)))
    this.root.querySelector(".help").textContent = labels.help
    this.#draw()
  }

  get #size() {
    const [width, height] = this.data.size
    return { width, height }
  }

  #act(what, element) {
    const now = this.outlines[this.chosen]
    if (what === "cut") this.send(this.outlines)
    else if (what === "left" || what === "right") this.#change(turned(now, what === "right" ? 1 : -1))
    else if (what === "straighten") this.#straighten(Number(element.value))
    else if (what === "proportion")
      this.#change(element.value ? proportioned(now, Number(element.value), this.#size) : now)
    else if (what === "add") this.#add()
    else if (what === "remove") this.#remove()
  }

  #choose(index) {
    this.chosen = index
    this.#level()
    this.#draw()
  }

  /** Begin to straighten from how the outline is now. */
  #level() {
    this.base = null
    this.root.querySelector("input[type=range]").value = 0
    this.root.querySelector("output").textContent = "0°"
  }

  #straighten(degrees) {
    this.root.querySelector("output").textContent = `${degrees}°`
    this.base ??= this.outlines[this.chosen]
    this.outlines[this.chosen] = straightened(this.base, degrees, this.#size)
    this.#draw()
  }

  #change(corners) {
    this.outlines[this.chosen] = corners
    this.#choose(this.chosen)
  }

  /** Add an outline beside the last one that was added; the one around the whole picture gives way to it. */
  #add() {
    this.added = (this.added ?? 0) + 1
    const place = ((this.added - 1) % PLACES) / PLACES
    const outline = whole().map((corner) => corner.map((share) => 0.05 + place * 0.9 + share * NEW_SIDE))
    const others = this.outlines.filter((corners) => JSON.stringify(corners) !== JSON.stringify(whole()))
    this.outlines = [...others, outline.map((corner) => corner.map((share) => Math.min(share, 1)))]
    this.#choose(this.outlines.length - 1)
  }

  #remove() {
    this.outlines.splice(this.chosen, 1)
    if (!this.outlines.length) this.outlines.push(whole())
    this.#choose(Math.max(this.chosen - 1, 0))
  }

  #draw() {
    const { labels } = this.data
    this.sheet.querySelector("svg").replaceChildren(...this.#shapes())
    const handles = this.sheet.querySelector(".handles")
    const corners = this.outlines[this.chosen]
    if (handles.childElementCount !== corners.length)
      handles.replaceChildren(...corners.map((_, at) => this.#handle(at)))
    for (const [at, handle] of [...handles.children].entries()) {
      const [x, y] = corners[at]
      Object.assign(handle.style, { left: `${100 * x}%`, top: `${100 * y}%` })
      handle.ariaLabel = labels.corner.replace("{number}", at + 1)
    }
    const count = this.outlines.length
    this.root.querySelector(".cut").textContent = count === 1 ? labels.cut : this.#several(count)
  }

  /** The text for several outlines, in the plural form that their number has in the language of the page. */
  #several(count) {
    const { several, language } = this.data
    const form = new Intl.PluralRules(language).select(count)
    return (several[form] ?? several.other).replace("{count}", count)
  }

  #shapes() {
    const mask = made("mask", { id: "outside", maskContentUnits: "objectBoundingBox" })
    mask.append(made("rect", { width: 1, height: 1, fill: "#fff" }))
    for (const corners of this.outlines)
      mask.append(made("polygon", { points: pointsOf(corners), fill: "#000", class: "hole" }))
    const shade = made("rect", { width: 1, height: 1, class: "shade", mask: "url(#outside)" })
    const outlines = this.outlines.map((corners, index) =>
      made("polygon", {
        points: pointsOf(corners),
        class: index === this.chosen ? "chosen" : "",
        "data-index": index,
      }),
    )
    const tops = this.outlines.map(([[x1, y1], [x2, y2]]) => made("line", { x1, y1, x2, y2 }))
    return [mask, shade, ...outlines, ...tops]
  }

  #handle(at) {
    const handle = document.createElement("button")
    handle.type = "button"
    handle.addEventListener("pointerdown", (event) => handle.setPointerCapture(event.pointerId))
    handle.addEventListener("pointermove", (event) => {
      if (!handle.hasPointerCapture(event.pointerId)) return
      const box = this.sheet.getBoundingClientRect()
      this.#move(at, [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height])
    })
    handle.addEventListener("keydown", (event) => {
      const way = KEYS[event.key]
      if (!way) return
      event.preventDefault()
      const step = event.shiftKey ? 10 * STEP : STEP
      const [x, y] = this.outlines[this.chosen][at]
      this.#move(at, [x + way[0] * step, y + way[1] * step])
    })
    return handle
  }

  #move(at, place) {
    const now = this.outlines[this.chosen]
    const isFree = this.root.querySelector("input[type=checkbox]").checked
    const proportion = Number(this.root.querySelector("select").value)
    this.outlines[this.chosen] = isFree ? moved(now, at, place) : resized(now, at, place, this.#size, proportion)
    this.#level()
    this.#draw()
  }
}

function pointsOf(corners) {
  return corners.map((corner) => corner.join(",")).join(" ")
}

function made(name, attributes) {
  const element = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  return element
}

export default function show({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".cutter")
  if (!cutters.has(root)) cutters.set(root, new Cutter(root, data))
  cutters.get(root).update(data, (outlines) => setTriggerValue("cut", outlines))
}
