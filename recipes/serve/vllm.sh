#!/usr/bin/env bash
# Serve a model for an evaluation, on every GPU that is there:
#
#   recipes/serve/vllm.sh Qwen/Qwen2.5-VL-7B-Instruct 8
#   unswayed evaluate recipes/study/qwen2.5-vl-7b.toml --out runs/qwen
#
# PORT (8000)                  where judges and served models are looked for if nothing is said; the
#                              rollouts of a training are elsewhere (rollouts.sh)
# --generation-config vllm     the request alone decides how it is sampled: a checkpoint's own
#                              generation_config.json (Qwen2.5-VL's has a repetition penalty) would
#                              otherwise fill in what the request leaves open
# --data-parallel-size N       N engines behind one address. Each has a prefix cache of its own and
#                              requests go to the one with the shortest queue, so that the variants
#                              of a picture may miss each other's: a shard and a server for each GPU
#                              (recipes/slurm/array.sh) keep them together
# --limit-mm-per-prompt        pictures a prompt; SAT and BLINK have up to four

set -euo pipefail

if (($# < 1)); then
  echo "usage: $0 MODEL [GPUS] [VLLM_OPTION...]" >&2
  exit 2
fi
model=$1
gpus=${2:-1}
shift $(($# < 2 ? $# : 2))

exec vllm serve "$model" --host 127.0.0.1 --port "${PORT:-8000}" \
  --data-parallel-size "$gpus" --generation-config vllm \
  --limit-mm-per-prompt '{"image": 4, "video": 0}' "$@"
