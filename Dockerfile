# Evoke's web app.
#
#   docker build -t evoke .                                     CPU
#   docker build -t evoke-cuda --build-arg TORCH=cu130 .        NVIDIA GPU; run with --gpus all
#   docker run --rm -p 7860:7860 evoke
#
# Nothing is downloaded when the container starts: the weights are part of the repository.
ARG PYTHON=3.11-slim-bookworm

FROM python:${PYTHON} AS packages
SHELL ["/bin/bash", "-o", "pipefail", "-c"]
# "cpu", or a CUDA version that PyTorch builds for, such as "cu130".
ARG TORCH=cpu
ARG TORCH_INDEX=https://download.pytorch.org/whl
WORKDIR /build
COPY requirements.txt ./
RUN python -m venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH
RUN grep -E '^torch(vision)?==' requirements.txt > torch.txt \
    && pip install --no-cache-dir -r torch.txt --index-url "${TORCH_INDEX}/${TORCH}"
RUN pip install --no-cache-dir -r requirements.txt

FROM python:${PYTHON}
# OpenCV links them; versions are Debian's, as in the base image.
# hadolint ignore=DL3008
RUN apt-get update \
    && apt-get install -y --no-install-recommends libgl1 libglib2.0-0 \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --create-home --uid 1000 evoke
COPY --from=packages /opt/venv /opt/venv
ENV PATH=/opt/venv/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    HF_HUB_OFFLINE=1 \
    GRADIO_ANALYTICS_ENABLED=False \
    GRADIO_SERVER_NAME=0.0.0.0 \
    HOME=/home/evoke \
    XDG_CACHE_HOME=/home/evoke/.cache \
    MPLCONFIGDIR=/home/evoke/.cache/matplotlib \
    NUMBA_CACHE_DIR=/home/evoke/.cache/numba
WORKDIR /app
COPY --chown=1000:1000 . .
USER 1000:1000
# The first video fills the caches; if it fails, so does the build.
RUN python -m talkinghead weights verify \
    && python -m talkinghead.examples /tmp/first \
    && python -m talkinghead generate /tmp/first/portrait.jpg /tmp/first/speech.wav \
        -o /tmp/first/video.mp4 --size 256 \
    && rm -r /tmp/first
EXPOSE 7860
HEALTHCHECK --interval=30s --timeout=10s --start-period=60s --retries=3 \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:7860/health', timeout=8)"]
CMD ["python", "app.py"]
