# The studio in a container; compose.yaml runs it.
FROM python:3.12-slim

# FULL=1 adds PyTorch, which official networks, model files of your own and CUDA cards need.
ARG FULL=""

# For FULL=1 on a CPU: the address of PyTorch's own index of CPU wheels. Its builds (2.15.0+cpu) rank above the same
# version with CUDA and keep the image small. Empty means pip's default.
ARG TORCH_INDEX=""

ENV PYTHONUNBUFFERED=1 \
    PIP_NO_CACHE_DIR=1 \
    PIP_DISABLE_PIP_VERSION_CHECK=1 \
    STREAMLIT_SERVER_HEADLESS=true \
    STREAMLIT_BROWSER_SERVER_ADDRESS=localhost \
    STUDIO_MODELS=/models \
    TMPDIR=/uploads

WORKDIR /studio

COPY requirements.txt requirements-full.txt constraints.txt ./
RUN pip install ${TORCH_INDEX:+--extra-index-url "$TORCH_INDEX"} \
    -r requirements$([ "$FULL" = 1 ] && echo -full).txt -c constraints.txt

COPY app.py ./
COPY .streamlit .streamlit
COPY examples/*.jpg examples/
COPY models models
COPY pipeline pipeline
COPY studio studio
COPY api api
COPY ui ui

RUN useradd --create-home studio && mkdir /models /uploads && chown studio /models /uploads
USER studio
VOLUME ["/models", "/uploads"]
EXPOSE 8501

HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
    CMD ["python", "-c", "import urllib.request; urllib.request.urlopen('http://127.0.0.1:8501/api/v1/ready', timeout=4)"]

CMD ["streamlit", "run", "app.py", "--server.port=8501", "--server.address=0.0.0.0"]
