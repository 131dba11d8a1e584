// Asks the server to make the file, then lets the browser fetch it from there: nothing waits in memory.

const latest = new WeakMap()
const pause = (ms) => new Promise((done) => setTimeout(done, ms))

/** Wait until what was typed or chosen just before the click has come back from the server as new data. */
async function settled() {
  await pause(250)
  for (let waited = 0; waited < 10_000; waited += 50) {
    if (document.querySelector(".stApp")?.dataset.testScriptState !== "running") return
    await pause(50)
  }
}

async function make(data) {
  const headers = { "Content-Type": "application/json" }
  const answer = await fetch(data.make, { method: "POST", headers, body: JSON.stringify(data.asked) })
  if (answer.ok) return answer.json()
  const said = await answer.text()
  throw new Error(said || answer.statusText)
}

function fetchFile(address) {
  const link = document.createElement("a")
  link.href = address
  link.download = ""
  link.click()
}

export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button")
  const label = button.querySelector("span")
  const status = parentElement.querySelector("p")
  latest.set(button, data)
  if (!button.disabled) label.textContent = data.label

  button.onclick = async () => {
    button.disabled = true
    label.textContent = `${data.preparing} …`
    status.textContent = ""
    try {
      await settled()
      const { files } = latest.get(button)
      const made = await make(latest.get(button))
      status.textContent = made.notices.join(" ")
      fetchFile(files + made.file.split("/").map(encodeURIComponent).join("/"))
    } catch (error) {
      status.textContent = `${data.failed} ${error.message}`
    } finally {
      button.disabled = false
      label.textContent = latest.get(button).label
    }
  }
}
