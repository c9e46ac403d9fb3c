#!/usr/bin/env bash
# One run on two nodes with eight GPUs each, by torchrun.
#   sbatch slurm_two_nodes.sh --model org/name --dataset express --out runs/one
#SBATCH --job-name=express
#SBATCH --nodes=2
#SBATCH --ntasks-per-node=1
#SBATCH --gpus-per-node=8
#SBATCH --cpus-per-task=64
#SBATCH --time=04:00:00
#SBATCH --output=express-%j.log
set -euo pipefail

head=$(scontrol show hostnames "$SLURM_JOB_NODELIST" | head -n 1)
# A port of the job's own, so that two jobs on one node do not meet.
port=$((20000 + SLURM_JOB_ID % 20000))

srun --cpus-per-task "$SLURM_CPUS_PER_TASK" \
    torchrun --nnodes "$SLURM_JOB_NUM_NODES" --nproc-per-node 8 \
    --rdzv-id "$SLURM_JOB_ID" --rdzv-backend c10d --rdzv-endpoint "$head:$port" \
    -m express_runners.run "$@"
