// Figures as the language of the page writes them; `ui/parts/connection.js` names that language to the browser.

const TWO_PLACES = { minimumFractionDigits: 2, maximumFractionDigits: 2 }

export function decimalText(value) {
  return Number(value).toLocaleString(document.documentElement.lang || "en", TWO_PLACES)
}
