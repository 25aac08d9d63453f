"""The study: claims on trial, from a job list over shared folders to verdicts.

A study is a folder. `plan` says what is trained and asked, `jobs` in which order, `journal` what
became of each job, `work` does them; `summary` keeps what a report needs of each training.
"""
