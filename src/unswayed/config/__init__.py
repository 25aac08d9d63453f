"""Settings as files: TOML, options and `--set a.b=c` over it, and what is wrong with them."""
