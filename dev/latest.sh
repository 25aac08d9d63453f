#!/bin/sh
# Makes an environment with the newest release of every dependency: latest.sh FOLDER. For tests.
# torch alone is the pinned one: asked for in any other way, pip brings gigabytes of CUDA.
set -eu
folder=$1
root=$(dirname "$0")/..
pip="$folder/bin/python -m pip --disable-pip-version-check"
torch=$(grep '^torch==' "$root/constraints.txt")

test -x "$folder/bin/python" || "${PYTHON:-python3}" -m venv "$folder"
$pip install --quiet "$torch"
only_torch=$(mktemp)
trap 'rm -f "$only_torch"' EXIT
echo "$torch" > "$only_torch"
$pip install --quiet --upgrade --upgrade-strategy eager --constraint "$only_torch" \
    --editable "$root[all,dev]"
$pip list --format freeze | grep -iE '^(transformers|trl|datasets|pandas|numpy|pydantic|click|torch)='
