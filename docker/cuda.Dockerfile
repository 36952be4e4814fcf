# latentprint on an NVIDIA GPU: docker build --file docker/cuda.Dockerfile --tag latentprint:cuda .
#   docker run --rm --gpus all --volume "$PWD:/work" latentprint:cuda embed photos/ --out store
FROM python:3.13-slim
COPY . /source
# The wheels of torch bring the CUDA libraries that they need; the driver is the host's.
RUN pip install --no-cache-dir --constraint /source/constraints.txt \
        "/source[torch,open-clip,transformers]" \
    && rm -rf /source \
    && useradd --create-home user
USER user
WORKDIR /work
ENTRYPOINT ["latentprint"]
