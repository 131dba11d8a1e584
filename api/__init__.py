"""HTTP over `studio`: what the page fetches beside Streamlit's own messages, and the API for programs (`api.v1`).

Each application (`api.routes.application`, `api.v1.routes.application`) has the server's `studio.workshop.Workshop` as
``app.state.workshop``.
"""
