#!/usr/bin/env bash
# Serve the policy of a training by TRL (grpo.vllm = "server"), on GPUs of its own:
#
#   CUDA_VISIBLE_DEVICES=4,5 recipes/serve/rollouts.sh Qwen/Qwen2.5-VL-7B-Instruct 2
#   CUDA_VISIBLE_DEVICES=0,1,2,3 accelerate launch … -m unswayed train my.toml --set grpo.vllm=server
#
# PORT (8100)                  not 8000, which is where a judge is looked for; the recipe's vllm.port
# HOST (127.0.0.1)             whoever reaches the server can change its weights: keep it to machines
#                              that you trust; the recipe's vllm.host
# VLLM_SERVER_DEV_MODE,        how TRL sends the weights after each step, as `trl vllm-serve` (which
# --weight-transfer-config     TRL deprecates) starts the server
# --enable-scale-out           how TRL sends pictures; of vLLM 0.30 and later
# --limit-mm-per-prompt        pictures a prompt; SAT has up to four
#
# No --generation-config here: TRL says how everything is sampled, and the end tokens of a checkpoint
# stand in its generation_config.json.

set -euo pipefail

if (($# < 1)); then
  echo "usage: $0 MODEL [GPUS] [VLLM_OPTION...]" >&2
  exit 2
fi
model=$1
gpus=${2:-1}
shift $(($# < 2 ? $# : 2))

export VLLM_SERVER_DEV_MODE=1
exec vllm serve "$model" --host "${HOST:-127.0.0.1}" --port "${PORT:-8100}" \
  --tensor-parallel-size "$gpus" --weight-transfer-config '{"backend": "nccl"}' \
  --logprobs-mode processed_logprobs --max-logprobs -1 --enable-scale-out \
  --limit-mm-per-prompt '{"image": 4, "video": 0}' "$@"
