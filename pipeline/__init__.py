"""What happens to a picture: read, plan, run, write; knows neither Streamlit nor the modules of torch."""
