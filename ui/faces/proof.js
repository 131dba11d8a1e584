// Faces before and after, pixel by pixel; those that are larger than their place are moved together.
// Streamlit calls the default function at first and after every change of data.

const shown = new WeakMap()

function face(root, { number, verdict, figures, pictures, label }, names) {
  const row = root.querySelector("template").content.firstElementChild.cloneNode(true)
  row.classList.toggle("off", pictures.length === 1)
  row.querySelector(".badge").textContent = number
  row.querySelector("strong").textContent = verdict
  row.querySelector("small").textContent = figures
  const windows = pictures.map((address, at) => windowOn(address, `${label}: ${names[at]}`))
  row.querySelector(".pair").replaceChildren(...windows.map((each, at) => figure(each, names[at])))
  for (const each of windows) {
    each.addEventListener("scroll", () => {
      for (const other of windows) other.scrollTo(each.scrollLeft, each.scrollTop)
    })
  }
  return row
}

/** A picture at its own size, in a place that scrolls where it is larger, from its middle on. */
function windowOn(address, alt) {
  const element = document.createElement("div")
  element.className = "window"
  const image = Object.assign(new Image(), { loading: "lazy", alt })
  image.addEventListener("load", () => {
    const isLarger = image.width > element.clientWidth || image.height > element.clientHeight
    if (isLarger) Object.assign(element, { tabIndex: 0, role: "group", ariaLabel: alt })
    element.scrollTo((image.width - element.clientWidth) / 2, (image.height - element.clientHeight) / 2)
  })
  image.src = address
  element.append(image)
  return element
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
  const { before, after, label } = data.labels
  root.setAttribute("aria-label", label)
  root.querySelector("ol").replaceChildren(...data.faces.map((each) => face(root, each, [before, after])))
}
