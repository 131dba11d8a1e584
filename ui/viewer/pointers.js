// Mice, pens and fingers over a frame.

/** Where a pointer is in a frame. */
function pointIn(frame, event) {
  const box = frame.getBoundingClientRect()
  return { x: event.clientX - box.left, y: event.clientY - box.top }
}

/** Pan and zoom a view as two fingers ask for, one of which has come to `now`. */
function pinch(view, pointers, id, now) {
  const before = pointers.get(id)
  const other = [...pointers].find(([key]) => key !== id)?.[1]
  if (!other) return
  const reach = (point) => Math.hypot(point.x - other.x, point.y - other.y) || 1
  const middle = (point) => ({ x: (point.x + other.x) / 2, y: (point.y + other.y) / 2 })
  view.pan(middle(now).x - middle(before).x, middle(now).y - middle(before).y)
  view.zoomBy(reach(now) / reach(before), middle(now))
}
