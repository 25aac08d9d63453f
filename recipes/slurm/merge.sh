#!/usr/bin/env bash
# Merge the shards of array.sh: merge.sh OUT N merges OUT-1 … OUT-N into OUT, and reports.
#
#SBATCH --job-name=unswayed-merge
#SBATCH --cpus-per-task=2
#SBATCH --mem=16G
#SBATCH --time=02:00:00

set -euo pipefail

if (($# != 2)); then
  echo "usage: $0 OUT N" >&2
  exit 2
fi
shards=()
for ((k = 1; k <= $2; k++)); do
  shards+=("$1-$k")
done
unswayed merge "$1" "${shards[@]}"
