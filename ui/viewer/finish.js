// The live finish: the browser's own filters while a slider moves, exact pixels from the server when it is let go.

import { decimalText } from "./figures.js"

const KEYS_SETTLE_MS = 250

/** @typedef {{low: number, high: number, step: number, neutral: number}} Span */

/**
 * The attributes of the browser's filter that show a finish.
 * @param {{blur: number, sharpen: number}} finish
 * @param {number} radius of the unsharp mask, in pixels of the picture
 * @param {number} scale CSS pixels per pixel of the picture
 */
export function liveFilter({ blur, sharpen }, radius, scale) {
  return { blur: blur * scale, mask: radius * scale, k2: 1 + sharpen, k3: -sharpen }
}

/** The strength of every stage, in order, as an address says it; a stage without a slider has the neutral one. */
export function strengthsText(stages, strengths, neutral) {
  return stages.map((stage) => strengths[stage.name] ?? neutral).join(",")
}

export function percentText(value) {
  return `${Math.round(100 * value)} %`
}

export class Finish {
  constructor(form, filter, viewer) {
    this.form = form
    this.filter = filter
    this.viewer = viewer
    this.live = new Map() // name -> slider
    this.strengths = new Map() // name of a stage -> slider
    form.addEventListener("submit", (event) => event.preventDefault())
    form.addEventListener("reset", (event) => {
      event.preventDefault()
      for (const slider of this.#sliders()) slider.set(slider.neutral)
      this.#changed()
    })
  }

  /** Draw the sliders once, and their texts whenever the language changes. */
  build(data) {
    const { labels, stages } = data
    this.radius = data.radius
    this.form.querySelector("h3").textContent = labels.title
    this.form.querySelector("[type=reset]").textContent = labels.reset
    this.form.querySelector("summary").textContent = labels.strengths
    if (!this.live.size) this.#draw(data)
    for (const [name, slider] of this.live) slider.label(labels[name])
    for (const [name, slider] of this.strengths) slider.label(stages.find((stage) => stage.name === name).label)
  }

  /** How the sliders stand. */
  get value() {
    const read = (sliders) => Object.fromEntries([...sliders].map(([name, slider]) => [name, slider.value]))
    return { ...read(this.live), strengths: read(this.strengths) }
  }

  #draw({ sliders, stages, strength }) {
    for (const [name, span] of Object.entries(sliders)) {
      this.live.set(
        name,
        this.#slider(".live", name, span, decimalText, () => this.#preview()),
      )
    }
    for (const stage of stages.filter((each) => each.changed)) {
      const span = { ...strength, value: stage.strength }
      const slider = this.#slider(".strengths", stage.name, span, percentText, () => this.viewer.showResult())
      this.strengths.set(stage.name, slider)
    }
  }

  #slider(place, name, span, textOf, onInput) {
    const slider = new Slider(name, span, textOf)
    this.form.querySelector(place).append(slider.element)
    slider.input.addEventListener("input", onInput)
    slider.input.addEventListener("change", () => this.#changed(slider.isByKey ? KEYS_SETTLE_MS : 0))
    return slider
  }

  #sliders() {
    return [...this.live.values(), ...this.strengths.values()]
  }

  #changed(wait = 0) {
    this.viewer.send(this.value)
    clearTimeout(this.settling)
    this.settling = setTimeout(() => this.viewer.showResult(), wait)
  }

  #preview() {
    const { blur, mask, k2, k3 } = liveFilter(this.value, this.radius, this.viewer.view.place.scale)
    this.filter.querySelector(".blur").setAttribute("stdDeviation", blur)
    this.filter.querySelector(".mask").setAttribute("stdDeviation", mask)
    const mix = this.filter.querySelector(".sharpen")
    mix.setAttribute("k2", k2)
    mix.setAttribute("k3", k3)
    this.viewer.showPlain()
  }
}

class Slider {
  /**
   * @param {string} name
   * @param {Span & {value: number}} span
   * @param {(value: number) => string} textOf
   */
  constructor(name, { low, high, step, neutral, value }, textOf) {
    this.neutral = neutral
    this.textOf = textOf
    this.element = document.createElement("label")
    this.title = document.createElement("span")
    this.output = document.createElement("output")
    this.input = Object.assign(document.createElement("input"), { type: "range", min: low, max: high, step, name })
    this.element.append(this.title, this.output, this.input)
    this.set(value)
    this.input.addEventListener("input", () => this.#showValue())
    this.input.addEventListener("keydown", () => (this.isByKey = true))
    this.input.addEventListener("pointerdown", () => (this.isByKey = false))
  }

  get value() {
    return Number(this.input.value)
  }

  set(value) {
    this.input.value = value
    this.#showValue()
  }

  label(text) {
    this.title.textContent = text
    this.input.setAttribute("aria-label", text)
  }

  #showValue() {
    this.output.textContent = this.textOf(this.value)
  }
}
