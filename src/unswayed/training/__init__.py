"""Training with GRPO: recipes, prompts, rewards, and what a run of them is made of.

Nothing here loads torch or an engine before it is asked to train. One way through: `recipe` says
what to train on what, `data` and `augmentation` make the prompts, `rewards` scores what the model
wrote, read by the same parser as in evaluation.
"""
