// Ovals around faces, with their numbers, over a picture of any size.

const MARGIN = 0.12 // of the box, on each side: a box ends at the brows and the chin
const HIGHEST = 0.08 // share of the picture: above it a number would be cut off

/**
 * @param {HTMLElement} place over the picture
 * @param {{number: number, box: number[], isOff: boolean}[]} faces boxes as shares of the picture
 */
export function drawOvals(place, faces) {
  place.replaceChildren(
    ...faces.map(({ number, box: [left, top, width, height], isOff }) => {
      const oval = document.createElement("span")
      oval.className = "oval"
      oval.classList.toggle("off", isOff)
      oval.classList.toggle("low", top < HIGHEST)
      oval.dataset.number = number
      const sides = { left: left - MARGIN * width, top: top - 2 * MARGIN * height }
      const size = { width: (1 + 2 * MARGIN) * width, height: (1 + 3 * MARGIN) * height }
      for (const [side, share] of Object.entries({ ...sides, ...size })) oval.style[side] = `${100 * share}%`
      const badge = document.createElement("b")
      badge.textContent = number
      oval.append(badge)
      return oval
    }),
  )
}
