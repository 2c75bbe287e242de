"""What the commands show: one module per analysis, each of whose functions returns a `Result`."""
