"""The experts' study: does the person's own word fit better, or the model's? Judged blind."""
