# latentprint on the CPU, small: docker build --tag latentprint .
#   docker run --rm --volume "$PWD:/work" latentprint robustness vectors.npy --metadata table.csv …
# With the encoders of torch: docker build --build-arg EXTRAS='[torch]' --tag latentprint .
FROM python:3.13-slim
ARG EXTRAS=""
COPY . /source
# The wheels of torch for CPUs are a tenth of those for GPUs.
RUN pip install --no-cache-dir --extra-index-url https://download.pytorch.org/whl/cpu \
        --constraint /source/constraints.txt "/source${EXTRAS}" \
    && rm -rf /source \
    && useradd --create-home user
USER user
WORKDIR /work
ENTRYPOINT ["latentprint"]
