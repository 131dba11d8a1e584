// Ask the server until something is ready.

/** @param {number} ms */
export function pause(ms) {
  return new Promise((done) => setTimeout(done, ms))
}

/**
 * Ask until the answer is ready.
 * @param {Element} element the component that asks; once it has left the page, nothing is asked any more
 * @param {() => Promise<{wait?: number, value?: any}>} ask `wait`: milliseconds until it is asked again
 * @returns {Promise<any>} the value of the first answer without `wait`
 * @throws {Error} what `ask` throws; or that the element has left the page
 */
export async function poll(element, ask) {
  for (;;) {
    const { wait, value } = await ask()
    if (wait === undefined) return value
    await pause(wait)
    if (!element.isConnected) throw new Error("The page was left.")
  }
}

/** Return an answer that is a success, else throw the sentence with which the server refused. */
export async function checked(answer) {
  if (answer.ok) return answer
  const sentence = await answer.text()
  throw new Error(sentence || answer.statusText)
}
