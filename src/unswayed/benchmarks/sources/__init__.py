"""Where rows come from: files, folders, tables and the hub; pictures stay where they are."""
