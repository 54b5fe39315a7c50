"""Judge painted drawings, whatever painted them: scores, tables, files and comparisons."""
