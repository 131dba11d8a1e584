"""HTTP over `studio`: what the page fetches beside Streamlit's own messages.

The application of `api.routes.application` has the server's `studio.workshop.Workshop` as ``app.state.workshop``.
"""
