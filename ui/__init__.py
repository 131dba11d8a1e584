"""The studio's screen; the only room that knows Streamlit."""
