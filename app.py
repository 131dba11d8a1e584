"""The studio in a browser: ``streamlit run app.py``."""

import streamlit as st

from api.routes import ROUTES

app = st.App("ui/main.py", routes=ROUTES)
