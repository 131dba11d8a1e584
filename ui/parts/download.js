// Requests a file, waits until the server has made it, and lets the browser download it: nothing is held in memory.

import { checked, pause, poll } from "./polling.js"

const FIRST_WAIT_MS = 300
const LONGEST_WAIT_MS = 1000
const LOOK_MS = 50
const QUIET_MS = 500 // a busy server takes as long to begin with a value
const LONGEST_UNREST_MS = 10_000
const latest = new WeakMap() // data of each button, as Streamlit gave them last
const working = new WeakSet() // buttons whose file is being made

/** Wait until a value that was typed or chosen just before the click has come back as new data: the page is at rest. */
async function settled() {
  let quiet = 0
  for (let waited = 0; waited < LONGEST_UNREST_MS && quiet < QUIET_MS; waited += LOOK_MS) {
    await pause(LOOK_MS)
    const isRunning = document.querySelector(".stApp")?.dataset.testScriptState === "running"
    quiet = isRunning ? 0 : quiet + LOOK_MS
  }
}

/**
 * What to do after an answer about a job: return its file and notices, ask again, or fail.
 * @param {{state: string, file: string, notices: string[], error: string}} job
 * @param {number} wait milliseconds until the next question
 */
export function nextStep(job, wait) {
  if (job.state === "done") return { value: job }
  if (job.state === "waiting" || job.state === "running") return { wait }
  throw new Error(job.error)
}

/** The address of a file, whose name may hold any character. */
export function fileAddress(files, name) {
  return files + name.split("/").map(encodeURIComponent).join("/")
}

async function made(button, { make, jobs, asked }) {
  const headers = { "Content-Type": "application/json", "X-Studio": "1" }
  const requested = await checked(await fetch(make, { method: "POST", headers, body: JSON.stringify(asked) }))
  const { job } = await requested.json()
  let wait = FIRST_WAIT_MS
  return poll(button, async () => {
    const answer = await checked(await fetch(jobs + encodeURIComponent(job)))
    wait = Math.min(LONGEST_WAIT_MS, wait * 1.5)
    return nextStep(await answer.json(), wait)
  })
}

function download(address) {
  Object.assign(document.createElement("a"), { href: address, download: "" }).click()
}

async function prepare(button, status) {
  status.textContent = ""
  try {
    await settled()
    const data = latest.get(button)
    const { file, notices } = await made(button, data)
    status.textContent = notices.join(" ")
    if (button.isConnected) download(fileAddress(data.files, file))
  } catch (error) {
    status.textContent = `${latest.get(button).failed} ${error.message}`
  }
}

/** Write the button's text; while a file is being made it keeps the focus, but does nothing. */
function draw(button) {
  const { label, preparing } = latest.get(button)
  const isWorking = working.has(button)
  button.querySelector("span").textContent = isWorking ? `${preparing} …` : label
  button.setAttribute("aria-disabled", isWorking)
}

export default function show({ data, parentElement }) {
  const button = parentElement.querySelector("button")
  latest.set(button, data)
  button.className = data.isSecond ? "second" : ""
  draw(button)
  button.onclick = async () => {
    if (working.has(button)) return
    working.add(button)
    draw(button)
    await prepare(button, parentElement.querySelector("p"))
    working.delete(button)
    draw(button)
  }
}
