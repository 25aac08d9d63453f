"""What people take away of a run, in the formats of other tools; no model is called.

exporting      the formats by name, and one export
places         where an export goes: nothing of anyone else's is replaced, all of it or nothing
cells          a row's cells as Parquet, CSV and JSON hold them; hostile text made harmless
row_files      the rows as Parquet, CSV and JSON lines
"""
