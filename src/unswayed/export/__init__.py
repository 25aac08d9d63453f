"""What people take away of a run, in the formats of other tools.

    exporting        the formats by name, and one export
    places           where an export goes: nothing of anyone else's is replaced, all or nothing
    cells            a row's cells as Parquet, CSV and JSON hold them; hostile text made harmless
    row_files        the rows as Parquet, CSV and JSON lines
    figures, tasks   the figures of a run, and its variants as tasks of other harnesses
    lm_eval          the results of lm-evaluation-harness
    inspect_logs     logs of Inspect, and in inspect_samples what they say of a generation
    model_index      a model-index block of the hub's model cards
    dataset          the perturbed benchmark as a data set, with dataset_card and sources
    pushing          that data set on its way to the hub

Nothing here calls a model.
"""
