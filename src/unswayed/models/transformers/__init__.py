"""Any `AutoModelForImageTextToText` checkpoint in this process."""
