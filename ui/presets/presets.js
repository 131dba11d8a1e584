// A person's own presets, kept in this browser alone: a name each, and settings as the command line takes them.
// Streamlit calls the default function at first and after every change of data.

const PLACE = "restoration-studio.presets"
const MOST = 50
const lists = new WeakMap()

/** The presets that a text holds; none where it is no list of them. */
export function presetsOf(text) {
  try {
    const found = JSON.parse(text ?? "[]")
    const isPreset = (each) => typeof each?.name === "string" && typeof each?.settings === "string"
    return Array.isArray(found) ? found.filter(isPreset) : []
  } catch {
    return []
  }
}

/** Presets with one more, which takes the place of another of its name; the oldest go where there are too many. */
export function withPreset(presets, preset) {
  return [...presets.filter(({ name }) => name !== preset.name), preset].slice(-MOST)
}

/** Let the browser download settings. */
function saveFile(name, settings) {
  const address = URL.createObjectURL(new Blob([settings], { type: "application/json" }))
  Object.assign(document.createElement("a"), { href: address, download: name }).click()
  setTimeout(() => URL.revokeObjectURL(address), 60_000)
}

class Presets {
  constructor(root) {
    this.root = root
    this.form = root.querySelector("form")
    this.status = root.querySelector(".status")
    const chooser = root.querySelector("input[type=file]")
    this.form.addEventListener("submit", (event) => this.#save(event))
    root.querySelector(".open").addEventListener("click", () => chooser.click())
    root.querySelector(".toolbar .file").addEventListener("click", () => saveFile("settings.json", this.data.settings))
    chooser.addEventListener("change", () => this.#open(chooser))
  }

  update(data, send) {
    this.data = data
    this.send = send
    const { labels } = data
    const field = this.form.querySelector("input")
    Object.assign(field, { placeholder: labels.name, ariaLabel: labels.name })
    this.form.querySelector("button").textContent = labels.save
    this.root.querySelector(".open").textContent = labels.open
    this.root.querySelector(".toolbar .file").textContent = labels.file
    this.#draw()
  }

  get #kept() {
    try {
      return presetsOf(localStorage.getItem(PLACE))
    } catch {
      return [] // the browser keeps nothing
    }
  }

  #keep(presets) {
    try {
      localStorage.setItem(PLACE, JSON.stringify(presets))
      this.status.textContent = ""
    } catch {
      this.status.textContent = this.data.labels.unkept
    }
    this.#draw()
  }

  #save(event) {
    event.preventDefault()
    const field = this.form.querySelector("input")
    const name = field.value.trim()
    if (!name) return
    this.#keep(withPreset(this.#kept, { name, settings: this.data.settings }))
    field.value = ""
  }

  async #open(chooser) {
    const [file] = chooser.files
    if (file) this.send(await file.slice(0, this.data.longest).text())
    chooser.value = ""
  }

  #draw() {
    const kept = this.#kept
    const drawn = JSON.stringify([kept, this.data.settings, this.data.labels])
    if (drawn === this.drawn) return // new rows would take the focus away
    this.drawn = drawn
    this.root.querySelector("ul").replaceChildren(...kept.map((preset) => this.#row(preset)))
    this.root.querySelector(".none").textContent = kept.length ? "" : this.data.labels.none
  }

  #row({ name, settings }) {
    const { labels } = this.data
    const row = this.root.querySelector("template").content.firstElementChild.cloneNode(true)
    const pick = row.querySelector(".pick")
    const isActive = settings === this.data.settings
    pick.textContent = isActive ? `✓ ${name}` : name
    pick.setAttribute("aria-pressed", isActive)
    pick.addEventListener("click", () => this.send(settings))
    const act = (selector, label, action) => {
      const button = row.querySelector(selector)
      const said = label.replace("{name}", name)
      Object.assign(button, { ariaLabel: said, title: said })
      button.addEventListener("click", action)
    }
    act(".file", labels["file.of"], () => saveFile(`${name}_settings.json`, settings))
    act(".delete", labels.delete, () => this.#keep(this.#kept.filter((other) => other.name !== name)))
    return row
  }
}

export default function show({ data, parentElement, setTriggerValue }) {
  const root = parentElement.querySelector(".presets")
  if (!lists.has(root)) lists.set(root, new Presets(root))
  lists.get(root).update(data, (settings) => setTriggerValue("picked", settings))
}
