#!/usr/bin/env bash
# One training by verl on the machines of a Slurm job: a Ray on each of them, then `unswayed train`.
#
#   sbatch --nodes 4 recipes/slurm/verl.sh recipes/study/train/faithful.toml /shared/runs/faithful
#
# Options behind the two are handed on (--seeds 1,2). A job that is requeued goes on where it
# stopped. The folder has to be on a file system that all machines see.
#
#SBATCH --job-name=unswayed-verl
#SBATCH --nodes=1
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=64
#SBATCH --mem=0
#SBATCH --time=2-00:00:00
#SBATCH --requeue
#SBATCH --output=%x-%j.log

set -euo pipefail

if (($# < 2)); then
  echo "usage: sbatch --nodes N $0 RECIPE OUT [OPTION...]" >&2
  exit 2
fi
recipe=$1
out=$2
shift 2

nodes=${SLURM_JOB_NUM_NODES:?start it with sbatch}
gpus=${SLURM_GPUS_ON_NODE:-8}
cpus=${SLURM_CPUS_PER_TASK:-64}
mapfile -t hosts < <(scontrol show hostnames "$SLURM_JOB_NODELIST")
port=$((20000 + SLURM_JOB_ID % 20000))
head="${hosts[0]}:${port}"

# One Ray a machine, in the foreground of a job step: it ends with the job.
on() {
  srun --nodes=1 --ntasks=1 --nodelist="$1" --gpus-per-node="$gpus" --cpus-per-task="$cpus" \
    --overlap ray start --block --num-gpus "$gpus" --num-cpus "$cpus" "${@:2}" &
}
on "${hosts[0]}" --head --port "$port"
for host in "${hosts[@]:1}"; do
  on "$host" --address "$head"
done
trap 'kill $(jobs -p) 2>/dev/null || true; wait || true' EXIT

# `ray status` lists a machine a line, as " 1 node_…".
until (($(ray status --address "$head" 2>/dev/null | grep -c ' node_') >= nodes)); do
  kill -0 "$(jobs -p | head -1)" || { echo "Ray ended before it was up" >&2; exit 1; }
  sleep 5
done

unswayed train "$recipe" --engine verl --address "$head" --out "$out" \
  --set "verl.nodes=${nodes}" --set "verl.gpus_per_node=${gpus}" "$@"
