#!/usr/bin/env bash
# A sweep as a Slurm array: eight tasks, each with a share of the runs; no coordinator.
#   sbatch slurm_array.sh paper runs/paper
#SBATCH --job-name=express
#SBATCH --array=1-8
#SBATCH --gpus=1
#SBATCH --cpus-per-task=8
#SBATCH --time=12:00:00
#SBATCH --output=express-%A-%a.log
set -euo pipefail

sweep=${1:?the sweep: a YAML file, or the name of a recipe such as paper}
out=${2:?the folder of the runs, on a disk that all nodes see}

# The same command goes on where a run stopped, so a task that was ended may be submitted again.
# By --array=3, too: the number of shares stands here, and is the end of --array above.
srun --cpus-per-task "$SLURM_CPUS_PER_TASK" express sweep "$sweep" --out "$out" \
    --shard "${SLURM_ARRAY_TASK_ID}/8"
