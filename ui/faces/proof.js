// Faces before and after, pixel by pixel. Those that are larger than their place are reduced until a person asks for all
// pixels; then the two are moved together. Streamlit calls the default function at first and after every change of data.

const shown = new WeakMap()

function face(root, { number, verdict, figures, pictures, label }, labels) {
  const row = root.querySelector("template").content.firstElementChild.cloneNode(true)
  const names = [labels.before, labels.after]
  row.classList.toggle("off", pictures.length === 1)
  row.querySelector(".badge").textContent = number
  row.querySelector("strong").textContent = verdict
  row.querySelector("small").textContent = figures
  const button = row.querySelector("button")
  Object.assign(button, { textContent: labels.full, ariaLabel: `${label}: ${labels.full}` })
  const windows = pictures.map((address, at) => windowOn(address, `${label}: ${names[at]}`, button))
  row.querySelector(".pair").replaceChildren(...windows.map((each, at) => figure(each, names[at])))
  button.addEventListener("click", () => toggleFull(row, button, windows))
  for (const each of windows) {
    each.addEventListener("scroll", () => {
      for (const other of windows) other.scrollTo(each.scrollLeft, each.scrollTop)
    })
  }
  return row
}

/** A picture in a place of its own, which shows the button where it had to be reduced. */
function windowOn(address, alt, button) {
  const element = document.createElement("div")
  element.className = "window"
  const image = Object.assign(new Image(), { loading: "lazy", alt })
  image.addEventListener("load", () => {
    if (image.width < image.naturalWidth) button.hidden = false
  })
  image.src = address
  element.append(image)
  return element
}

/** Show all pixels, from the middle of the face on, or the whole face. */
function toggleFull(row, button, windows) {
  const isFull = row.classList.toggle("full")
  button.setAttribute("aria-pressed", isFull)
  for (const element of windows) {
    const image = element.firstElementChild
    if (isFull) Object.assign(element, { tabIndex: 0, role: "group", ariaLabel: image.alt })
    else for (const name of ["tabindex", "role", "aria-label"]) element.removeAttribute(name)
    element.scrollTo((image.width - element.clientWidth) / 2, (image.height - element.clientHeight) / 2)
  }
}

function figure(content, name) {
  const element = document.createElement("figure")
  const caption = document.createElement("figcaption")
  caption.textContent = name
  element.append(content, caption)
  return element
}

export default function show({ data, parentElement }) {
  const root = parentElement.querySelector(".proof")
  const key = JSON.stringify(data)
  if (shown.get(root) === key) return
  shown.set(root, key)
  const { labels } = data
  root.setAttribute("aria-label", labels.label)
  root.querySelector("ol").replaceChildren(...data.faces.map((each) => face(root, each, labels)))
}
