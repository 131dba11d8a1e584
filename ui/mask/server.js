// The mask editor's requests.

import { checked, poll } from "../parts/polling.js"

async function decoded(answer) {
  return createImageBitmap(await answer.blob(), { colorSpaceConversion: "none" })
}

export async function fetchImage(address) {
  return decoded(await checked(await fetch(address)))
}

/** Fetch a picture that the server may have to make first: it answers 202 until then. */
export async function awaitImage(element, address) {
  return poll(element, async () => {
    const answer = await checked(await fetch(address))
    if (answer.status === 202) return { wait: 1000 * Number(answer.headers.get("Retry-After") ?? 1) }
    return { value: await decoded(answer) }
  })
}

/** Sends the mask as it is; what changes meanwhile is sent after it, so that the last one stays. */
export class Saver {
  /**
   * @param {string} address
   * @param {() => Promise<Blob>} fileOf the mask as it is now
   * @param {(error: Error | null, isAll: boolean) => void} onSaved whether it failed, and whether all is sent
   */
  constructor(address, fileOf, onSaved) {
    this.address = address
    this.fileOf = fileOf
    this.onSaved = onSaved
    this.isPending = false
  }

  /** Send the mask after `wait` milliseconds, unless it changes again until then. */
  send(wait) {
    this.isPending = true
    clearTimeout(this.waiting)
    this.waiting = setTimeout(() => this.#send(), wait)
  }

  async #send() {
    this.isPending = false
    this.isStale = true
    if (this.isSending) return
    this.isSending = true
    let error = null
    while (this.isStale) {
      this.isStale = false
      error = await this.#put()
    }
    this.isSending = false
    this.onSaved(error, !this.isPending)
  }

  /** Return the error, or null where the mask has arrived. */
  async #put() {
    try {
      const headers = { "Content-Type": "image/png", "X-Studio": "1" }
      await checked(await fetch(this.address, { method: "PUT", headers, body: await this.fileOf() }))
      return null
    } catch (error) {
      return error
    }
  }
}
