// The live finish: the browser's own filters while a slider moves, exact pixels from the server when it is let go.

const MASK_RADIUS = 1.2 // of the unsharp mask in pipeline/finish.py
const KEYS_SETTLE_MS = 250

class Finish {
  constructor(form, filter, viewer) {
    this.form = form
    this.filter = filter
    this.viewer = viewer
    this.inputs = new Map()
    form.addEventListener("reset", (event) => {
      event.preventDefault()
      for (const [input, neutral] of this.inputs.values()) this._set(input, neutral)
      this.viewer.tell(this.value)
      this.viewer.showResult()
    })
    form.addEventListener("submit", (event) => event.preventDefault())
  }

  /** Draw the sliders. */
  build(data) {
    const { labels } = data
    this.form.querySelector("h3").textContent = labels.title
    this.form.querySelector("[type=reset]").textContent = labels.reset
    this.form.querySelector("summary").textContent = labels.strengths
    if (!this.inputs.size) {
      for (const [name, limits] of Object.entries(data.limits)) this._slider(".live", name, limits, data.finish[name], 0)
      for (const stage of data.stages.filter((each) => each.changed)) {
        const now = data.finish.strengths[stage.name] ?? 1
        this._slider(".strengths", `strength.${stage.name}`, [0, 1, 0.05], now, 1)
      }
    }
    for (const [name, [input]] of this.inputs) {
      const stage = data.stages.find((each) => `strength.${each.name}` === name)
      const title = stage ? stage.label : labels[name]
      input.previousElementSibling.previousElementSibling.textContent = title
      input.setAttribute("aria-label", title)
    }
  }

  /** What the sliders say. */
  get value() {
    const values = [...this.inputs].map(([name, [input]]) => [name, Number(input.value)])
    const live = values.filter(([name]) => !name.startsWith("strength."))
    const strengths = values.filter(([name]) => name.startsWith("strength."))
    return {
      ...Object.fromEntries(live),
      strengths: Object.fromEntries(strengths.map(([name, value]) => [name.slice("strength.".length), value])),
    }
  }

  _slider(place, name, [low, high, step], now, neutral) {
    const label = document.createElement("label")
    const title = document.createElement("span")
    const output = document.createElement("output")
    const input = Object.assign(document.createElement("input"), { type: "range", min: low, max: high, step, name })
    label.append(title, output, input)
    this.form.querySelector(place).append(label)
    this.inputs.set(name, [input, neutral])
    this._set(input, now)
    const isLive = place === ".live"
    input.addEventListener("input", () => {
      output.textContent = this._text(input)
      if (isLive) this._preview()
      else this.viewer.showResult()
    })
    input.addEventListener("change", () => {
      this.viewer.tell(this.value)
      clearTimeout(this.settling)
      this.settling = setTimeout(() => this.viewer.showResult(), this.byKey ? KEYS_SETTLE_MS : 0)
    })
    input.addEventListener("keydown", () => (this.byKey = true))
    input.addEventListener("pointerdown", () => (this.byKey = false))
  }

  _set(input, value) {
    input.value = value
    input.previousElementSibling.textContent = this._text(input)
  }

  _text(input) {
    return input.name.startsWith("strength.") ? `${Math.round(100 * input.value)} %` : Number(input.value).toFixed(2)
  }

  _preview() {
    const { blur, sharpen } = this.value
    const scale = this.viewer.place.scale
    this.filter.querySelector(".blur").setAttribute("stdDeviation", blur * scale)
    this.filter.querySelector(".mask").setAttribute("stdDeviation", MASK_RADIUS * scale)
    const mix = this.filter.querySelector(".sharpen")
    mix.setAttribute("k2", 1 + sharpen)
    mix.setAttribute("k3", -sharpen)
    this.viewer.showPlain()
  }
}
