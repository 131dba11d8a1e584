// A strip of small pictures: the photograph, the picture after each stage, and the result.

const WIDTH = 224 // of a small picture, in pixels

/**
 * What the strip shows, in order; a stage that changed nothing is left out.
 * @param {{stages: object[], photo: number, result: string, labels: object}} data
 * @returns {{layer: number | string, label: string}[]}
 */
export function stripEntries({ stages, photo, result, labels }) {
  return [
    { layer: photo, label: labels.photo },
    ...stages.filter((stage) => stage.changed).map(({ layer, label }) => ({ layer, label })),
    { layer: result, label: labels.result },
  ]
}

/** Draw the strip; `choose` is called with the layer of the picture that was clicked. */
export function buildStrip(element, data, addressOf, choose) {
  element.setAttribute("aria-label", data.labels.strip)
  element.replaceChildren(
    ...stripEntries(data).map(({ layer, label }) => {
      const button = Object.assign(document.createElement("button"), { type: "button" })
      const image = Object.assign(document.createElement("img"), { alt: "", loading: "lazy" })
      image.src = addressOf({ layer }, null, WIDTH)
      const text = Object.assign(document.createElement("span"), { textContent: label, title: label })
      button.append(image, text)
      button.dataset.layer = layer
      button.addEventListener("click", () => choose(layer))
      return button
    }),
  )
}

/** Mark the picture of the strip that is shown. */
export function markStrip(element, layer) {
  for (const button of element.children) button.setAttribute("aria-pressed", button.dataset.layer === String(layer))
}
