// A strip of small pictures: the photograph, what each stage made of it, and the result.

/** Draw the strip; `choose` is called with a number of a picture, or "result". */
function buildStrip(element, data, addressOf, choose) {
  const kept = data.stages.map((stage, index) => ({ ...stage, layer: index + 1 })).filter((stage) => stage.changed)
  const entries = [
    { layer: 0, label: data.labels.photo },
    ...kept,
    { layer: "result", label: data.labels.result },
  ]
  element.setAttribute("aria-label", data.labels.strip)
  element.replaceChildren(
    ...entries.map(({ layer, label }) => {
      const button = Object.assign(document.createElement("button"), { type: "button" })
      const image = Object.assign(document.createElement("img"), { alt: "", loading: "lazy" })
      image.src = addressOf({ layer }, null, 224)
      const text = Object.assign(document.createElement("span"), { textContent: label, title: label })
      button.append(image, text)
      button.dataset.layer = layer
      button.addEventListener("click", () => choose(layer))
      return button
    }),
  )
}

/** Mark which picture of the strip is seen. */
function markStrip(element, layer) {
  for (const button of element.children) button.setAttribute("aria-pressed", button.dataset.layer === String(layer))
}
