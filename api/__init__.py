"""HTTP over `studio`: what the page fetches beside Streamlit's own messages.

The application that serves `api.routes.ROUTES` has the server's `studio.workshop.Workshop` as ``app.state.workshop``.
"""
