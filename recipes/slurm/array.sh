#!/usr/bin/env bash
# One evaluation as a Slurm array: every task serves the model on a GPU of its own and runs a shard.
#
#   sbatch --array=1-8 recipes/slurm/array.sh recipes/study/qwen2.5-vl-7b.toml runs/qwen
#   sbatch --dependency=afterok:JOBID recipes/slurm/merge.sh runs/qwen 8
#
# A task that is stopped or requeued goes on where it stopped. A server for each task, and not one
# for all, keeps the variants of a picture in one prefix cache.
#
#SBATCH --job-name=unswayed
#SBATCH --gpus-per-task=1
#SBATCH --cpus-per-task=8
#SBATCH --mem=64G
#SBATCH --time=12:00:00
#SBATCH --requeue
#SBATCH --output=%x-%A-%a.log

set -euo pipefail

if (($# < 2)); then
  echo "usage: sbatch --array=1-N $0 RECIPE OUT [VLLM_OPTION...]" >&2
  exit 2
fi
recipe=$1
out=$2
shift 2

task=${SLURM_ARRAY_TASK_ID:?start it with sbatch --array=1-N}
count=${SLURM_ARRAY_TASK_MAX:?start it with sbatch --array=1-N}
port=$((20000 + (${SLURM_ARRAY_JOB_ID:-0} + task) % 20000))
url="http://127.0.0.1:${port}/v1"
spec=$(python3 -c 'import sys; from pathlib import Path; from unswayed.config import toml
print(toml.read(Path(sys.argv[1]))["model"])' "$recipe")
model=${spec%%,*}
model=${model#vllm:}

# The flags that every served recipe needs; see recipes/serve/vllm.sh.
vllm serve "$model" --host 127.0.0.1 --port "$port" \
  --generation-config vllm --limit-mm-per-prompt '{"image": 4, "video": 0}' "$@" &
server=$!
trap 'kill "$server" 2>/dev/null || true; wait "$server" || true' EXIT

until curl --silent --fail "http://127.0.0.1:${port}/health" >/dev/null; do
  kill -0 "$server" || { echo "the server ended before it was up" >&2; exit 1; }
  sleep 5
done

unswayed evaluate "$recipe" --no-report --shard "${task}/${count}" --out "${out}-${task}" \
  --model "${spec},base_url=${url}"
