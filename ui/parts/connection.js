// Tells when the server does not answer, and opens the page anew once another server answers.

const LOOK_MS = 500
const LOST_MS = 1500 // a shorter interruption passes unnoticed
const latest = new WeakMap() // data of each note, as Streamlit gave them last

/**
 * The address of the page without the photographs, which the server from before had.
 * @param {string} address
 * @param {boolean} hadAlbum whether there were any, so that the page says where they are
 */
export function addressAnew(address, hadAlbum) {
  const anew = new URL(address)
  for (const name of ["album", "picture"]) anew.searchParams.delete(name)
  if (hadAlbum) anew.searchParams.set("restarted", "1")
  return anew.href
}

/**
 * Open the page anew if the server is not the one that drew it first, else remember whether it had photographs.
 * It is opened once: a second answer would find neither photographs nor their address.
 */
function compare(server, hadAlbum) {
  const page = document.documentElement.dataset
  page.server ??= server
  if (page.server === server) page.hadAlbum = hadAlbum
  else if (!page.leaves) {
    page.leaves = true
    location.replace(addressAnew(location.href, hadAlbum || page.hadAlbum === "true"))
  }
}

async function ask(note) {
  const answer = await fetch("studio/server", { cache: "no-store" })
  if (answer.ok) compare(await answer.text(), latest.get(note).album)
}

/** Look every now and then whether Streamlit has lost its connection. */
function watch(note) {
  let lost = 0
  const timer = setInterval(() => {
    if (!note.isConnected) return clearInterval(timer)
    const isLost = document.querySelector(".stApp")?.dataset.testConnectionState !== "CONNECTED"
    if (lost && !isLost) ask(note).catch(() => {}) // it went again: the next time tells
    lost = isLost ? lost + LOOK_MS : 0
    note.hidden = lost < LOST_MS
  }, LOOK_MS)
}

export default function show({ data, parentElement }) {
  const note = parentElement.querySelector("p")
  if (!latest.has(note)) watch(note)
  latest.set(note, data)
  note.textContent = data.lost
  document.documentElement.lang = data.language
  compare(data.server, data.album)
}
