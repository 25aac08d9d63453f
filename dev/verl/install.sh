#!/bin/sh
# Makes an environment with verl and this package, for a CPU: install.sh FOLDER. For tests and trials.
# It has no rollout engine: tests/verl_cpu brings one that is transformers' own.
set -eu
folder=$1
here=$(dirname "$0")
python=$folder/bin/python
pip="$python -m pip --disable-pip-version-check"

test -x "$python" || "${PYTHON:-python3}" -m venv "$folder"
# torch first and by its exact pin: asked for in any other way, pip brings gigabytes of CUDA
$pip install --quiet "$(grep '^torch==' "$here/constraints.txt")"
$pip install --quiet --constraint "$here/constraints.txt" --editable "$here/../..[verl]" hypothesis pytest
# built for CUDA; the transforms that picture processors need are plain Python
$pip install --quiet --no-deps "$(grep '^torchvision==' "$here/constraints.txt")"

packages=$("$python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
cp "$here/../vllm-cpu/torchvision_ops.py" "$packages/torchvision_ops.py"
echo 'import torchvision_ops' > "$packages/torchvision_ops.pth"
