"""Who answers: models, from options to scores. Start reading with `runs/run.py`."""
