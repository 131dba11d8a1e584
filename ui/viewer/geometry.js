// Where a picture lies in its frame. Pure: lengths are CSS pixels, `scale` is CSS pixels for each pixel of the picture.

const MAX_ZOOM = 8 // device pixels for each pixel of the picture

/** The scale at which the whole picture is seen; a small one is not enlarged. */
function fitScale(size, frame) {
  return Math.min(frame.width / size.width, frame.height / size.height, 1)
}

/**
 * The same place, with no empty room beside a picture that is larger than the frame, and a small one in the middle.
 * It lies on whole pixels of the screen, so that true pixels stay true.
 */
function settled(place, size, frame) {
  const whole = (offset) => Math.round(offset * devicePixelRatio) / devicePixelRatio
  const keep = (offset, room, length) =>
    whole(length <= room ? (room - length) / 2 : Math.min(0, Math.max(room - length, offset)))
  return {
    scale: place.scale,
    x: keep(place.x, frame.width, size.width * place.scale),
    y: keep(place.y, frame.height, size.height * place.scale),
  }
}

/** The place after zooming to `scale` around a point of the frame, which stays where it is. */
function zoomed(place, scale, point) {
  const factor = scale / place.scale
  return { scale, x: point.x - (point.x - place.x) * factor, y: point.y - (point.y - place.y) * factor }
}

/** The rectangle of the picture that is seen, in whole pixels of the picture. */
function seen(place, size, frame) {
  const x = Math.max(0, Math.floor(-place.x / place.scale))
  const y = Math.max(0, Math.floor(-place.y / place.scale))
  const right = Math.min(size.width, Math.ceil((frame.width - place.x) / place.scale))
  const bottom = Math.min(size.height, Math.ceil((frame.height - place.y) / place.scale))
  return { x, y, width: Math.max(1, right - x), height: Math.max(1, bottom - y) }
}
