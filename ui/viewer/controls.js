// Buttons of a toolbar: an element with `data-do` does the action of that name.

export function buttonOf(root, name) {
  return root.querySelector(`[data-do="${name}"]`)
}

/** @param {Record<string, (event: Event) => void>} actions by the name of the button */
export function bindButtons(root, actions) {
  for (const [name, action] of Object.entries(actions)) buttonOf(root, name).addEventListener("click", action)
}

/** Write the buttons' texts; a button that shows a sign has its text for screen readers and as a tooltip. */
export function labelButtons(root, labels) {
  for (const button of root.querySelectorAll("[data-do], [data-tool]")) {
    const text = labels[button.dataset.do ?? button.dataset.tool]
    if (button.classList.contains("text")) button.textContent = text
    else button.setAttribute("aria-label", text)
    button.title = text
  }
}
