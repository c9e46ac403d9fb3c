"""Who answers: prompts, engines and runs. Start reading at `run.py`."""
