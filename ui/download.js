// Asks the server to make the file, then lets the browser fetch it from there: nothing waits in memory.
export default function ({ data, parentElement }) {
  const button = parentElement.querySelector("button")
  const label = button.querySelector("span")
  const status = parentElement.querySelector("p")
  if (!button.disabled) label.textContent = data.label

  button.onclick = async () => {
    button.disabled = true
    label.textContent = `${data.preparing} …`
    status.textContent = ""
    try {
      const headers = { "Content-Type": "application/json" }
      const answer = await fetch(data.make, { method: "POST", headers, body: JSON.stringify(data.asked) })
      const made = await answer.json()
      if (made.error) throw new Error(made.error)
      status.textContent = made.notices.join(" ")
      const link = document.createElement("a")
      link.href = data.files + made.file.split("/").map(encodeURIComponent).join("/")
      link.click()
    } catch (error) {
      status.textContent = `${data.failed} ${error.message}`
    } finally {
      button.disabled = false
      label.textContent = data.label
    }
  }
}
