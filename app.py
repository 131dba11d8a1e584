"""The studio in a browser: ``streamlit run app.py``."""

from ui import page

page.show()
