"""Training with GRPO: recipes, prompts, rewards, the two engines, and tracked checkpoints.

Nothing here loads torch or an engine before it is asked to train. One way through: `recipe` says
what to train on what, `data` and `augmentation` make the prompts, `reward` scores what the model
wrote with the same parser as in evaluation, `trl` or `verl` trains, and `track` evaluates the
checkpoints.
"""
